import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  type _Record,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { createConsumer, silentLogger } from 'tidemark'
import { createTidemarkTable, createWorker, type StreamsSender } from 'tidemark/worker'
import { filledWithOrders, serveStream, startStreamService } from './support/stream-service.ts'
import { printTable, type Row, shown } from './support/table.ts'
import { timed } from './support/timing.ts'

// A worker beside the least that anybody who reads a stream has to do: GetRecords until there is no more, and unmarshall.
// Both read the same records, in turns, from the embedded engine: once over HTTP, with the SDK's clients and the engine in a
// process of its own, as a service is read; once in this process, where nothing but the consumers' own work is left.

const recordCount = Number(process.env['RECORDS'] ?? 1_000_000)
const keyCount = 10_000
const lightWrites = 400
const lightEveryMs = 50

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

// What looking at the heap takes is no part of what is measured: with the engine in this process it is seconds.
let lookingMs = 0

function heapMb(): number {
  const startedAt = performance.now()
  collect()
  lookingMs += performance.now() - startedAt
  return process.memoryUsage().heapUsed / 2 ** 20
}

function itemOf(index: number) {
  const key = index % keyCount
  return {
    pk: { S: `order#${key}` },
    customer: { S: `customer-${key}` },
    email: { S: `customer-${key}@example.com` },
    total: { N: `${key}.25` },
    version: { N: String(index) },
    paid: { BOOL: true },
    status: { S: 'OPEN' },
  }
}

/** Where the records are, and how they are reached. */
interface Service {
  readonly streamArn: string
  readonly dynamodb: DynamoDBClient
  readonly streams: StreamsSender
  end(): Promise<void>
}

/** Answers that come in another turn of the event loop, as every answer of a service does. */
async function inThisProcess(shardCount: number): Promise<Service> {
  const embedded = filledWithOrders(shardCount, recordCount, itemOf)
  const send = async (command: never) => {
    await new Promise((resolve) => setImmediate(resolve))
    return embedded.send(command)
  }
  const client = { send } as never
  return { streamArn: embedded.describeStream('orders').streamArn, dynamodb: client, streams: client, async end() {} }
}

async function bareLoop({ streams, streamArn }: Service): Promise<number> {
  let handled = 0
  const handler = (_keys: object, _image: object) => {
    handled += 1
  }
  const described = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }))
  for (const { ShardId } of described.StreamDescription?.Shards ?? []) {
    const opened = await streams.send(
      new GetShardIteratorCommand({ StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    for (let iterator = opened.ShardIterator; iterator !== undefined;) {
      const page = await streams.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1_000 }))
      const records: _Record[] = page.Records ?? []
      for (const { dynamodb } of records)
        handler(unmarshall(dynamodb?.Keys ?? {}), unmarshall(dynamodb?.NewImage ?? {}))
      iterator = records.length === 0 ? undefined : page.NextShardIterator
    }
  }
  return handled
}

let workers = 0
let heapMidwayMb = 0
let heapEndMb = 0

async function worker({ dynamodb, streams }: Service): Promise<number> {
  let handled = 0
  let finish: () => void = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const handler = () => {
    handled += 1
    if (handled === recordCount) finish()
    if (handled === Math.floor(recordCount / 10)) heapMidwayMb = heapMb()
    if (handled === Math.floor(recordCount * 0.95)) heapEndMb = heapMb()
  }
  const run = createWorker(createConsumer({ name: `bench-${++workers}`, handler, logger: silentLogger }), {
    ...{ tableName: 'orders', dynamodb, streams, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop()
  return handled
}

async function throughput(where: string, service: Service, shardCount: number): Promise<Row> {
  await createTidemarkTable({ client: service.dynamodb, tableName: 'tidemark' })
  const bare = await rateOf(() => bareLoop(service))
  const ours = await rateOf(() => worker(service))
  await service.end()
  return [
    `${where}, ${shardCount} ${shardCount === 1 ? 'shard' : 'shards'}`,
    ...[shown(Math.round(bare)), shown(Math.round(ours)), `${(ours / bare).toFixed(2)} x`],
    `${shown(Math.round(heapEndMb - heapMidwayMb))} MB`,
  ]
}

async function rateOf(contestant: () => Promise<number>): Promise<number> {
  collect()
  lookingMs = 0
  let handled = 0
  const { wallMs } = await timed(async () => (handled = await contestant()))
  if (handled !== recordCount) throw new Error(`${handled} of ${recordCount} records were handled`)
  return recordCount / ((wallMs - lookingMs) / 1_000)
}

async function latency(): Promise<void> {
  const embedded = filledWithOrders(4, 0, itemOf)
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
    embedded.execute('PutItem', { TableName: 'orders', Item: itemOf(index) })
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

const [, , role, shards] = process.argv
if (role === 'serve') await serveStream(filledWithOrders(Number(shards), recordCount, itemOf))
else {
  const rows: Row[] = []
  for (const count of [1, 16]) rows.push(await throughput('over HTTP', await startStreamService(String(count)), count))
  for (const count of [1, 16]) rows.push(await throughput('in this process', await inThisProcess(count), count))
  printTable(
    `${shown(recordCount)} records, no-op handler, records a second`,
    ['', 'bare loop', 'worker', 'ratio', 'heap grown'],
    rows,
    ['Bare loop: GetRecords and unmarshall, in the same process and run. Heap: from a tenth of the records to 95 %.'],
  )
  await latency()
}
