import { ConfigurationError } from '../errors.ts'
import { Bell } from './mapping/bell.ts'
import { readableShards, type ShardNode } from './mapping/lineage.ts'
import { type EventSourceMappingOptions, resolveMappingOptions } from './mapping/options.ts'
import { ShardRun } from './mapping/shard-run.ts'
import { emptyTally, type MappingStatistics } from './mapping/statistics.ts'
import { type StreamApi, streamApi } from './mapping/stream-api.ts'
import type { MappingParts } from './mapping/sub-queue.ts'

export type { EventSourceMappingOptions, FailureDestination } from './mapping/options.ts'
export type { FailureDocument } from './mapping/failure-document.ts'
export type { FunctionContext } from './mapping/function-context.ts'
export type { MappingStatistics, StreamGap } from './mapping/statistics.ts'
export type { StreamEvent, StreamEventRecord, TimeWindowEvent } from './mapping/stream-event.ts'
export type { StreamsClient } from './mapping/stream-api.ts'

/** Lambda's event source mapping for a DynamoDB stream, in this process. */
export interface EventSourceMapping {
  /**
   * Begins to read and to deliver, or goes on after `stop`. With `LATEST`, what is written after it resolves is delivered.
   * @throws ConfigurationError when there is no such stream.
   */
  start(): Promise<void>
  /** Ends it: no more invocations; resolves when those that run have ended. What is not settled comes again after `start`. */
  stop(): Promise<void>
  /**
   * Resolves when every record that is in the stream now is settled: handled, filtered out or given up. It takes as long
   * as that takes, so with unlimited retries a record that always fails makes it wait for ever.
   */
  drain(): Promise<void>
  statistics(): MappingStatistics
}

/**
 * Makes an event source mapping that does what Lambda's does: batches, retries, bisects, reads partial batch responses,
 * gives up to a destination, keeps a window's state. The checkpoint lives as long as the object.
 *
 * @throws ConfigurationError when an option is out of Lambda's bounds.
 */
export function createEventSourceMapping(options: EventSourceMappingOptions): EventSourceMapping {
  return new Mapping(options)
}

interface Run {
  readonly stopping: AbortController
  readonly done: Promise<void>
}

class Mapping implements EventSourceMapping {
  readonly #parts: MappingParts
  readonly #reading = new Map<string, ShardRun>()
  readonly #finished = new Set<string>()
  #run: Promise<Run> | undefined
  #hasStarted = false
  #round = 0
  #listedRound = -1
  #listedUnfinished = 0
  #shardFinished = false
  #failure: { readonly error: unknown } | undefined

  constructor(options: EventSourceMappingOptions) {
    const resolved = resolveMappingOptions(options)
    const [changed, hurry] = [new Bell(resolved.clock), new Bell(resolved.clock)]
    this.#parts = { options: resolved, tally: emptyTally(), changed, hurry }
  }

  async start(): Promise<void> {
    this.#run ??= this.#begin()
    try {
      await this.#run
    } catch (error) {
      this.#run = undefined
      throw error
    }
  }

  async stop(): Promise<void> {
    const run = await this.#run
    run?.stopping.abort()
    this.#parts.changed.ring()
    this.#parts.hurry.ring()
    await run?.done
    this.#run = undefined
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async drain(): Promise<void> {
    const run = await this.#run
    if (run === undefined) throw new Error('start the mapping before draining it')
    const round = ++this.#round
    this.#parts.hurry.ring()
    while (!this.#isSettledSince(round)) {
      await this.#parts.changed.rung()
      if (this.#failure !== undefined) throw this.#failure.error
      if (run.stopping.signal.aborted) throw new Error('the mapping was stopped before it had drained')
    }
  }

  statistics(): MappingStatistics {
    return { ...this.#parts.tally }
  }

  async #begin(): Promise<Run> {
    const { options } = this.#parts
    const api = await streamApi(options.streams, options.streamArn)
    const shards = await listOrExplain(api, options.streamArn)
    const stopping = new AbortController()
    const shardRuns = new Set<Promise<void>>()
    const begin = (listed: readonly ShardNode[]) => this.#beginReadable(listed, api, stopping, shardRuns)
    if (!this.#hasStarted && options.startingPosition === 'LATEST') {
      for (const { shardId, closed } of shards) if (closed) this.#finished.add(shardId)
    }
    for (const shard of this.#reading.values()) shardRuns.add(this.#follow(shard, '', api, stopping))
    return { stopping, done: Promise.resolve() }
  }
}
