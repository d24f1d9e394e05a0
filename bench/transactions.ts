import { TransactWriteItemsCommand, type DynamoDBClient, type TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { createConsumer, silentLogger } from 'tidemark'
import { createTidemarkTable, dynamodbTransactionLedger } from 'tidemark/dynamodb'
import { createEmbeddedDynamoDB } from 'tidemark/testing'
import { createWorker } from 'tidemark/worker'
import { printTable, shown } from './support/table.ts'
import { median, takeTurns } from './support/timing.ts'

// One shard's changes applied to another table in transactions, by a worker with the transactional ledger, and by the least
// that anybody can do: the same updates in TransactWriteItems of 100, one after the other, with nothing that remembers them.
// Both on the embedded engine in this process, each request with a delay as a service has it.

const recordCount = Number(process.env['RECORDS'] ?? 20_000)
const requestMs = Number(process.env['REQUEST_MS'] ?? 5)
let runs = 0

function engine(): { readonly client: DynamoDBClient; readonly end: () => Promise<void> } {
  const embedded = createEmbeddedDynamoDB({ streams: { initialShardCount: 1 } })
  for (const TableName of ['orders', 'totals'])
    embedded.execute('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      ...(TableName === 'orders' && { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }),
    })
  for (let n = 0; n < recordCount; n += 1)
    embedded.execute('PutItem', {
      TableName: 'orders',
      Item: { pk: { S: `order-${n}` }, total: { N: String(n % 100) } },
    })
  const send = async (command: never) => {
    await new Promise((resolve) => setTimeout(resolve, requestMs))
    return embedded.send(command)
  }
  return { client: { send } as never, end: () => embedded.close() }
}

function update(n: number): TransactWriteItem {
  return {
    Update: {
      TableName: 'totals',
      Key: { pk: { S: `order-${n}` } },
      UpdateExpression: 'ADD #total :total',
      ExpressionAttributeNames: { '#total': 'total' },
      ExpressionAttributeValues: { ':total': { N: String(n % 100) } },
    },
  }
}

async function bare(client: DynamoDBClient): Promise<void> {
  for (let n = 0; n < recordCount; n += 100) {
    const TransactItems = Array.from({ length: Math.min(100, recordCount - n) }, (_, index) => update(n + index))
    await client.send(new TransactWriteItemsCommand({ TransactItems }))
  }
}

async function worker(client: DynamoDBClient): Promise<void> {
  await createTidemarkTable({ client, tableName: 'tidemark' })
  let handled = 0
  let finish = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const consumer = createConsumer({
    name: `bench-${(runs += 1)}`,
    logger: silentLogger,
    ledger: dynamodbTransactionLedger({ client, tableName: 'tidemark' }),
    handler({ newImage }, { transaction }) {
      transaction.update('totals', { pk: String(newImage?.['pk']) }, { add: { total: Number(newImage?.['total']) } })
      if ((handled += 1) === recordCount) finish()
    },
  })
  const run = createWorker(consumer, {
    ...{ tableName: 'orders', dynamodb: client, streams: client as never, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop() // what has been handled is committed by then
}

const rates = new Map<string, number[]>([
  ['bare', []],
  ['worker', []],
])
const rounds = await takeTurns(['bare', 'worker'], { rounds: 5, seconds: 60 }, async (name) => {
  const { client, end } = engine()
  const start = performance.now()
  await (name === 'bare' ? bare(client) : worker(client))
  rates.get(name)?.push(recordCount / ((performance.now() - start) / 1_000))
  await end()
})
const [plain, ours] = [median(rates.get('bare') ?? []), median(rates.get('worker') ?? [])]
printTable(
  `${shown(recordCount)} records of one shard, an update each, ${requestMs} ms a request, records a second`,
  ['', 'bare transactions', 'worker', 'ratio'],
  [['effects that commit once', shown(Math.round(plain)), shown(Math.round(ours)), `${(ours / plain).toFixed(2)} x`]],
  [`Medians of ${rounds} rounds. Bare: TransactWriteItems of 100, no reading of the stream and no dedupe.`],
)
