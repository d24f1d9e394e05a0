import {
  type AttributeValue,
  CreateTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'

export const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000'
export const streamLabel = '2026-01-01T00:00:00.000'
/** KinesisMapperUtil.java:166-190. */
export const streamIdentifier = '123456789012:eu-central-1$123456789012$orders$2026-01-01T00_00_00.000:1'

/** Shard ids as the service makes them. */
export const shard = (name: string) => `shardId-00000001767225600000-${name.padEnd(8, '0')}`

type Row = Record<string, AttributeValue>

/** KCL's table as KCL makes it: DynamoDBLeaseSerializer.java:432-451, and the index of DynamoDBLeaseRefresher.java:379-392. */
export async function createKclTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
      AttributeDefinitions: [
        { AttributeName: 'leaseKey', AttributeType: 'S' },
        { AttributeName: 'leaseOwner', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'LeaseOwnerToLeaseKeyIndex',
          KeySchema: [
            { AttributeName: 'leaseOwner', KeyType: 'HASH' },
            { AttributeName: 'leaseKey', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  )
}

/** A lease's life in KCL, as far as it shows in its row. */
export interface KclRowFacts {
  readonly shardId: string
  readonly parent?: string
  readonly children?: readonly string[]
  readonly checkpoint: string
  readonly owner?: string
  readonly counter?: number
  readonly multi?: boolean
  readonly extra?: Row
}

/**
 * The item that KCL 3.5.1 has after creating the lease (toDynamoRecord, DynamoDBLeaseSerializer.java:68-131, with the lease
 * of DynamoDBStreamsShardSyncer.java:295-318), assigning and renewing it (getDynamoTakeLeaseUpdate, 268-297) and
 * checkpointing it (getDynamoUpdateLeaseUpdate, 342-404). Of several streams: DynamoDBMultiStreamLeaseSerializer.java:37-43
 * and MultiStreamLease.java:55-59.
 */
export function kclRow({ shardId, parent, children, checkpoint, owner, counter = 41, multi, extra }: KclRowFacts): Row {
  return {
    leaseKey: { S: multi === true ? `${streamIdentifier}:${shardId}` : shardId },
    leaseCounter: { N: String(counter) },
    ...(owner === undefined ? {} : { leaseOwner: { S: owner } }),
    ownerSwitchesSinceCheckpoint: { N: '0' },
    checkpoint: { S: checkpoint },
    checkpointSubSequenceNumber: { N: '0' },
    ...(parent === undefined ? {} : { parentShardId: { SS: [parent] } }),
    ...(children === undefined ? {} : { childShardIds: { SS: [...children] } }),
    startingHashKey: { S: '0' },
    endingHashKey: { S: '1' },
    ...(owner === undefined ? {} : { throughputKBps: { N: '12.345678' } }),
    entityType: { S: 'LEASE' },
    ...(multi === true ? { streamName: { S: streamIdentifier }, shardId: { S: shardId } } : {}),
    ...extra,
  }
}

/** What KCL 3.5 keeps beside leases in the same table: LeaderLock.java:38, WorkerMetricStats.java:52-61. */
export const otherEntities: readonly Row[] = [
  {
    leaseKey: { S: 'Leader' },
    ownerName: { S: 'worker-1' },
    leaseDuration: { S: '120000' },
    recordVersionNumber: { S: 'd9c0a9c0-7d1c-4b4c-9f0e-0d5f8d1c6a11' },
    entityType: { S: 'LEADER' },
  },
  {
    leaseKey: { S: 'worker-1' },
    lut: { N: '1767225600' },
    sts: { M: { C: { L: [{ N: '12.5' }] } } },
    opr: { M: { C: { L: [{ N: '80' }] } } },
    entityType: { S: 'WORKER_METRIC_STATS' },
  },
]

export async function putRows(client: DynamoDBClient, tableName: string, rows: readonly Row[]): Promise<void> {
  for (const Item of rows) await client.send(new PutItemCommand({ TableName: tableName, Item }))
}

/** All rows, by their key. */
export async function rowsOf(client: DynamoDBClient, tableName: string): Promise<Record<string, Row>> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }))
  return Object.fromEntries(Items.map((row) => [row['leaseKey']?.S ?? row['sk']?.S ?? '', row]))
}
