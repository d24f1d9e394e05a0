import type { Consumer } from '../consumer/consumer.ts'
import { ConfigurationError } from '../errors.ts'
import { streamReading } from '../source/dynamodb-streams.ts'
import { FleetRun } from './fleet-run.ts'
import type { ResolvedWorkerOptions } from './resolve-options.ts'
import type { WorkerStatus } from './status.ts'

/**
 * Consumers in this process, as members of their fleets. Made by `createWorker`.
 *
 *     new ── start ──▶ starting ──▶ running ── stop ──▶ stopping ──▶ stopped
 *                         └── what keeps it from starting is thrown ──▶ stopped
 */
export class Worker {
  readonly #fleets: readonly FleetRun[]
  #state: WorkerStatus['state'] = 'new'
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(consumers: readonly Consumer[], options: ResolvedWorkerOptions) {
    const { streams, clock, random } = options
    // One for all fleets: the account's limit on DescribeStream is theirs together.
    const reading = streamReading(streams, { clock, random })
    this.#fleets = consumers.flatMap((consumer) =>
      options.tableNames.map((tableName) => new FleetRun(consumer, tableName, options, reading)),
    )
  }

  /**
   * Joins the fleets; resolves when this worker has its share of the shards and reads them. Rejects, with nothing left
   * running, with a `ConfigurationError` (no such table, no stream, a stream that does not carry what a consumer needs) or
   * a `CoordinationError` (the coordination table is missing or can't be used).
   */
  start(): Promise<void> {
    if (this.#stopped !== undefined)
      throw new ConfigurationError('this worker was stopped, which is for good: create another')
    return (this.#started ??= this.#start())
  }

  /**
   * Stops reading, lets running handlers finish (for `shutdownTimeoutMs` at most), saves what is settled and gives up the
   * shards, so that others go on at once. Call it on SIGTERM; nothing else listens to signals here.
   */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  /** What this worker does, and what it knows of its fleets. */
  status(): WorkerStatus {
    return { state: this.#state, fleets: this.#fleets.map((fleet) => fleet.status()) }
  }

  async #start(): Promise<void> {
    this.#state = 'starting'
    try {
      const started = await Promise.allSettled(this.#fleets.map((fleet) => fleet.start()))
      for (const result of started) if (result.status === 'rejected') throw result.reason
      if (this.#stopped === undefined) this.#state = 'running'
    } catch (error) {
      // Those that did start have to be stopped, and are before anybody hears of it.
      await this.stop().catch(() => undefined)
      throw error
    }
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping'
    await Promise.all(this.#fleets.map((fleet) => fleet.stop()))
    this.#state = 'stopped'
  }
}
