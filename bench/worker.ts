import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  type _Record,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { createConsumer, silentLogger } from 'tidemark'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB } from 'tidemark/testing'
import { createTidemarkTable, createWorker } from 'tidemark/worker'
import { printTable, shown, times } from './support/table.ts'
import { median, timed } from './support/timing.ts'

// A worker beside the least that anybody who reads a stream has to do: GetRecords until there is no more, and unmarshall.
// Both read the same records from the embedded engine in this process, in turns; the worker keeps its leases, checkpoints
// and order besides.

const recordCount = Number(process.env['RECORDS'] ?? 1_000_000)
const keyCount = 10_000
const rounds = 3
const lightWrites = 400
const lightEveryMs = 50

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapMb(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

function filled(shardCount: number, writes: number): EmbeddedDynamoDB {
  const embedded = createEmbeddedDynamoDB({ streams: { initialShardCount: shardCount } })
  embedded.execute('CreateTable', {
    TableName: 'orders',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
  })
  for (let index = 0; index < writes; index += 1) embedded.execute('PutItem', put(index))
  return embedded
}

function put(index: number): object {
  const key = index % keyCount
  return {
    TableName: 'orders',
    Item: {
      pk: { S: `order#${key}` },
      customer: { S: `customer-${key}` },
      email: { S: `customer-${key}@example.com` },
      total: { N: `${key}.25` },
      version: { N: String(index) },
      paid: { BOOL: true },
      status: { S: 'OPEN' },
    },
  }
}

async function bareLoop(embedded: EmbeddedDynamoDB, streamArn: string): Promise<number> {
  let handled = 0
  const handler = (_keys: object, _image: object) => {
    handled += 1
  }
  const described = await embedded.send(new DescribeStreamCommand({ StreamArn: streamArn }))
  for (const { ShardId } of described.StreamDescription?.Shards ?? []) {
    const opened = await embedded.send(
      new GetShardIteratorCommand({ StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    for (let iterator = opened.ShardIterator; iterator !== undefined;) {
      await new Promise((resolve) => setImmediate(resolve))
      const page = await embedded.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1_000 }))
      const records: _Record[] = page.Records ?? []
      for (const { dynamodb } of records)
        handler(unmarshall(dynamodb?.Keys ?? {}), unmarshall(dynamodb?.NewImage ?? {}))
      iterator = records.length === 0 ? undefined : page.NextShardIterator
    }
  }
  return handled
}

let workers = 0

/** An answer that comes in another turn of the event loop, as every answer of a service does. */
function asService(embedded: EmbeddedDynamoDB): never {
  const send = async (command: never) => {
    await new Promise((resolve) => setImmediate(resolve))
    return embedded.send(command)
  }
  return { send } as never
}

async function worker(embedded: EmbeddedDynamoDB): Promise<number> {
  let handled = 0
  let finish: () => void = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const handler = () => {
    handled += 1
    if (handled === recordCount) finish()
  }
  const client = asService(embedded)
  const run = createWorker(createConsumer({ name: `bench-${++workers}`, handler, logger: silentLogger }), {
    ...{ tableName: 'orders', dynamodb: client, streams: client, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop()
  return handled
}

async function throughput(shardCount: number): Promise<readonly [string, ...string[]]> {
  const embedded = filled(shardCount, recordCount)
  await createTidemarkTable({ client: embedded, tableName: 'tidemark' })
  const { streamArn } = embedded.describeStream('orders')
  const rates: { bare: number[]; worker: number[] } = { bare: [], worker: [] }
  const heaps: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    rates.bare.push(await rateOf(() => bareLoop(embedded, streamArn)))
    rates.worker.push(await rateOf(() => worker(embedded)))
    heaps.push(heapMb())
  }
  const [first = 0, last = 0] = [heaps[0], heaps.at(-1)]
  return [
    `${shardCount} ${shardCount === 1 ? 'shard' : 'shards'}`,
    ...[shown(Math.round(median(rates.bare))), shown(Math.round(median(rates.worker)))],
    ...[times(median(rates.worker), median(rates.bare)), `${shown(last - first)} MB`],
  ]
}

async function rateOf(contestant: () => Promise<number>): Promise<number> {
  collect()
  let handled = 0
  const { wallMs } = await timed(async () => (handled = await contestant()))
  if (handled !== recordCount) throw new Error(`${handled} of ${recordCount} records were handled`)
  return recordCount / (wallMs / 1_000)
}

async function latency(): Promise<void> {
  const embedded = filled(4, 0)
  const client = embedded as never
  await createTidemarkTable({ client, tableName: 'tidemark' })
  const latencies: number[] = []
  const sentAt = new Map<string, number>()
  const handler = ({ keys }: { readonly keys: { readonly [name: string]: unknown } }) => {
    latencies.push(performance.now() - (sentAt.get(String(keys['pk'])) ?? NaN))
  }
  const run = createWorker(createConsumer({ name: 'latency', handler, logger: silentLogger }), {
    ...{
      tableName: 'orders',
      dynamodb: client,
      streams: client,
      coordinationTableName: 'tidemark',
      logger: silentLogger,
    },
  })
  await run.start()
  for (let index = 0; index < lightWrites; index += 1) {
    sentAt.set(`order#${index}`, performance.now())
    embedded.execute('PutItem', put(index))
    await new Promise((resolve) => setTimeout(resolve, lightEveryMs))
  }
  while (latencies.length < lightWrites) await new Promise((resolve) => setTimeout(resolve, 50))
  await run.stop()
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => shown(Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN))
  printTable(
    `From the write to the handler, ${1_000 / lightEveryMs} writes a second over 4 shards, default options`,
    ['', 'p50', 'p99'],
    [['milliseconds', at(0.5), at(0.99)]],
    ['A shard is read at most 5 times a second, so half of 200 ms is the least that can be had.'],
  )
}

if (process.env['PROFILE'] !== undefined) {
  await throughput(1)
  process.exit()
}
const rows = [await throughput(1), await throughput(16)]
printTable(
  `${shown(recordCount)} records, no-op handler, records a second`,
  ['', 'bare loop', 'worker', 'ratio', 'heap grown'],
  rows,
  ['Bare loop: GetRecords and unmarshall, in the same process and run. Heap: after the last run less after the first.'],
)
await latency()
