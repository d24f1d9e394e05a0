import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Lease, LeaseId, NewLease } from './lease.ts'

/** A shard that was consumed to its end, with the epoch in which it was. */
export interface FinishedLease {
  readonly id: LeaseId
  readonly epoch: number
}

/** What there is of a shard: a lease, or the note that it is finished. */
export type SeenShard = { readonly lease: Lease } | { readonly finished: FinishedLease }

/** A shard that goes back to an earlier place. */
export interface RewoundShard {
  readonly seen: SeenShard
  readonly lease: NewLease
  readonly checkpoint: Checkpoint
}

/** What an operator takes back of a fleet's progress. */
export interface Rewind {
  readonly rewound: readonly RewoundShard[]
  /** Descendants of those: they begin anew, from their first record, when their parent is finished again. */
  readonly takenBack: readonly SeenShard[]
}

/** Moves a fleet that does not work back in its stream. */
export interface LeaseRewinds {
  /** The shards that are known to be finished; strongly consistent. */
  finished(): Promise<FinishedLease[]>
  /** Takes progress back; `changed` when something of it is not as it was seen: then nothing was, or not all. */
  rewind(rewind: Rewind): Promise<'rewound' | 'changed'>
}
