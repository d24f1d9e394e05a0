import { ConfigurationError } from '../../errors.ts'
import { systemClock } from '../../internal/system.ts'
import { type Command, say } from '../command.ts'
import type { Connection } from './dynamodb-connection.ts'
import type { EmbeddedConnection } from './dynamodb-embedded.ts'
import { loadConsumers } from './load-consumers.ts'
import { jsonPrinter, type Printer, textPrinter } from './printer.ts'
import { runHelp, runUsage } from './run-help.ts'
import { readRunOptions, type RunOptions } from './run-options.ts'

/** `tidemark run`. */
export const runCommand: Command = {
  summary: 'Runs a consumer as a worker: tidemark run ./consumer.ts --table orders',
  usage: runUsage,
  async run(args) {
    const options = readRunOptions(args)
    return options === undefined ? say(runHelp) : run(options, ['npx tidemark run', ...args.map(quoted)].join(' '))
  },
}

async function run(options: RunOptions, commandLine: string): Promise<number> {
  const write = (line: string) => console.log(line)
  const printer = options.json ? jsonPrinter(systemClock, write) : textPrinter(systemClock, write)
  const connection = await open(options)
  try {
    // Behind the connection, which says to the module's own clients, by the environment, where DynamoDB is.
    const consumers = await loadConsumers(options.modulePath)
    const { prepareTables } = await import('./dynamodb-tables.ts')
    await prepareTables(connection, options, commandLine)
    if ('endpoint' in connection) tellOfEmbedded(connection, options, printer)
    const { work } = await import('./dynamodb-work.ts')
    return await work(consumers, connection, options, printer)
  } finally {
    await connection.close()
    exitSoon()
  }
}

/** The user's module may have left something open (a pool, a timer) that would keep the process alive for ever. */
function exitSoon(): void {
  setTimeout(() => process.exit(), 1_000).unref()
}

async function open(options: RunOptions): Promise<Connection | EmbeddedConnection> {
  try {
    if (options.embedded === undefined) {
      const { connect } = await import('./dynamodb-connection.ts')
      return await connect(options.aws)
    }
    const { startEmbedded } = await import('./dynamodb-embedded.ts')
    return await startEmbedded(options.embedded, options)
  } catch (error) {
    throw sdkMissing(error) ?? error
  }
}

function tellOfEmbedded(
  { endpoint, region }: EmbeddedConnection,
  { tableNames, embedded, json }: RunOptions,
  { print }: Printer,
): void {
  const persistTo = embedded?.persistTo
  const kept = persistTo === undefined ? 'in memory only' : `kept in ${persistTo}`
  print('embedded', `DynamoDB at ${endpoint}, region ${region}, ${kept}`, { endpoint, region, tableNames, persistTo })
  if (json) return
  console.log(`
    Put items from another terminal, with the AWS CLI or anything else (endpoint ${endpoint}, any credentials):

    AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb put-item --region ${region} \\
      --endpoint-url ${endpoint} --table-name ${tableNames[0] ?? ''} --item '{"id": {"S": "1"}, "total": {"N": "42"}}'
`)
}

function sdkMissing(error: unknown): ConfigurationError | undefined {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes('@aws-sdk/')) return undefined
  const install = 'npm i @aws-sdk/client-dynamodb @aws-sdk/client-dynamodb-streams'
  return new ConfigurationError(`run needs the AWS SDK's clients: ${install}`, { cause: error })
}

/** As a shell takes it. */
function quoted(argument: string): string {
  return /^[\w./:=@,+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}
