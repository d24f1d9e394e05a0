import type { Consumer } from '../../consumer/consumer.ts'
import { systemClock } from '../../internal/system.ts'
import type { Logger } from '../../telemetry/log.ts'
import { createWorker, type Worker, type WorkerOptions, type ShardStatus, type WorkerStatus } from '../../worker.ts'
import type { Connection } from '../aws/dynamodb-connection.ts'
import { seed } from './dynamodb-seed.ts'
import { errorText } from '../item-key-text.ts'
import { narrate } from './narrate.ts'
import type { Printer } from './printer.ts'
import type { RunOptions } from './run-options.ts'
import { takeStopSignals } from '../stop-signals.ts'
import { type Backlog, summarize } from './summary.ts'
import { startTally, type Tally } from './tally.ts'

/** Runs the worker until a signal asks it to stop; the exit code. */
export async function work(
  consumers: readonly Consumer[],
  connection: Connection,
  options: RunOptions,
  printer: Printer,
): Promise<number> {
  const worker = createWorker(consumers, workerOptions(connection, options, printer))
  const tally = startTally()
  const endNarration = narrate(printer)
  const endSummary = summarize(printer, systemClock, tally, () => backlogOf(worker.status()))
  const signals = takeStopSignals(systemClock, (signal) =>
    printer.print('killed', `${signal} again: stopped at once`, { signal }),
  )
  const seeding = new AbortController()
  try {
    await runUntil(signals.first, worker, printer, () => {
      tellOfStart(connection, options, worker, printer)
      void putSamples(connection, options, printer, seeding.signal)
    })
    tellOfEnd(tally, printer)
    return 0
  } finally {
    seeding.abort()
    endSummary()
    endNarration()
    tally.end()
    signals.end()
  }
}

async function runUntil(signaled: Promise<string>, worker: Worker, printer: Printer, onStarted: () => void) {
  const started = worker.start().then(() => 'started' as const)
  try {
    if ((await Promise.race([started, signaled])) === 'started') onStarted()
    const signal = await signaled
    printer.print('stopping', `${signal}: letting handlers finish; once more stops at once`, { signal })
  } finally {
    await worker.stop()
    // A start that was overtaken by a signal may have failed since; that is nobody's concern any more.
    await started.catch(() => {})
  }
}

function workerOptions({ dynamodb, streams }: Connection, options: RunOptions, printer: Printer): WorkerOptions {
  const { tableNames, coordinationTableName, startAt, onGap, leaseDurationMs, workerName, embedded } = options
  return {
    ...{ dynamodb, streams, tableName: tableNames, coordinationTableName, startAt, onGap },
    ...(leaseDurationMs === undefined ? {} : { leaseDurationMs }),
    ...(workerName === undefined ? {} : { workerName }),
    // What was put by hand shows at once, and a look at it costs nothing.
    ...(embedded === undefined ? {} : { idlePollMs: 200 }),
    logger: printerLogger(printer),
  }
}

/** The worker's own troubles, as lines among the others. */
function printerLogger({ print }: Printer): Logger {
  const line = (event: string) => (message: string, fields?: { readonly [name: string]: unknown }) => {
    const { error } = fields ?? {}
    print(event, error === undefined ? message : `${message}: ${errorText(error)}`, { ...fields })
  }
  return { debug() {}, info() {}, warn: line('warning'), error: line('error') }
}

function backlogOf({ fleets }: WorkerStatus): Backlog {
  const shards = fleets.flatMap((fleet) => fleet.shards).filter(isHere)
  const lags = shards.flatMap(({ lagMs }) => lagMs ?? [])
  return {
    lagMs: lags.length === 0 ? undefined : Math.max(...lags),
    stuckLaneCount: shards.reduce((sum, { stuckLanes }) => sum + stuckLanes.length, 0),
    shardCount: shards.length,
    haltedShardCount: shards.filter(({ state }) => state === 'halted').length,
  }
}

function isHere({ state }: ShardStatus): boolean {
  return state !== 'elsewhere' && state !== 'free'
}

function tellOfStart({ place }: Connection, { coordinationTableName }: RunOptions, worker: Worker, { print }: Printer) {
  for (const { consumer, tableName, shards, workers } of worker.status().fleets) {
    const shardCount = shards.filter(isHere).length
    const others = workers.length > 1 ? `, ${workers.length} workers share them` : ''
    const text = `${consumer} on ${tableName} in ${place}: ${shardCount} of ${shards.length} shards here${others}`
    const fields = { consumer, tableName, coordinationTableName, shardCount, workerCount: workers.length }
    print('started', text, fields)
  }
}

function tellOfEnd({ releasedCount, handledCount }: Tally, { print }: Printer): void {
  const leases = releasedCount === 1 ? '1 lease' : `${releasedCount} leases`
  print('stopped', `${leases} released, ${handledCount} handled in all`, { releasedCount, handledCount })
}

async function putSamples(
  { dynamodb }: Connection,
  { embedded, tableNames }: RunOptions,
  { print }: Printer,
  signal: AbortSignal,
): Promise<void> {
  const itemCount = embedded?.seedCount ?? 0
  try {
    for (const tableName of itemCount === 0 ? [] : tableNames) {
      await seed(dynamodb, tableName, itemCount, signal)
      if (!signal.aborted) print('seeded', `${itemCount} sample items put into ${tableName}`, { tableName, itemCount })
    }
  } catch (error) {
    if (!signal.aborted) print('error', `sample items could not be put: ${errorText(error)}`, { error })
  }
}
