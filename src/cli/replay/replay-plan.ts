import { emptyCheckpoint, type Checkpoint } from '../../checkpoint/checkpoint.ts'
import type { Lease, LeaseId, NewLease } from '../../leases/lease.ts'
import type { FinishedLease, Rewind, RewoundShard, SeenShard } from '../../leases/rewind.ts'
import type { SequenceNumber } from '../../record/sequence-number.ts'
import type { ReplayFrom } from './replay-from.ts'

/** How many records of a shard would be handed out again, and what would become of them. */
export interface AgainCount {
  readonly delivered: number
  /** The ledger knows them: they are duplicates. */
  readonly absorbed: number
  /** No pattern of the consumer wants them. */
  readonly filtered: number
  /** They are parked, or queue behind what is. */
  readonly parked: number
  /** The consumer's ledger can't say which of them it knows. */
  readonly untold: number
}

export const noneAgain: AgainCount = { delivered: 0, absorbed: 0, filtered: 0, parked: 0, untold: 0 }

/** A shard with what was found in it. */
export interface ScannedShard {
  readonly shardId: string
  readonly parentShardId: string | undefined
  readonly seen: SeenShard | undefined
  /** The first settled record from the wanted place on, and the record before it; absent when there is none. */
  readonly first: { readonly at: SequenceNumber; readonly before: SequenceNumber | undefined } | undefined
  /** From that record on. */
  readonly again: AgainCount
  /** Of all settled records: what happens when an ancestor goes back, and this shard begins anew. */
  readonly anew: AgainCount
}

/** What a replay would do. */
export interface ReplayPlan {
  readonly rewind: Rewind
  readonly lines: readonly ReplayLine[]
}

/** A shard in the plan. */
export interface ReplayLine {
  readonly shardId: string
  /** `rewind`: goes back to a record of it. `anew`: begins from its first record, behind its parent. */
  readonly action: 'rewind' | 'anew'
  readonly again: AgainCount
}

/**
 * In each branch the first shard with such records goes back; all below it is taken back, for the lease of a shard says that
 * its ancestors are finished, and they no longer are. Shards without such records, in branches of their own, stay as they are.
 */
export function replayPlan(streamLabel: string, shards: readonly ScannedShard[], from: ReplayFrom): ReplayPlan {
  const byId = new Map(shards.map((shard) => [shard.shardId, shard]))
  const isBelow = (shard: ScannedShard): boolean => {
    const parent = byId.get(shard.parentShardId ?? '')
    return parent !== undefined && (parent.first !== undefined || isBelow(parent))
  }
  const rewound: RewoundShard[] = []
  const takenBack: SeenShard[] = []
  const lines: ReplayLine[] = []
  for (const shard of shards) {
    const { shardId, seen, first, again, anew } = shard
    if (isBelow(shard)) {
      if (seen === undefined) continue
      takenBack.push(seen)
      lines.push({ shardId, action: 'anew', again: anew })
    } else if (first !== undefined && seen !== undefined) {
      rewound.push({ seen, lease: leaseOf(streamLabel, shard), checkpoint: checkpointAt(first, from) })
      lines.push({ shardId, action: 'rewind', again })
    }
  }
  return { rewind: { rewound, takenBack }, lines }
}

function leaseOf(streamLabel: string, { shardId, parentShardId }: ScannedShard): NewLease {
  return {
    ...{ streamLabel, shardId, startAt: 'TRIM_HORIZON' },
    ...(parentShardId === undefined ? {} : { parentShardId }),
  }
}

/** The horizon moves: named by a record, it would be a gap tomorrow. */
function checkpointAt({ at, before }: NonNullable<ScannedShard['first']>, { kind }: ReplayFrom): Checkpoint {
  if (kind === 'trim-horizon') return emptyCheckpoint
  return before === undefined ? { ...emptyCheckpoint, from: at } : { ...emptyCheckpoint, after: before }
}

/** What there is of a shard, by its lease's id. */
export function seenShard(id: LeaseId, leases: readonly Lease[], finished: readonly FinishedLease[]) {
  const lease = leases.find((one) => one.id === id)
  if (lease !== undefined) return { lease }
  const done = finished.find((one) => one.id === id)
  return done === undefined ? undefined : { finished: done }
}
