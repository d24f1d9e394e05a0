import type { Consumer } from './consumer/consumer.ts'
import type { WorkerOptions } from './worker/options.ts'
import { resolveConsumers, resolveWorkerOptions } from './worker/resolve-options.ts'
import { Worker } from './worker/worker.ts'

export type { StuckLane } from './consumer/stuck-lanes.ts'
export type { LeaseContext } from './handler/handler.ts'
export type { LeaseCondition, Pause } from './leases/coordination.ts'
export type { Gap, StartPosition } from './leases/lease.ts'
export type { DynamoDBSender } from './ledger/dynamodb/requests.ts'
export { createTidemarkTable, type TidemarkTableOptions } from './ledger/dynamodb/table.ts'
export type { StreamsSender, WorkerOptions } from './worker/options.ts'
export type { ShardState } from './worker/shard-run.ts'
export type { FleetStatus, ShardStatus, WorkerStatus } from './worker/status.ts'
export type { Worker } from './worker/worker.ts'

/**
 * Makes a worker: consumers in your own process, sharing their tables' shards with every other worker that runs the same
 * consumers on the same coordination table. Any number of them may come and go.
 *
 * Everything in `options` is checked here: a `ConfigurationError` says what was expected and what was given. Each consumer
 * on each table is a fleet of its own, with its own heartbeat and its own reader of each shard; AWS advises at most two
 * readers of a shard, Lambda functions included. `concurrency` of a consumer counts for each shard.
 */
export function createWorker(consumer: Consumer | readonly Consumer[], options: WorkerOptions): Worker {
  return new Worker(resolveConsumers(consumer), resolveWorkerOptions(options))
}
