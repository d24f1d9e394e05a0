import { type Consumer, silentLogger } from 'tidemark'
import { createWorker } from 'tidemark/worker'
import { Span } from './span.ts'
import { filledWithOrders, order, serveStream, startStreamService, type StreamService } from './stream-service.ts'
import { type Row, shown } from './table.ts'
import { medians, takeTurns, type Timing } from './timing.ts'

// Effects that commit once beside the same effects without any memory of what was done: by a worker, and by who reads the
// same shard, a page ahead, and commits its records a hundred at a time, one hundred after the other as the order demands.
//
// The stream is served over HTTP by an engine in a process of its own. The time is that from the beginning of the first
// effect to the end of the last commit: neither the worker's start nor its end is in it. A worker runs for weeks, so the
// first turn of each, in which its code is compiled, does not count.

const rounds = 6

export const recordCount: number = Number(process.env['RECORDS'] ?? 40_000)

export const effectsHeader: Row = ['', 'bare transactions', 'worker', 'ratio', 'CPU each, bare', 'worker']

export const effectsNotes: readonly string[] = [
  `From the first effect to the last commit, medians of up to ${rounds - 1} rounds in turns. Bare: the same reading, a page`,
  'ahead, unmarshall, 100 records a commit, one commit after the other, and nothing that remembers them.',
]

/** Serves the orders, in the process that is for that; else compares how they take effect. */
export async function serveOrCompare(comparison: (service: StreamService) => Promise<void>): Promise<void> {
  if (process.argv[2] === 'serve') return serveStream(filledWithOrders(1, recordCount, order))
  const service = await startStreamService()
  try {
    await comparison(service)
  } finally {
    await service.end()
  }
}

/** Lets both take their turns; `turn` notes in the span when the first effect begins and each commit ends. */
export async function compareEffects(
  label: string,
  turn: (name: 'bare' | 'worker', span: Span) => Promise<void>,
): Promise<Row> {
  const timings = { bare: [] as Timing[], worker: [] as Timing[] }
  await takeTurns(['bare', 'worker'] as const, { rounds, seconds: 60 }, async (name) => {
    const span = new Span()
    await turn(name, span)
    timings[name].push(span.timing)
  })
  const [bare, worker] = [medians(timings.bare.slice(1)), medians(timings.worker.slice(1))]
  return [
    label,
    ...[rate(bare), rate(worker), `${(bare.wallMs / worker.wallMs).toFixed(2)} x`],
    ...[cpuEach(bare), cpuEach(worker)],
  ]
}

let runs = 0

/** Runs a worker until all records are handled; `consumerOf` makes its consumer, which calls `handled` for each. */
export async function workAll(
  { dynamodb, streams }: StreamService,
  consumerOf: (name: string, handled: () => void) => Consumer,
): Promise<void> {
  let left = recordCount
  let finish = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const consumer = consumerOf(`bench-${(runs += 1)}`, () => {
    left -= 1
    if (left === 0) finish()
  })
  const run = createWorker(consumer, {
    ...{ tableName: 'orders', dynamodb, streams, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop() // what has been handled is committed by then
}

function rate({ wallMs }: Timing): string {
  return shown(Math.round(recordCount / (wallMs / 1_000)))
}

function cpuEach({ cpuMs }: Timing): string {
  return `${((cpuMs * 1_000) / recordCount).toFixed(1)} µs`
}
