import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Lease } from '../leases/lease.ts'
import { type ReadPosition, retentionMs } from '../source/stream-reading.ts'

// A record's time has whole seconds, rounded down, and comes from another clock than the lease's.
const createdAtSlackMs = 5_000

/** A place in a shard, and how to count from there. */
export interface Start {
  readonly position: ReadPosition
  /**
   * Records older than this (epoch ms) are passed over without being counted, up to the first one that is not. It is for what
   * comes from TRIM_HORIZON, which is read where LATEST can't be asked for any more.
   */
  readonly notBefore: number | undefined
}

/**
 * Where to read a shard from.
 *
 * With a checkpoint the place is a record. Without one it is an end of the shard, and an end moves: LATEST is asked for
 * only once, by the first owner, for what is written between two iterators would be passed over by the second. Whoever comes
 * after it reads from TRIM_HORIZON and drops what is older than the lease, so that nothing since then is missed. That compares
 * two clocks, the service's and that of the worker that made the lease; nothing else tells the place.
 */
export function startOf(lease: Lease, checkpoint: Checkpoint, isFirstRead: boolean): Start {
  const { after, from } = checkpoint
  if (after !== undefined) return { position: { type: 'AFTER_SEQUENCE_NUMBER', after }, notBefore: undefined }
  if (from !== undefined) return { position: { type: 'AT_SEQUENCE_NUMBER', at: from }, notBefore: undefined }
  if (lease.startAt === 'TRIM_HORIZON') return { position: { type: 'TRIM_HORIZON' }, notBefore: undefined }
  const type = isFirstRead && lease.epoch === 1 ? 'LATEST' : 'TRIM_HORIZON'
  return { position: { type }, notBefore: lease.createdAt - createdAtSlackMs }
}

/**
 * Whether records may be gone that TRIM_HORIZON would pass over without a word: no place in the shard is known, and nobody
 * has looked at it for as long as records live.
 */
export function mayBeTrimmed({ createdAt, readAt = createdAt }: Lease, checkpoint: Checkpoint, now: number): boolean {
  return !hasPlace(checkpoint) && now - Math.max(createdAt, readAt) > retentionMs
}

/**
 * Whether to note that the shard is being read, so that {@link mayBeTrimmed} can be told from an idle shard later, and the
 * others of a fleet that starts at LATEST know that this one is open.
 */
export function isNoteDue({ startAt, createdAt }: Lease, notedAt: number | undefined, now: number): boolean {
  return (startAt === 'LATEST' && notedAt === undefined) || now - (notedAt ?? createdAt) > retentionMs / 4
}

/** Whether the checkpoint names a record. */
export function hasPlace({ after, from }: Checkpoint): boolean {
  return after !== undefined || from !== undefined
}
