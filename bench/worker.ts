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
import { createTidemarkTable, createWorker } from 'tidemark/worker'
import { filledWithOrders, serveStream, startStreamService, type StreamService } from './support/stream-service.ts'
import { printTable, type Row, shown } from './support/table.ts'
import { least, takeTurns, timed, type Timing } from './support/timing.ts'

// A worker beside the least that anybody who reads a stream has to do: GetRecords until there is no more, and unmarshall.
// Both read the same records in this process, in turns, over HTTP with the SDK's clients. The engine is in a process of its own,
// as a service is: its work and its million records are nobody's here.

const recordCount = Number(process.env['RECORDS'] ?? 1_000_000)
const rounds = Number(process.env['ROUNDS'] ?? 2)
const keyCount = 10_000
const lightWrites = 400
const lightEveryMs = 50

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

// What looking at the heap takes is no part of what is measured.
let looking: Timing = { wallMs: 0, cpuMs: 0 }

async function heapMb(): Promise<number> {
  const { wallMs, cpuMs } = await timed(collect)
  looking = { wallMs: looking.wallMs + wallMs, cpuMs: looking.cpuMs + cpuMs }
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

async function bareLoop({ streams, streamArn }: StreamService): Promise<number> {
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
let heapEarlyMb = 0
let heapLateMb = 0

async function worker({ dynamodb, streams }: StreamService): Promise<number> {
  let handled = 0
  let finish: () => void = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const handler = async () => {
    handled += 1
    if (handled === recordCount) finish()
    if (handled === Math.floor(recordCount * 0.2)) heapEarlyMb = await heapMb()
    if (handled === Math.floor(recordCount * 0.99)) heapLateMb = await heapMb()
  }
  const run = createWorker(createConsumer({ name: `bench-${++workers}`, handler, logger: silentLogger }), {
    ...{ tableName: 'orders', dynamodb, streams, coordinationTableName: 'tidemark' },
    // A machine that is busy with other things must not make it repeat what it has handled.
    ...{ maxReadsPerSecond: Infinity, leaseDurationMs: 60_000, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop()
  return handled
}

async function throughput(shardCount: number): Promise<Row> {
  const service = await startStreamService(String(shardCount))
  await createTidemarkTable({ client: service.dynamodb, tableName: 'tidemark' })
  const timings = { bareLoop: [] as Timing[], worker: [] as Timing[] }
  await takeTurns(['bareLoop', 'worker'] as const, { rounds, seconds: Infinity }, async (name) => {
    timings[name].push(await timingOf(() => ({ bareLoop, worker })[name](service)))
  })
  await service.end()
  const [bare, ours] = [least(timings.bareLoop), least(timings.worker)]
  const rate = ({ wallMs }: Timing) => shown(Math.round(recordCount / (wallMs / 1_000)))
  const cpu = ({ cpuMs }: Timing) => `${((cpuMs * 1_000) / recordCount).toFixed(1)} us`
  return [
    `${shardCount} ${shardCount === 1 ? 'shard' : 'shards'}`,
    ...[rate(bare), rate(ours), `${(bare.wallMs / ours.wallMs).toFixed(2)} x`],
    ...[cpu(bare), cpu(ours), `${(bare.cpuMs / ours.cpuMs).toFixed(2)} x`],
    ...[`${shown(Math.round(heapEarlyMb))} MB`, `${shown(Math.round(heapLateMb))} MB`],
  ]
}

async function timingOf(contestant: () => Promise<number>): Promise<Timing> {
  collect()
  looking = { wallMs: 0, cpuMs: 0 }
  let handled = 0
  const { wallMs, cpuMs } = await timed(async () => (handled = await contestant()))
  if (handled !== recordCount) throw new Error(`${handled} of ${recordCount} records were handled`)
  return { wallMs: wallMs - looking.wallMs, cpuMs: cpuMs - looking.cpuMs }
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
  for (const count of [1, 16]) rows.push(await throughput(count))
  printTable(
    `${shown(recordCount)} records, no-op handler: a second, and CPU time of this process for each`,
    ['', 'bare loop', 'worker', 'ratio', 'bare loop', 'worker', 'ratio', 'heap at 20 %', 'at 99 %'],
    rows,
    [
      'Bare loop: GetRecords and unmarshall, one page after the other, in the same process and run. The better of the turns.',
      'Heap: of the worker, after a collection. Aim: ratios of at least 0.9, and a heap that does not grow.',
    ],
  )
  await latency()
}
