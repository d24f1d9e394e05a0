import type { Consumer } from '../consumer/consumer.ts'
import type { Clock, Random } from '../internal/clock.ts'
import type { FleetName, LeaseCondition, LeaseTable } from '../leases/coordination.ts'
import type { HeldLease, Lease } from '../leases/lease.ts'
import type { StreamReading } from '../source/stream-reading.ts'
import type { Logger } from '../telemetry/log.ts'

/** How shards are worked: the part of a worker's options that they need. */
export interface ShardPace {
  readonly checkpointIntervalMs: number
  readonly shutdownTimeoutMs: number
  readonly onGap: 'halt' | 'continue'
  readonly idlePollMs: number
  readonly maxReadsPerSecond: number
  readonly maxRunAheadRecords: number
  readonly maxRunAheadBytes: number
}

/** What the shard runs of one fleet share. */
export interface ShardSetting {
  readonly fleet: FleetName
  readonly consumer: Consumer
  readonly leases: LeaseTable
  readonly reading: StreamReading
  readonly pace: ShardPace
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** The ARN of the table's stream with that label. */
  streamArnOf(streamLabel: string): string
  conditionOf(held: HeldLease): LeaseCondition
  /** Whether this worker still has its right to work: synchronous, since after a pause it is asked before any timer runs. */
  mayWork(): boolean
  /** Leases were released, created or finished. */
  onChange(): void
  /** A shard was finished. */
  onFinished(lease: Lease): void
  /** A shard was finished that has no children: there may be another stream, or shards that hang by nothing. */
  onNoChildren(): void
}
