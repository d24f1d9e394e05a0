import type { Clock, Random } from '../internal/clock.ts'
import type { StartPosition } from '../leases/lease.ts'
import type { DynamoDBSender } from '../ledger/dynamodb/requests.ts'
import type { StreamsSender } from '../source/dynamodb-streams.ts'
import type { Logger } from '../telemetry/log.ts'

/** How a worker runs. Everything is checked by `createWorker`. */
export interface WorkerOptions {
  /** The table whose changes are consumed, or several. Each needs a stream. */
  readonly tableName: string | readonly string[]
  /** A DynamoDBClient of the AWS SDK v3: for the coordination table, and to find the tables' streams. */
  readonly dynamodb: DynamoDBSender
  /** A DynamoDBStreamsClient of the AWS SDK v3. */
  readonly streams: StreamsSender
  /** The table in which the workers of a fleet find each other; see `createTidemarkTable`. Ledgers may share it. */
  readonly coordinationTableName: string
  /**
   * Where to begin, the very first time a consumer meets a table: with the oldest change that the stream still has, or with
   * what is written once `start` has resolved. Later starts go on where the fleet stood. @default 'TRIM_HORIZON'
   */
  readonly startAt?: StartPosition
  /**
   * Milliseconds of silence after which the others take over a worker's shards; 1,000 to 300,000. It beats every third of
   * it, and stops working by itself after 0.8 of it without a heartbeat. @default 10_000
   */
  readonly leaseDurationMs?: number
  /**
   * Milliseconds between two saves of a shard's progress, at least; 10 to 60,000. A shard without progress is not saved. What
   * a crash makes run again is what was settled since the last save. @default 1_000
   */
  readonly checkpointIntervalMs?: number
  /** Milliseconds that running handlers are given when a shard is handed over or the worker stops; 0 to 900,000. @default 20_000 */
  readonly shutdownTimeoutMs?: number
  /**
   * What to do where the stream has lost data that was not read: stand still before it, or go on behind it. Either way
   * `tidemark:stream:gap` tells it. @default 'halt'
   */
  readonly onGap?: 'halt' | 'continue'
  /** Milliseconds between two looks at a shard in which nothing happens, at most; 10 to 60,000. @default 2_000 */
  readonly idlePollMs?: number
  /** Reads a second and shard, at most; above 0. AWS documents no limit, and refuses more than about 5. @default 5 */
  readonly maxReadsPerSecond?: number
  /** Records of a shard read ahead of the first one that is not settled; 1,000 to 1,000,000. @default 10_000 */
  readonly maxRunAheadRecords?: number
  /** The same in bytes; 1 MB to 1 GB. @default 32 MB */
  readonly maxRunAheadBytes?: number
  /** What to call this worker in rows and in status. Default: host name and process id. */
  readonly workerName?: string
  /** Where warnings and errors go. Default: JSON lines on the console. */
  readonly logger?: Logger
  /** Time, for tests and simulations. Default: the machine's. */
  readonly clock?: Clock
  /** Randomness, for tests and simulations. Default: the machine's. */
  readonly random?: Random
}

export type { StreamsSender } from '../source/dynamodb-streams.ts'
