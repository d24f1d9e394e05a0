import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { SequenceNumber } from '../record/sequence-number.ts'

/** Where reading begins in a shard of which nothing is settled yet. */
export type StartPosition = 'TRIM_HORIZON' | 'LATEST'

/** Names a lease within its fleet: `<streamLabel>#<shardId>`. */
export type LeaseId = `${string}#${string}`

/** Data of a shard that can't be read any more, and was not before it went. */
export interface Gap {
  /** `trimmed`: records after `after` are gone, the shard is still there. `missing`: the shard is no longer there. */
  readonly kind: 'trimmed' | 'missing'
  /** The last record before the gap; absent when nothing of the shard had been settled. */
  readonly after?: SequenceNumber
  /** When it was found, epoch ms. */
  readonly foundAt: number
}

/** A shard that is to be consumed: its place in the stream's tree. */
export interface NewLease {
  readonly streamLabel: string
  readonly shardId: string
  readonly parentShardId?: string
  readonly startAt: StartPosition
}

/**
 * The right to consume a shard, as its row says. A row exists from the moment from which the shard may be consumed until
 * it was consumed to its end; so every lease there is can be worked at once, and the existence of a child's lease, or of
 * any descendant's, says that its ancestors are finished.
 *
 *     absent ── create ──▶ free ── acquire (epoch + 1) ──▶ owned ── finish ──▶ finished (a row of its own, for days)
 *                            ▲                               │
 *                            ├────────── release ────────────┤
 *                            └── the owner is dead: whoever acquires it raises the epoch, and the old owner's
 *                                writes, all of them conditional on owner and epoch, are refused
 *
 * One writer at a time: the owner of the current epoch. Acquiring is conditional on the epoch that was seen.
 */
export interface Lease extends NewLease {
  readonly id: LeaseId
  /** When the lease was created, or a gap passed, epoch ms: with `LATEST`, records older than that are not wanted. */
  readonly createdAt: number
  /**
   * When the shard was read although there was nothing in it yet, epoch ms; written once in a while, for as long as there is
   * no record to name. Absent when it was never read.
   */
  readonly readAt: number | undefined
  /** Raised at every acquisition; 0 before the first. */
  readonly epoch: number
  /** The worker (its incarnation's id) that acquired it last and has not released it. */
  readonly owner: string | undefined
  readonly checkpoint: Checkpoint
  /**
   * When it was last acquired from an owner that had not released it, epoch ms by the clock of who acquired it; absent when it
   * never was. Kept by those who release it in good order: what the dead one had under way may not have been come upon yet.
   */
  readonly takenOverAt?: number
  /** When it was just acquired: whether its owner before gave it up this moment, and may have read the shard in it. */
  readonly isHandedOver?: boolean
  /** Set while consumption stands still before lost data (`onGap: 'halt'`). */
  readonly gap: Gap | undefined
}

/** A lease held: what every write on it is conditional on. */
export interface HeldLease {
  readonly id: LeaseId
  readonly owner: string
  readonly epoch: number
}

/** The id of a shard's lease. */
export function leaseIdOf({ streamLabel, shardId }: { streamLabel: string; shardId: string }): LeaseId {
  return `${streamLabel}#${shardId}`
}
