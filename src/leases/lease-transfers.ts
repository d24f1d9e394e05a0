import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { NewLease } from './lease.ts'

/** A shard that was consumed to its end. */
export interface FinishedShard {
  readonly streamLabel: string
  readonly shardId: string
  readonly parentShardId?: string
}

/**
 * What is needed, beside a `LeaseTable`, to take over another system's leases or to hand ours to it. Not for a fleet that
 * works: nothing here is conditional on an owner. Methods throw a `CoordinationError` when the table can't be reached.
 */
export interface LeaseTransfers {
  /** Creates a free lease with progress made elsewhere, unless it exists or its shard was finished. */
  createAt(lease: NewLease, checkpoint: Checkpoint): Promise<'created' | 'exists' | 'finished'>
  /** Notes that a shard was consumed to its end elsewhere, unless that is noted or the shard has a lease. */
  createFinished(shard: FinishedShard): Promise<'created' | 'exists' | 'finished'>
  /** The shards that are known to be finished, for seven days after; strongly consistent. */
  finished(): Promise<FinishedShard[]>
}
