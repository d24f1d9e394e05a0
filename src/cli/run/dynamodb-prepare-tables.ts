import { ConfigurationError } from '../../errors.ts'
import { createTidemarkTable } from '../../ledger/dynamodb/table.ts'
import type { Connection } from '../aws/dynamodb-connection.ts'
import { describeTable, existingTable, tableWithStream } from '../aws/dynamodb-tables.ts'
import type { RunOptions } from './run-options.ts'

/**
 * Looks at every table before anything is started, so that what is missing is said at once and with what to type.
 * Creates the coordination table when that was asked for.
 */
export async function prepareTables(
  connection: Connection,
  { tableNames, coordinationTableName, createTable }: RunOptions,
  commandLine: string,
): Promise<void> {
  const hint = ', or add --embedded to try the consumer on a DynamoDB in this process'
  for (const tableName of tableNames) {
    await existingTable(connection, tableName, hint)
    await tableWithStream(connection, tableName)
  }
  if (createTable) return createTidemarkTable({ client: connection.dynamodb, tableName: coordinationTableName })
  if ((await describeTable(connection, coordinationTableName)) !== undefined) return
  throw new ConfigurationError(
    `there is no table '${coordinationTableName}' in ${connection.place}, which is to hold leases and checkpoints. Create it with\n\n` +
      `    ${commandLine} --create-table\n\nor name one of yours with --coordination-table (keys pk and sk, both strings)`,
  )
}
