import { DescribeTableCommand, type TableDescription } from '@aws-sdk/client-dynamodb'
import { ConfigurationError } from '../../errors.ts'
import { classifyAwsError } from '../../internal/aws-error.ts'
import { createTidemarkTable } from '../../ledger/dynamodb-table.ts'
import type { Connection } from '../aws/dynamodb-connection.ts'
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
  for (const tableName of tableNames) checkStream(connection, await existingTable(connection, tableName), tableName)
  if (createTable) return createTidemarkTable({ client: connection.dynamodb, tableName: coordinationTableName })
  if ((await describe(connection, coordinationTableName)) !== undefined) return
  throw new ConfigurationError(
    `there is no table '${coordinationTableName}' in ${connection.place}, which is to hold leases and checkpoints. Create it with\n\n` +
      `    ${commandLine} --create-table\n\nor name one of yours with --coordination-table (keys pk and sk, both strings)`,
  )
}

async function existingTable(connection: Connection, tableName: string): Promise<TableDescription> {
  const table = await describe(connection, tableName)
  if (table !== undefined) return table
  throw new ConfigurationError(
    `there is no table '${tableName}' in ${connection.place}: check --table, --region and --profile, ` +
      'or add --embedded to try the consumer on a DynamoDB in this process',
  )
}

function checkStream({ place }: Connection, { StreamSpecification }: TableDescription, tableName: string): void {
  if (StreamSpecification?.StreamEnabled === true) return
  throw new ConfigurationError(
    `table '${tableName}' in ${place} has no stream, so there is nothing to consume. Enable it with\n\n` +
      `    aws dynamodb update-table --table-name ${tableName} ` +
      '--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES',
  )
}

/** `undefined` when there is no such table. */
async function describe({ dynamodb, place }: Connection, tableName: string): Promise<TableDescription | undefined> {
  try {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }))
    return Table
  } catch (error) {
    const kind = classifyAwsError(error)
    if (kind === 'resource-not-found') return undefined
    const { message } = error as Error
    if (kind === 'network')
      throw new ConfigurationError(`no DynamoDB answers in ${place}: ${message}`, { cause: error })
    throw new ConfigurationError(`table '${tableName}' in ${place} could not be looked at: ${message}`, {
      cause: error,
    })
  }
}
