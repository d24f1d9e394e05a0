import { DescribeTableCommand, type DynamoDBClient, type StreamViewType } from '@aws-sdk/client-dynamodb'
import { ConfigurationError } from '../errors.ts'
import { classifyAwsError } from '../internal/aws-error.ts'

/** The part of the SDK's client that is used: anything that takes its commands will do. */
export type TableSender = Pick<DynamoDBClient, 'send'>

/** The stream that a table has, or had last. */
export interface TableStream {
  readonly streamArn: string
  readonly streamLabel: string
  /** What its records hold; absent once it is disabled. */
  readonly viewType: StreamViewType | undefined
  /** Whether changes go to it. A stream that was disabled can be read for another 24 hours. */
  readonly enabled: boolean
}

/**
 * The table's latest stream, enabled or not; `undefined` when it never had one. A table that does not exist is a
 * `ConfigurationError`; what else goes wrong is thrown as the client throws it.
 */
export async function latestStreamArn(dynamodb: TableSender, tableName: string): Promise<TableStream | undefined> {
  const { LatestStreamArn, LatestStreamLabel, StreamSpecification } = await describeTable(dynamodb, tableName)
  if (LatestStreamArn === undefined) return undefined
  return {
    streamArn: LatestStreamArn,
    streamLabel: LatestStreamLabel ?? LatestStreamArn.slice(LatestStreamArn.indexOf('/stream/') + '/stream/'.length),
    viewType: StreamSpecification?.StreamViewType,
    enabled: StreamSpecification?.StreamEnabled === true,
  }
}

/** The table's stream, for who can't start without; a `ConfigurationError` when none is enabled. */
export async function enabledStream(dynamodb: TableSender, tableName: string): Promise<TableStream> {
  const stream = await latestStreamArn(dynamodb, tableName)
  if (stream?.enabled === true) return stream
  throw new ConfigurationError(
    `table '${tableName}' has no stream enabled, so there is nothing to consume: enable one with UpdateTable, ` +
      `StreamSpecification { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }`,
  )
}

async function describeTable(dynamodb: TableSender, tableName: string) {
  try {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }))
    return Table ?? {}
  } catch (error) {
    if (classifyAwsError(error) !== 'resource-not-found') throw error
    throw new ConfigurationError(
      `there is no table '${tableName}' in this account and region: check tableName and the region of the client`,
      { cause: error },
    )
  }
}
