import { awsOptions, coordinationTable } from '../aws/aws-options.ts'
import { command, type Command } from '../command.ts'
import { anyText, durationMs, nameOfTable, oneOf, shortName, wholeNumber } from '../option-values.ts'
import { flag, grouped, many, required, value } from '../options.ts'
import { readRunOptions } from './run-options.ts'

const moduleArgument = {
  module: required('module', 'The file that exports what createConsumer returned, one or several', anyText),
}

const options = {
  ...grouped('What to run', {
    table: many('NAME', 'A table with a stream; may be repeated', nameOfTable),
    start: required(
      'WHERE',
      'trim-horizon: the oldest change there is; latest: from now on. Counts when the consumer first meets the table; then its checkpoint does',
      oneOf('trim-horizon', 'latest'),
      'trim-horizon',
    ),
    onGap: required(
      'WHAT',
      'When changes were lost before they could be read: halt that shard, or continue behind them',
      oneOf('halt', 'continue'),
      'halt',
    ),
    workerName: value('NAME', 'How this process is called among the others (host name and process id)', shortName),
    leaseDuration: value(
      'TIME',
      'How long a process may be silent before others take its shards (10s)',
      durationMs(1_000, 300_000),
    ),
    json: flag('One JSON object a line'),
  }),
  ...grouped('Where leases and checkpoints are; the ledger’s table will do', {
    coordinationTable,
    createTable: flag('Create it when it is missing'),
  }),
  ...awsOptions,
  ...grouped('Or a DynamoDB in this process, for development', {
    embedded: flag('Start it, and create the tables that are missing'),
    port: value('N', 'The port at which other programs find it (a free one)', wholeNumber(0, 65_535)),
    persist: value('FILE', 'Keep its state in a file (memory only)', anyText),
    seed: value('N', 'Put N sample items into each table', wholeNumber(0, 100_000)),
  }),
}

/** `tidemark run`. */
export const runCommand: Command = command({
  name: 'run',
  summary: 'Runs a consumer as a worker',
  description:
    "Reads the table's stream, checkpoints, and shares the shards with every other process that runs the same. " +
    'Start it as often as you like, anywhere; stop it with Ctrl+C.',
  arguments: moduleArgument,
  options,
  notes: `Try it, nothing else is needed; then on AWS, for the first time:

  tidemark run ./consumer.ts --table orders --embedded --seed 100
  tidemark run ./consumer.ts --table orders --create-table

A module in TypeScript needs Node.js 22.18 or newer, or tsx (npm i -D tsx).`,
  async run(typed, line) {
    const options = readRunOptions(typed)
    const { run } = await import('./run.ts')
    return run(options, line)
  },
})
