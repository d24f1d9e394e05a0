import type { Plugin } from 'esbuild'

const commands = [
  ...['BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem', 'Query', 'Scan'],
  ...['TransactGetItems', 'TransactWriteItems', 'CreateTable', 'DescribeTable', 'UpdateTable', 'DeleteTable'],
  ...['DescribeTimeToLive', 'UpdateTimeToLive', 'DescribeStream', 'GetShardIterator', 'GetRecords', 'ListStreams'],
]

// A command that is missing here fails the build: nothing of that name is exported.
const contents = commands
  .map((name) => `export class ${name}Command { constructor(input) { this.input = input } }`)
  .join('\n')

/**
 * The SDK's commands without the SDK: a name and an input is all of them that reaches the network, and building the
 * middleware of each, which nothing here ever runs, was a tenth of a simulation's time.
 */
export const sdkCommands: Plugin = {
  name: 'sdk-commands',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/client-dynamodb(-streams)?$/ }, ({ path }) => ({ path, namespace: 'sdk-commands' }))
    onLoad({ filter: /.*/, namespace: 'sdk-commands' }, () => ({ contents, loader: 'js' }))
  },
}
