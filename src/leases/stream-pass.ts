import type { Clock } from '../internal/clock.ts'
import { retentionMs, type StreamListing, type StreamReading } from '../source/stream-reading.ts'
import type { LeaseTable, StreamStart } from './coordination.ts'
import { type Gap, leaseIdOf, type NewLease } from './lease.ts'
import { missingLeases, type StreamView, uncertainShards } from './lineage.ts'

/** What a pass over a stream works with. */
export interface StreamPassSetting {
  readonly leases: LeaseTable
  readonly reading: StreamReading
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Leases were created just now. */
  readonly onCreated: () => void
}

/** What a pass over a stream found and did. */
export interface StreamPass {
  /** Everything that was to be created exists. */
  readonly complete: boolean
  /** `undefined` when there is no such stream. */
  readonly status: StreamListing['status'] | undefined
  readonly createdCount: number
  /** Leases of the stream that are not finished. */
  readonly leaseCount: number
}

// How long a listing is good for while a start is not complete. A process that was stopped in the middle must not go on by
// what it read before: no row says yet of a shard that the start of the stream has moved on from it.
const listingLifeMs = 60_000
const requestsAtOnce = 16

/**
 * Looks at a stream as a whole and creates the leases that are missing. Anybody may do so at any time, also two at once.
 *
 * @param finished Shards known to be finished. What is learnt is added: it stays true.
 */
export async function passOverStream(
  setting: StreamPassSetting,
  streamArn: string,
  start: StreamStart,
  finished: Set<string>,
): Promise<StreamPass> {
  const isFresh = freshness(setting)
  // In this order, see missingLeases.
  const listing = await setting.reading.describe(streamArn)
  const present = (await setting.leases.list()).filter(({ streamLabel }) => streamLabel === start.streamLabel)
  const known: NewLease[] = [...present]
  const view: GrowingView = {
    streamLabel: start.streamLabel,
    shards: listing?.shards ?? [],
    leases: known,
    finished,
    start,
    isOvertaken: false,
  }
  const plan = () => missingLeases(view)
  if (plan().length > 0) await learnFinished(setting.leases, view, finished)
  let createdCount = 0
  for (let due = plan(); due.length > 0; due = plan()) {
    if (setting.signal.aborted || !(start.complete || isFresh()))
      return { complete: false, status: listing?.status, createdCount, leaseCount: known.length }
    createdCount += await create(setting, due.slice(0, atOnce(due)), view)
    // By what was read before, a shard from before the start would be one that came later, and be consumed beside its children.
    if (view.isOvertaken) {
      const anew = await passOverStream(setting, streamArn, { ...start, complete: true }, finished)
      return { ...anew, createdCount: createdCount + anew.createdCount }
    }
  }
  return { complete: true, status: listing?.status, createdCount, leaseCount: known.length }
}

interface GrowingView extends StreamView {
  readonly leases: NewLease[]
  readonly finished: Set<string>
  readonly start: StreamStart
  /** Another has completed the start. */
  isOvertaken: boolean
}

/** All at LATEST look at the same row, and transactions that do so at once cancel each other. */
function atOnce(due: readonly NewLease[]): number {
  return due.some(({ startAt }) => startAt === 'LATEST') ? 1 : requestsAtOnce
}

/**
 * What is lost of a shard that was found by itself: it was open when its parent was consumed to its end, and if that is
 * longer ago than records live, its first ones are gone, and reading from the beginning would pass over them without a word.
 *
 * Of a parent that is not listed any more, and that nobody consumed, all is gone, and of what it came from. Only where the stream
 * was followed for less than a day may that all be of before its start.
 */
async function lossOf(
  { leases, clock }: StreamPassSetting,
  lease: NewLease,
  view: GrowingView,
): Promise<Gap | undefined> {
  const { streamLabel, parentShardId, startAt } = lease
  if (parentShardId === undefined || startAt === 'LATEST') return undefined
  // Read anew, whatever was learnt before: a replay takes the end of a shard back, and the next one comes later.
  const finishedAt = await leases.finishedAt(leaseIdOf({ streamLabel, shardId: parentShardId }))
  const isOrphan = ![...view.shards, ...view.leases].some(({ shardId }) => shardId === parentShardId)
  const openAt = finishedAt ?? (isOrphan && view.start.complete ? view.start.notedAt : undefined)
  const foundAt = clock.now()
  return openAt !== undefined && foundAt - openAt > retentionMs ? { kind: 'trimmed', foundAt } : undefined
}

async function create(setting: StreamPassSetting, due: readonly NewLease[], view: GrowingView): Promise<number> {
  const { leases, onCreated } = setting
  let createdCount = 0
  const createOne = async (lease: NewLease) => {
    const answer = await leases.create(lease, await lossOf(setting, lease, view))
    if (answer === 'finished') view.finished.add(lease.shardId)
    else if (answer === 'begun') view.isOvertaken = true
    else {
      // Also one that exists since the leases were listed: by another, who tells of it, or by a request of ours that arrived
      // after it was given up, and then nobody else does.
      view.leases.push(lease)
      createdCount += 1
    }
  }
  const results = await Promise.allSettled(due.map(createOne))
  const failed = results.find((result) => result.status === 'rejected')
  // What failed may be there all the same: untold, it would be a lease like any other at the next look, and nobody's.
  if (createdCount > 0 || failed !== undefined) onCreated()
  if (failed !== undefined) throw failed.reason
  return createdCount
}

async function learnFinished(leases: LeaseTable, view: StreamView, finished: Set<string>): Promise<void> {
  const uncertain = uncertainShards(view)
  const learn = async (shardId: string) => {
    const at = await leases.finishedAt(leaseIdOf({ streamLabel: view.streamLabel, shardId }))
    if (at !== undefined) finished.add(shardId)
  }
  for (let from = 0; from < uncertain.length; from += requestsAtOnce)
    await Promise.all(uncertain.slice(from, from + requestsAtOnce).map(learn))
}

// A suspended machine's monotonic clock stands still, and a wall clock may be set back: whichever says that more has passed.
function freshness({ clock }: StreamPassSetting): () => boolean {
  const [began, beganAt] = [clock.monotonic(), clock.now()]
  return () => Math.max(clock.monotonic() - began, clock.now() - beganAt) < listingLifeMs
}
