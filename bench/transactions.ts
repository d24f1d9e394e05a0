import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  ScanCommand,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { createConsumer, silentLogger } from 'tidemark'
import { createTidemarkTable, dynamodbTransactionLedger } from 'tidemark/dynamodb'
import { createWorker } from 'tidemark/worker'
import { Span } from './support/span.ts'
import {
  filledWithOrders,
  order,
  pagesReadAhead,
  serveStream,
  startStreamService,
  type StreamService,
} from './support/stream-service.ts'
import { printTable, type Row, shown } from './support/table.ts'
import { medians, takeTurns, type Timing } from './support/timing.ts'

// One shard's changes applied to another table in transactions, by a worker with the transactional ledger, and by the best
// that can be written without any memory of what was done: the same pages read from the same stream, a page ahead, decoded
// by the SDK's unmarshall, and the same updates in TransactWriteItems of 100, one after the other as the order demands.
//
// Both by the SDK's clients over HTTP, from an engine in a process of its own. The time is that from the sending of the
// first transaction to the answer to the last: neither the start of the worker nor its end is in it.

const recordCount = Number(process.env['RECORDS'] ?? 20_000)
let runs = 0

type Send = (...parameters: readonly unknown[]) => Promise<unknown>

/** The same client, whose `send` is another one that gets the client's own. */
function sending<Client extends { readonly send: unknown }>(client: Client, around: (send: Send) => Send): Client {
  const send = around((...parameters) => (client.send as Send).apply(client, [...parameters]))
  return Object.assign(Object.create(client) as Client, { send })
}

/** A client of which each request takes so much longer. */
function delayed<Client extends { readonly send: unknown }>(client: Client, ms: number): Client {
  if (ms === 0) return client
  return sending(client, (send) => async (...parameters) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return send(...parameters)
  })
}

/** A client that tells the span of its transactions. */
function observed(client: DynamoDBClient, span: Span): DynamoDBClient {
  return sending(client, (send) => (...parameters) => {
    const answer = send(...parameters)
    return parameters[0] instanceof TransactWriteItemsCommand ? span.around(answer) : answer
  })
}

function update(totals: string, { pk, total }: { readonly [name: string]: unknown }): TransactWriteItem {
  return {
    Update: {
      TableName: totals,
      Key: { pk: { S: String(pk) } },
      UpdateExpression: 'ADD #total :total',
      ExpressionAttributeNames: { '#total': 'total' },
      ExpressionAttributeValues: { ':total': { N: String(total) } },
    },
  }
}

async function bare({ dynamodb, streams, streamArn }: StreamService, totals: string): Promise<void> {
  for await (const records of pagesReadAhead(streams, streamArn))
    for (let at = 0; at < records.length; at += 100) {
      const slice = records.slice(at, at + 100)
      const TransactItems = slice.map((record) => update(totals, unmarshall(record.dynamodb?.NewImage ?? {})))
      await dynamodb.send(new TransactWriteItemsCommand({ TransactItems }))
    }
}

async function worker({ dynamodb, streams }: StreamService, totals: string): Promise<void> {
  let handled = 0
  let finish = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const consumer = createConsumer({
    name: `bench-${runs}`,
    logger: silentLogger,
    ledger: dynamodbTransactionLedger({ client: dynamodb, tableName: 'tidemark' }),
    handler({ newImage }, { transaction }) {
      transaction.update(totals, { pk: String(newImage?.['pk']) }, { add: { total: Number(newImage?.['total']) } })
      if ((handled += 1) === recordCount) finish()
    },
  })
  const run = createWorker(consumer, {
    ...{ tableName: 'orders', dynamodb, streams, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop() // what has been handled is committed by then
}

async function createTotals(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  )
}

async function assertApplied(client: DynamoDBClient, TableName: string): Promise<void> {
  let count = 0
  let ExclusiveStartKey: Parameters<typeof unmarshall>[0] | undefined
  do {
    const page = await client.send(new ScanCommand({ TableName, Select: 'COUNT', ExclusiveStartKey } as never))
    count += page.Count ?? 0
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
  if (count !== recordCount) throw new Error(`'${TableName}' has ${count} of ${recordCount} items`)
}

function rate({ wallMs }: Timing): string {
  return shown(Math.round(recordCount / (wallMs / 1_000)))
}

function cpuEach({ cpuMs }: Timing): string {
  return `${((cpuMs * 1_000) / recordCount).toFixed(1)} µs`
}

async function compare(service: StreamService, requestMs: number): Promise<Row> {
  const spans = { bare: [] as Timing[], worker: [] as Timing[] }
  await takeTurns(['bare', 'worker'] as const, { rounds: 5, seconds: 60 }, async (name) => {
    const totals = `totals-${(runs += 1)}`
    await createTotals(service.dynamodb, totals)
    const span = new Span()
    const client = observed(delayed(service.dynamodb, requestMs), span)
    await { bare, worker }[name]({ ...service, dynamodb: client, streams: delayed(service.streams, requestMs) }, totals)
    spans[name].push(span.timing)
    await assertApplied(service.dynamodb, totals)
    await service.dynamodb.send(new DeleteTableCommand({ TableName: totals }))
  })
  const [plain, ours] = [medians(spans.bare), medians(spans.worker)]
  return [
    requestMs === 0 ? 'as the engine answers' : `${requestMs} ms a request more`,
    ...[rate(plain), rate(ours), `${(plain.wallMs / ours.wallMs).toFixed(2)} x`],
    ...[cpuEach(plain), cpuEach(ours)],
  ]
}

if (process.argv[2] === 'serve') await serveStream(filledWithOrders(1, recordCount, order))
else {
  const service = await startStreamService()
  try {
    await createTidemarkTable({ client: service.dynamodb, tableName: 'tidemark' })
    const rows: Row[] = []
    for (const requestMs of [0, 5]) rows.push(await compare(service, requestMs))
    printTable(
      `${shown(recordCount)} records of one shard, an update each, records a second`,
      ['', 'bare transactions', 'worker', 'ratio', 'CPU each, bare', 'worker'],
      rows,
      [
        'From the first commit to the last, medians of 3 to 5 rounds in turns, over HTTP. Bare: the same reading, a',
        'page ahead, unmarshall, TransactWriteItems of 100 one after the other, and nothing that remembers them.',
      ],
    )
  } finally {
    await service.end()
  }
}
