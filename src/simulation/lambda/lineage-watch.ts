import type { Change } from '../history.ts'

/** A shard with all the changes it ever held. */
export interface ShardOfChanges {
  readonly shardId: string
  readonly parentShardId: string | undefined
  readonly changes: readonly Change[]
}

/**
 * Watches in which order one consumer is done with the shards of a stream: nothing of a child may be delivered before all
 * of its parent is settled, or somebody was told. It keeps every change's place among all that happened, and judges at
 * the end, when it is known which shard each change was in.
 */
export class LineageWatch {
  readonly #deliveredAt = new Map<string, number>()
  readonly #doneAt = new Map<string, number>()
  #ordinal = 0

  /** These came to a host for the first time, or again. */
  delivered(eventIds: readonly string[]): void {
    this.#note(this.#deliveredAt, eventIds)
  }

  /** These are settled, or somebody was told. */
  done(eventIds: readonly string[]): void {
    this.#note(this.#doneAt, eventIds)
  }

  /** Of how many changes nothing is left to do. */
  get doneCount(): number {
    return this.#doneAt.size
  }

  /** What came before its parent was done with: a sentence for each such change. */
  complaints(shards: readonly ShardOfChanges[]): string[] {
    return shards.flatMap(({ parentShardId, changes }) => {
      const parent = shards.find(({ shardId }) => shardId === parentShardId)
      if (parent === undefined) return []
      const parentDoneAt = Math.max(-1, ...parent.changes.map(({ eventId }) => this.#doneAt.get(eventId) ?? Infinity))
      return changes
        .filter(({ eventId }) => (this.#deliveredAt.get(eventId) ?? Infinity) < parentDoneAt)
        .map(({ eventId }) => `${eventId} was delivered before its shard's parent was done with`)
    })
  }

  // Only the first time counts: what comes again says nothing of the order.
  #note(places: Map<string, number>, eventIds: readonly string[]): void {
    this.#ordinal += 1
    for (const eventId of eventIds) if (!places.has(eventId)) places.set(eventId, this.#ordinal)
  }
}
