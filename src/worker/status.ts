import type { StuckLane } from '../consumer/stuck-lanes.ts'
import type { Pause } from '../leases/coordination.ts'
import type { Gap } from '../leases/lease.ts'
import type { SequenceNumber } from '../record/sequence-number.ts'
import type { ShardState } from './shard-run.ts'

/** A worker at a glance. */
export interface WorkerStatus {
  readonly state: 'new' | 'starting' | 'running' | 'stopping' | 'stopped'
  readonly fleets: readonly FleetStatus[]
}

/** One consumer's fleet on one table, as this member of it sees it. */
export interface FleetStatus {
  readonly consumer: string
  readonly tableName: string
  /** This worker's id in rows and events; another one each time it comes back from having been given up for dead. */
  readonly workerId: string
  /** Set while the fleet stands still because an operator asked for it (`tidemark pause`): nobody has a shard then. */
  readonly pause: Pause | undefined
  /** Every live worker of the fleet, as last read. */
  readonly workers: readonly { readonly id: string; readonly host: string; readonly leaving: boolean }[]
  /**
   * Lanes of the table that are parked, as found when this worker's shards were opened, with those that it has parked since.
   * Others may have redriven some meanwhile: `consumer.parked` looks.
   */
  readonly parkedLaneCount: number
  /** Every shard that is not finished: those of this worker as they are, the others as last read. */
  readonly shards: readonly ShardStatus[]
}

/** One shard. */
export interface ShardStatus {
  readonly streamArn: string
  readonly shardId: string
  /** Absent when nobody has it. */
  readonly owner: string | undefined
  readonly epoch: number
  /** `elsewhere`: another worker has it. `free`: nobody. The others: what this worker does with it. */
  readonly state: ShardState | 'elsewhere' | 'free'
  /** The last record up to which everything is settled. */
  readonly frontier: SequenceNumber | undefined
  /** Records that are settled beyond the frontier's first unsettled one. */
  readonly settledBeyondCount: number
  /** Records that were read and are not settled; known of one's own shards only. */
  readonly unsettledCount: number | undefined
  /** Milliseconds since the oldest unsettled record was written; 0 when all is settled. Known of one's own shards only. */
  readonly lagMs: number | undefined
  /** Milliseconds until records that are not settled yet are trimmed by the stream, which keeps them for 24 hours. */
  readonly trimInMs: number | undefined
  /** Lanes that stand still at a record. */
  readonly stuckLanes: readonly StuckLane[]
  readonly gap: Gap | undefined
}
