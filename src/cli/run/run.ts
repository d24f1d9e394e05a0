import { systemClock } from '../../internal/system.ts'
import type { Connection } from '../aws/dynamodb-connection.ts'
import { withSdk } from '../aws/sdk-missing.ts'
import type { EmbeddedConnection } from './dynamodb-embedded.ts'
import { loadConsumers } from './load-consumers.ts'
import { jsonPrinter, type Printer, textPrinter } from './printer.ts'
import type { RunOptions } from './run-options.ts'

/** Runs the consumers of a module until a signal asks to stop; resolves with the exit code. */
export async function run(options: RunOptions, commandLine: string): Promise<number> {
  const write = (line: string) => console.log(line)
  const printer = options.json ? jsonPrinter(systemClock, write) : textPrinter(systemClock, write)
  const connection = await open(options)
  try {
    // Behind the connection, which says to the module's own clients, by the environment, where DynamoDB is.
    const consumers = await loadConsumers(options.modulePath)
    const { prepareTables } = await import('./dynamodb-prepare-tables.ts')
    await prepareTables(connection, options, commandLine)
    if ('endpoint' in connection) tellOfEmbedded(connection, options, printer)
    const { work } = await import('./dynamodb-work.ts')
    return await work(consumers, connection, options, printer)
  } finally {
    await connection.close()
  }
}

async function open(options: RunOptions): Promise<Connection | EmbeddedConnection> {
  if (options.embedded === undefined) {
    const { connect } = await withSdk(import('../aws/dynamodb-connection.ts'))
    return connect(options.aws)
  }
  const { startEmbedded } = await withSdk(import('./dynamodb-embedded.ts'))
  return startEmbedded(options.embedded, options)
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
