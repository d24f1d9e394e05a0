import { readableShards, type ShardNode } from './lineage.ts'
import { ShardRun } from './shard-run.ts'
import type { StreamApi } from './stream-api.ts'
import type { MappingParts } from './sub-queue.ts'

// A shard's end makes it look at once; this is for what else may change, and for children that are listed late.
const listIntervalMs = 10_000
const lateChildMs = 1_000

type Follow = (shardId: string, shard: ShardRun) => void

/** Keeps the shards of a stream being read: parents before their children, and new ones when they appear. */
export class StreamFollower {
  readonly #parts: MappingParts
  readonly #reading = new Map<string, ShardRun>()
  readonly #finished = new Set<string>()
  #hasListed = false
  #round = 0
  #listedRound = -1
  #listedFinished = 0
  #held = 0
  #failure: { readonly error: unknown } | undefined

  constructor(parts: MappingParts) {
    this.#parts = parts
  }

  /** What ended a run that nobody stopped: a defect, not a state of the stream. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Begins a round: from now on everybody looks whether there is something new. Its number is for `isSettledSince`. */
  beginRound(): number {
    this.#round++
    this.#parts.hurry.ring()
    return this.#round
  }

  /** Whether everything is settled that was in the stream when the round began. */
  isSettledSince(round: number): boolean {
    if (this.#listedRound < round || this.#held > 0 || this.#isListingStale()) return false
    return [...this.#reading.values()].every((shard) => shard.isSettledSince(round))
  }

  /** Resolves when the shards of the first listing are being read from where they are to be read. */
  async opened(): Promise<void> {
    await Promise.all([...this.#reading.values()].map(({ opened }) => opened))
  }

  /** Goes on from where it was stopped. `listed` is a fresh listing. Resolves when all has ended after `stopping` was aborted. */
  async run(api: StreamApi, listed: readonly ShardNode[], stopping: AbortController): Promise<void> {
    const stopped = stopping.signal
    const runs: Promise<void>[] = []
    const follow: Follow = (shardId, shard) => runs.push(this.#follow(shardId, shard, api, stopping))
    for (const [shardId, shard] of this.#reading) follow(shardId, shard)
    this.#take(listed, follow)
    this.#noteListing(this.#round, this.#finished.size)
    while (!stopped.aborted) {
      await this.#nap()
      if (!stopped.aborted) await this.#relist(api, follow, stopped)
    }
    await Promise.all(runs)
  }

  async #relist(api: StreamApi, follow: Follow, stopped: AbortSignal): Promise<void> {
    // As of before the question: what changes while it is being answered asks for another.
    const [round, finished] = [this.#round, this.#finished.size]
    const { tally, options, changed } = this.#parts
    try {
      const listed = await api.listShards()
      if (!stopped.aborted) this.#take(listed, follow)
      this.#noteListing(round, finished)
      changed.ring()
    } catch (error) {
      tally.streamErrorCount++
      tally.lastError = error
      await options.clock.sleep(options.pollIntervalMs, stopped)
    }
  }

  #noteListing(round: number, finished: number): void {
    this.#listedRound = round
    this.#listedFinished = finished
  }

  #take(listed: readonly ShardNode[], follow: Follow): void {
    const { startingPosition } = this.#parts.options
    const isFirst = !this.#hasListed
    this.#hasListed = true
    const skipped = isFirst && startingPosition === 'LATEST' ? listed.filter(({ closed }) => closed) : []
    for (const { shardId } of skipped) this.#finished.add(shardId)
    for (const { shardId } of readableShards(listed, this.#finished, new Set(this.#reading.keys()))) {
      const from = isFirst ? startingPosition : 'TRIM_HORIZON'
      const shard = new ShardRun({ shardId, from, appearedLater: !isFirst }, this.#parts, () => this.#round)
      this.#reading.set(shardId, shard)
      follow(shardId, shard)
    }
    this.#held = listed.filter(({ shardId }) => !this.#finished.has(shardId) && !this.#reading.has(shardId)).length
  }

  async #follow(shardId: string, shard: ShardRun, api: StreamApi, stopping: AbortController): Promise<void> {
    try {
      await shard.run(api, stopping.signal)
    } catch (error) {
      this.#failure ??= { error }
      stopping.abort()
    }
    if (shard.finished) {
      this.#reading.delete(shardId)
      this.#finished.add(shardId)
    }
    this.#parts.changed.ring()
    this.#parts.hurry.ring()
  }

  // A shard that has finished since may have had children that the listing does not know.
  #isListingStale(): boolean {
    return this.#finished.size > this.#listedFinished
  }

  async #nap(): Promise<void> {
    if (this.#isListingStale() || this.#listedRound < this.#round) return
    await this.#parts.hurry.rungWithin(this.#reading.size === 0 ? lateChildMs : listIntervalMs)
  }
}
