import { ConfigurationError } from '../errors.ts'
import { Bell } from './mapping/bell.ts'
import type { ShardNode } from './mapping/lineage.ts'
import { type EventSourceMappingOptions, resolveMappingOptions } from './mapping/options.ts'
import { emptyTally, type MappingStatistics } from './mapping/statistics.ts'
import { type StreamApi, streamApi } from './mapping/stream-api.ts'
import { StreamFollower } from './mapping/stream-follower.ts'
import type { MappingParts } from './mapping/sub-queue.ts'

export type { EventSourceMappingOptions, FailureDestination } from './mapping/options.ts'
export type { FailureDocument } from './mapping/failure-document.ts'
export type { FunctionContext } from './mapping/function-context.ts'
export type { MappingStatistics, StreamGap } from './mapping/statistics.ts'
export type { StreamEvent, StreamEventRecord, TimeWindowEvent } from './mapping/stream-event.ts'
export type { StreamsClient } from './mapping/streams-client.ts'

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
   * as that takes, so with unlimited retries a record that always fails makes it wait for ever. It does not wait for a
   * tumbling window to end.
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

class Mapping implements EventSourceMapping {
  readonly #parts: MappingParts
  readonly #follower: StreamFollower
  #started: Promise<void> | undefined
  #stopping = new AbortController()
  #ended: Promise<void> = Promise.resolve()

  constructor(options: EventSourceMappingOptions) {
    const resolved = resolveMappingOptions(options)
    const [changed, hurry] = [new Bell(resolved.clock), new Bell(resolved.clock)]
    this.#parts = { options: resolved, tally: emptyTally(), changed, hurry }
    this.#follower = new StreamFollower(this.#parts)
  }

  async start(): Promise<void> {
    this.#started ??= this.#begin()
    try {
      await this.#started
    } catch (error) {
      this.#started = undefined
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#parts.changed.ring()
    this.#parts.hurry.ring()
    await this.#started?.catch(() => {}) // whoever called start was told
    await this.#ended
    this.#started = undefined
    this.#throwFailure()
  }

  async drain(): Promise<void> {
    if (this.#started === undefined) throw new Error('start the mapping before draining it')
    await this.#started
    const stopped = this.#stopping.signal
    const round = this.#follower.beginRound()
    while (!this.#follower.isSettledSince(round)) {
      await this.#parts.changed.rung()
      this.#throwFailure()
      if (stopped.aborted) throw new Error('the mapping was stopped before it had drained')
    }
  }

  statistics(): MappingStatistics {
    return { ...this.#parts.tally }
  }

  async #begin(): Promise<void> {
    const { streams, streamArn, startingPosition } = this.#parts.options
    const stopping = new AbortController()
    this.#stopping = stopping
    const api = await streamApi(streams, streamArn)
    const listed = await firstListing(api, streamArn)
    this.#ended = this.#follower.run(api, listed, stopping)
    if (startingPosition === 'LATEST') await this.#follower.opened()
  }

  #throwFailure(): void {
    if (this.#follower.failure !== undefined) throw this.#follower.failure.error
  }
}

async function firstListing(api: StreamApi, streamArn: string): Promise<readonly ShardNode[]> {
  try {
    return await api.listShards()
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ResourceNotFoundException') throw cause
    throw new ConfigurationError(`there is no stream ${streamArn}`, { cause })
  }
}
