import { SettlementBook } from '../checkpoint/settlement.ts'
import { functionNamed, integer, knownNames, optional, pattern, reject, shape } from '../internal/validate.ts'
import { systemHost } from '../internal/system.ts'
import { noLedgerSession } from '../ledger/no-ledger.ts'
import { LaneHold } from '../parking/lane-hold.ts'
import { describeError } from '../parking/error-description.ts'
import { noteText } from '../parking/note-text.ts'
import { parkedLanes } from '../parking/parked-lanes.ts'
import { stepOf, type Lend } from '../lanes/lanes.ts'
import type { LaneState, ParkedRecord, ParkingLot } from '../parking/parking-lot.ts'
import { publish } from '../telemetry/channels.ts'
import { BatchRun } from './batch-run.ts'
import { prepare } from './prepare.ts'
import { Report, type StoppedRecord } from './report.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Stragglers } from './stragglers.ts'

/** What is redriven, and how. */
export interface RedriveOptions {
  /** Only this lane: its id, or a beginning of it that no other parked lane has. Default: every lane that is parked. */
  readonly lane?: string
  /** Records of each lane, at most. Default: until the lane is worked off. */
  readonly limit?: number
  /**
   * Also what is older than the ledger remembers: whether it took effect before is then not known, whatever it was parked
   * for. Nothing else is forced: a record that is parked because nobody knows how it ended (`uncertain: 'park'`) stays so until
   * its row in the ledger is deleted or put, as its error says, or it is dropped.
   */
  readonly force?: boolean
  /** Ends it: what runs is aborted, and stays parked. */
  readonly signal?: AbortSignal
  /** Who does it, for people: at most 1,000 characters. Default: host name and process id. */
  readonly by?: string
}

/** What came of a redrive. */
export interface RedriveReport {
  readonly redrivenCount: number
  readonly lanes: readonly RedrivenLane[]
}

/** What came of the redrive of one lane. */
export interface RedrivenLane {
  readonly laneId: string
  readonly laneKey: string
  readonly tableName: string
  /** `open`: worked off. `parked`: something is left. `busy`: somebody else redrives it. `lost`: somebody else does by now. */
  readonly outcome: 'open' | 'parked' | 'busy' | 'lost'
  readonly redrivenCount: number
  /** The record at which it stopped. */
  readonly stopped?: RedriveStop
}

/** Why the redrive of a lane stopped at a record. */
export interface RedriveStop {
  readonly eventId: string
  /**
   * `failed`: it failed again, and stays parked with its new error. `systemic`: something else failed; try later.
   * `too-old`: see `force`.
   */
  readonly reason: 'failed' | 'systemic' | 'too-old'
  readonly error?: unknown
}

interface Redrive {
  readonly options: ResolvedOptions
  readonly lot: ParkingLot
  readonly stragglers: Stragglers
  readonly limit: number
  readonly force: boolean
  readonly signal: AbortSignal
  readonly by: string
}

/** Redrives parked lanes, as many at once as the consumer's `concurrency` says. */
export async function redrive(
  options: ResolvedOptions,
  lot: ParkingLot,
  stragglers: Stragglers,
  given: RedriveOptions,
): Promise<RedriveReport> {
  const {
    lane,
    limit = Infinity,
    force = false,
    signal = new AbortController().signal,
    by = systemHost(),
  } = checked(given)
  const setting = { options, lot, stragglers, limit, force, signal, by }
  const states = parkedLanes(await lot.list(options.name), lane)
  const reports: RedrivenLane[] = []
  const waiting = states.values()
  const workers = Array.from({ length: Math.min(options.concurrency, states.length) }, async () => {
    // One iterator for all: each takes what the others have left.
    for (const state of waiting) if (!signal.aborted) reports.push(await redriveLane(state, setting))
  })
  const ended = await Promise.allSettled(workers) // none must go on by itself when one fails
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  return { redrivenCount: reports.reduce((sum, { redrivenCount }) => sum + redrivenCount, 0), lanes: reports }
}

// Before anything runs: what the lot refuses to note of a record is found out behind its effect otherwise.
function checked(given: RedriveOptions): RedriveOptions {
  shape('redrive options', given)
  knownNames('redrive options', given, ['lane', 'limit', 'force', 'signal', 'by'])
  optional(given.lane, (lane) => pattern('lane', lane, /^[0-9a-f]{1,32}$/, "a lane's id, or the beginning of it"))
  optional(given.limit, (limit) => integer('limit', limit, 1, Number.MAX_SAFE_INTEGER))
  optional(given.force, (force) => typeof force === 'boolean' || reject('force', 'true or false', force))
  optional(given.signal, (signal) => functionNamed('signal.addEventListener', signal.addEventListener))
  optional(given.by, (by) => noteText('by', by))
  return given
}

async function redriveLane({ lane, laneId }: LaneState, setting: Redrive): Promise<RedrivenLane> {
  const about = { laneId, laneKey: lane.laneKey, tableName: lane.tableName }
  let redrivenCount = 0
  let wasIdle = false
  for (;;) {
    const hold = await LaneHold.take(setting.lot, lane, setting.options)
    // Opened since it was listed: by a redrive of somebody else's, to its end.
    if (typeof hold === 'string') return { ...about, outcome: hold, redrivenCount }
    const worked = await workOff(hold, setting, setting.limit - redrivenCount).catch(async (error: unknown) => {
      await hold.letGo().catch(() => undefined) // it ends by itself; what went wrong first is what is told
      throw error
    })
    redrivenCount += worked.count
    const { stopped } = worked
    const outcome = worked.isLost ? 'lost' : await hold.letGo()
    // A record was queued between the last look and letting go: the lane has stayed parked for it.
    const isDone = outcome !== 'parked' || stopped !== undefined || redrivenCount >= setting.limit
    // Nothing there, and nothing there again: somebody has deleted a record by hand, and the lane goes on counting it.
    const isHollow = worked.count === 0 && wasIdle
    if (isDone || isHollow || setting.signal.aborted)
      return { ...about, outcome, redrivenCount, ...(stopped === undefined ? {} : { stopped }) }
    wasIdle = worked.count === 0
  }
}

interface WorkedOff {
  readonly count: number
  readonly isLost: boolean
  readonly stopped?: RedriveStop
}

async function workOff(hold: LaneHold, setting: Redrive, limit: number): Promise<WorkedOff> {
  const { lot, signal, options, force } = setting
  const { windowMs = Infinity } = options.ledger ?? {}
  for (let count = 0; ; count += 1) {
    if (count >= limit || signal.aborted) return { count, isLost: false }
    const [record] = await lot.records(hold.held.lane, { limit: 1 })
    if (record === undefined) return { count, isLost: false }
    const { eventId } = record
    if (!force && options.clock.now() - knownSince(record) > windowMs)
      return { count, isLost: false, stopped: { eventId, reason: 'too-old' } }
    const ended = await redriveOne(record, hold, setting)
    if (ended === 'lost') return { count, isLost: true }
    if (ended !== 'settled') return { count, isLost: false, stopped: { eventId, ...ended } }
  }
}

// A stream keeps records for a day. What is older when it is parked did not come from one, and its time says nothing.
const retentionMs = 26 * 3_600_000

/**
 * From when on the ledger may have known of the record, epoch ms: claimed or marked before it was parked, it is forgotten
 * before a window after that.
 */
function knownSince({ parkedAt, record: { dynamodb } }: ParkedRecord): number {
  const createdAt = Number(dynamodb?.ApproximateCreationDateTime ?? Number.NaN) * 1_000
  return Math.max(Number.isNaN(createdAt) ? -Infinity : Math.min(createdAt, parkedAt), parkedAt - retentionMs)
}

/**
 * First the effect and its mark, then the record leaves the lot. The other way round, a crash in between would lose it; this
 * way round the next redrive finds its mark. With a transactional ledger of the same store both are one transaction, and
 * what follows here finds it done.
 */
async function redriveOne(
  record: ParkedRecord,
  hold: LaneHold,
  setting: Redrive,
): Promise<'settled' | 'lost' | Omit<RedriveStop, 'eventId'>> {
  const { lot, options, by } = setting
  const { settlement, stopped } = await run(record, hold, setting)
  if (settlement === undefined) {
    const { error, attempts = 0, reason } = stopped ?? {}
    if (hold.signal.aborted) return 'lost'
    if (reason !== 'poison') return { reason: 'systemic', error }
    const failed = { ...record, attempts: record.attempts + attempts, error: describeError(error) }
    return (await lot.rewrite(hold.held, failed)) === 'lost' ? 'lost' : { reason: 'failed', error }
  }
  const outcome = settlement === 'parked' ? 'duplicate' : settlement // there is no parker here: it never is
  if ((await lot.settle(hold.held, record.position, { outcome, at: options.clock.now(), by })) === 'lost') return 'lost'
  const { streamArn, eventId, sequenceNumber, idempotencyKey, laneKey } = record
  publish('tidemark:record:redriven', () => ({
    ...{ consumer: options.name, streamArn, eventId, sequenceNumber, idempotencyKey, laneKey, outcome },
  }))
  return 'settled'
}

async function run(record: ParkedRecord, hold: LaneHold, { options, lot, stragglers, signal: given }: Redrive) {
  const book = new SettlementBook(1)
  const batch = { records: [record.record], ...(record.shardId === undefined ? {} : { shardId: record.shardId }) }
  const { works } = prepare(batch, options, book)
  const [work] = works
  if (work === undefined) return { settlement: book.close()[0], stopped: undefined }
  // Only a ledger of the same lot can take the record out in its own transaction.
  const reference = options.ledger?.parking === lot ? lot.reference?.(hold.held, record.position) : undefined
  work.redriven(record.idempotencyKey, reference)
  const session = (await options.ledger?.open({ consumer: options.name, entries: [work] })) ?? noLedgerSession
  const report = new Report(options)
  const signal = AbortSignal.any([hold.signal, given])
  const batchRun = new BatchRun({
    ...{ options, session, book, report, stopping: signal, signal, stragglers, busy: new Map() },
    assertMayRun: () => hold.assertHeld(),
  })
  const keepsTurn: Lend = (wait) => wait
  await stepOf(batchRun.work(work, keepsTurn), keepsTurn)
  await batchRun.flush()
  session.close()
  const stopped: StoppedRecord | undefined = report.takeStopped(0)
  return { settlement: book.close()[0], stopped }
}
