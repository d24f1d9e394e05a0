import { DescribeTableCommand, type TableDescription } from '@aws-sdk/client-dynamodb'
import { ConfigurationError } from '../../errors.ts'
import { classifyAwsError } from '../../internal/aws-error.ts'
import type { Connection } from './dynamodb-connection.ts'

/** A table whose changes can be read. */
export interface StreamTable {
  readonly streamArn: string
  readonly streamLabel: string
  readonly table: TableDescription
}

/** Looks at the table whose changes are meant. @throws ConfigurationError that says what to type when it has no stream. */
export async function tableWithStream(connection: Connection, tableName: string): Promise<StreamTable> {
  const table = await existingTable(connection, tableName)
  const { StreamSpecification, LatestStreamArn: streamArn = '', LatestStreamLabel: streamLabel = '' } = table
  if (StreamSpecification?.StreamEnabled === true) return { streamArn, streamLabel, table }
  throw new ConfigurationError(
    `table '${tableName}' in ${connection.place} has no stream, so there is nothing to consume. Enable it with\n\n` +
      `    aws dynamodb update-table --table-name ${tableName} ` +
      '--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES',
  )
}

/** Looks at a table. @throws ConfigurationError when it is not there; `hint` says what else could be done. */
export async function existingTable(connection: Connection, tableName: string, hint = ''): Promise<TableDescription> {
  const table = await describeTable(connection, tableName)
  if (table !== undefined) return table
  throw new ConfigurationError(
    `there is no table '${tableName}' in ${connection.place}: check its name, --region and --profile${hint}`,
  )
}

/** Looks at the table of leases and checkpoints. @throws ConfigurationError that says what to type when it is not there. */
export async function existingCoordinationTable(connection: Connection, tableName: string): Promise<void> {
  if ((await describeTable(connection, tableName)) !== undefined) return
  throw new ConfigurationError(
    `there is no table '${tableName}' in ${connection.place}, which holds leases and checkpoints: name yours with ` +
      `--coordination-table, or create it with "tidemark init --table-name ${tableName}"`,
  )
}

/** `undefined` when there is no such table. */
export async function describeTable(
  { dynamodb }: Connection,
  tableName: string,
): Promise<TableDescription | undefined> {
  try {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }))
    return Table
  } catch (error) {
    if (classifyAwsError(error) === 'resource-not-found') return undefined
    throw error
  }
}
