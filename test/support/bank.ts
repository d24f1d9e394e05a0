import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { BatchWriteItemCommand, CreateTableCommand } from '@aws-sdk/client-dynamodb'
import type { DynamoDBSender } from '../../src/dynamodb.ts'
import type { createLambdaHandler, LambdaStreamEvent } from '../../src/lambda.ts'
import { createEventSourceMapping, type EventSourceMappingOptions } from '../../src/testing.ts'

/** Money that moves from one account to another: an item in a table of transfers. */
export interface Transfer {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amount: number
}

const accounts = 12

export const transfers: readonly Transfer[] = Array.from({ length: 250 }, (_, n) => ({
  id: `t-${n}`,
  from: `account-${(n * 7) % accounts}`,
  to: `account-${(n * 7 + 1 + (n % (accounts - 1))) % accounts}`,
  amount: 1 + (n % 97),
}))

/** Of every account its balance, and how often it sent and received, after each transfer took effect once. */
export function expectedAccounts(): Record<string, number[]> {
  const all: Record<string, number[]> = {}
  for (const { from, to, amount } of transfers) {
    const [source, target] = [(all[from] ??= [0, 0, 0]), (all[to] ??= [0, 0, 0])]
    all[from] = [(source[0] ?? 0) - amount, (source[1] ?? 0) + 1, source[2] ?? 0]
    all[to] = [(target[0] ?? 0) + amount, target[1] ?? 0, (target[2] ?? 0) + 1]
  }
  return all
}

/** Returns the ARN of its stream, if it has one. */
export async function createTable(client: DynamoDBSender, TableName: string, stream: boolean): Promise<string> {
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }),
    }),
  )
  return TableDescription?.LatestStreamArn ?? ''
}

export async function putTransfers(client: DynamoDBSender, table: string, which = transfers): Promise<void> {
  for (let n = 0; n < which.length; n += 25) {
    const puts = which.slice(n, n + 25).map(({ id, from, to, amount }) => ({
      PutRequest: { Item: { id: { S: id }, from: { S: from }, to: { S: to }, amount: { N: String(amount) } } },
    }))
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }))
  }
}

/** Delivers the whole stream to a function as Lambda does, ten batches of a shard at once, bisecting what failed. */
export async function deliverAll(
  { streams, streamArn }: Pick<EventSourceMappingOptions, 'streams' | 'streamArn'>,
  handler: (event: LambdaStreamEvent) => ReturnType<ReturnType<typeof createLambdaHandler>>,
): Promise<void> {
  const mapping = createEventSourceMapping({
    ...{ streams, streamArn, startingPosition: 'TRIM_HORIZON', pollIntervalMs: 10, retryDelayMs: 1 },
    ...{ functionResponseTypes: ['ReportBatchItemFailures'], bisectBatchOnFunctionError: true },
    ...{ parallelizationFactor: 10, batchSize: 40, handler },
  })
  await mapping.start()
  await mapping.drain()
  await mapping.stop()
}

/** Does its work and waits until so many different records have been settled since, as Tidemark tells it. */
export async function settled(count: number, work: () => Promise<void>): Promise<void> {
  const seen = new Set<string>()
  const onSettled = (message: unknown) => void seen.add((message as { eventId: string }).eventId)
  for (const name of ['handled', 'duplicate']) subscribe(`tidemark:record:${name}`, onSettled)
  try {
    await work()
    while (seen.size < count) await new Promise((resolve) => setTimeout(resolve, 10))
  } finally {
    for (const name of ['handled', 'duplicate']) unsubscribe(`tidemark:record:${name}`, onSettled)
  }
}
