import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { BatchWriteItemCommand, CreateTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { expect, test } from 'vitest'
import { dynamodbTransactionLedger } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { createLambdaHandler, type LambdaStreamEvent } from '../../src/lambda.ts'
import { createEventSourceMapping } from '../../src/testing.ts'
import { createWorker } from '../../src/worker.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()
const accounts = 12
const transfers = Array.from({ length: 250 }, (_, n) => ({
  id: `t-${n}`,
  from: `account-${(n * 7) % accounts}`,
  to: `account-${(n * 7 + 1 + (n % (accounts - 1))) % accounts}`,
  amount: 1 + (n % 97),
}))

async function createTable(TableName: string, stream: boolean): Promise<string> {
  const { TableDescription } = await tables.client.send(
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

/** A table of transfers with its stream, one of balances, and a consumer that moves the money. */
async function bank(name: string) {
  const balances = `${name}-balances`
  const [streamArn] = await Promise.all([createTable(`${name}-transfers`, true), createTable(balances, false)])
  for (let n = 0; n < transfers.length; n += 25) {
    const puts = transfers.slice(n, n + 25).map(({ id, from, to, amount }) => ({
      PutRequest: { Item: { id: { S: id }, from: { S: from }, to: { S: to }, amount: { N: String(amount) } } },
    }))
    await tables.client.send(new BatchWriteItemCommand({ RequestItems: { [`${name}-transfers`]: puts } }))
  }
  const ledgerTable = await tables.create()
  let runs = 0
  const consumer = () =>
    createConsumer({
      name: 'bank',
      logger: silentLogger,
      retry: { maxAttempts: 5, baseDelayMs: 1 },
      ledger: dynamodbTransactionLedger({ client: tables.client, tableName: ledgerTable }),
      handler({ newImage }, { transaction }) {
        const { from, to, amount } = newImage as { from: string; to: string; amount: number }
        transaction.update(balances, { id: from }, { add: { balance: -amount, sent: 1 } })
        transaction.update(balances, { id: to }, { add: { balance: amount, received: 1 } })
        if ((runs += 1) % 17 === 0) throw new Error('the handler fails now and then')
      },
    })
  return { streamArn, table: `${name}-transfers`, consumer, balances: () => balancesIn(balances) }
}

async function balancesIn(TableName: string) {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName, ConsistentRead: true }))
  const entries = Items.map(({ id, balance, sent, received }): [string, number[]] => [
    id?.S ?? '',
    [balance, sent, received].map((field) => Number(field?.N ?? 0)),
  ])
  return Object.fromEntries(entries)
}

function expected(): Record<string, number[]> {
  const all: Record<string, number[]> = {}
  for (const { from, to, amount } of transfers) {
    const [source, target] = [(all[from] ??= [0, 0, 0]), (all[to] ??= [0, 0, 0])]
    all[from] = [(source[0] ?? 0) - amount, (source[1] ?? 0) + 1, source[2] ?? 0]
    all[to] = [(target[0] ?? 0) + amount, target[1] ?? 0, (target[2] ?? 0) + 1]
  }
  return all
}

test('every balance is exact, though ten batches of a shard run at once, answers are lost, batches split, and all comes again', async () => {
  const { streamArn, consumer, balances } = await bank('lambda')
  let invocations = 0
  for (let delivery = 1; delivery <= 2; delivery += 1) {
    const handle = createLambdaHandler(consumer())
    const streams = new DynamoDBStreamsClient(tables.server.clientConfig)
    const mapping = createEventSourceMapping({
      ...{ streams, streamArn, startingPosition: 'TRIM_HORIZON', pollIntervalMs: 10, retryDelayMs: 1 },
      ...{ functionResponseTypes: ['ReportBatchItemFailures'], bisectBatchOnFunctionError: true },
      ...{ parallelizationFactor: 10, batchSize: 40 },
      async handler(event: LambdaStreamEvent) {
        const answer = await handle(event)
        if ((invocations += 1) % 4 === 0) throw new Error('all of it took effect, and nobody hears of it')
        return answer
      },
    })
    await mapping.start()
    await mapping.drain()
    await mapping.stop()
    streams.destroy()
    expect(await balances()).toEqual(expected())
  }
  expect(invocations).toBeGreaterThan(20)
})

test('every balance is exact after workers that were cut off in the middle, and after a replay of everything', async () => {
  const { table, consumer, balances } = await bank('worker')
  const streams = new DynamoDBStreamsClient(tables.server.clientConfig)
  const seen = { settled: 0 }
  const onSettled = () => void (seen.settled += 1)
  for (const name of ['handled', 'duplicate']) subscribe(`tidemark:record:${name}`, onSettled)
  // Three fleets with no memory of each other but the ledger: each begins at the oldest record, the first is cut off.
  for (const needed of [60, transfers.length, transfers.length]) {
    seen.settled = 0
    const coordinationTableName = await tables.create()
    const workers = [1, 2].map(() =>
      createWorker(consumer(), {
        ...{ tableName: table, dynamodb: tables.client, streams, coordinationTableName },
        ...{ logger: silentLogger, shutdownTimeoutMs: needed === transfers.length ? 5_000 : 1 },
      }),
    )
    await Promise.all(workers.map((worker) => worker.start()))
    while (seen.settled < needed) await new Promise((resolve) => setTimeout(resolve, 10))
    await Promise.all(workers.map((worker) => worker.stop()))
    if (needed === transfers.length) expect(await balances()).toEqual(expected())
  }
  for (const name of ['handled', 'duplicate']) unsubscribe(`tidemark:record:${name}`, onSettled)
  streams.destroy()
})
