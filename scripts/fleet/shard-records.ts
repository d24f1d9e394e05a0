import { hasBit } from '../../src/checkpoint/bitmap.ts'
import { compareSequenceNumbers, parseSequenceNumber } from '../../src/record/sequence-number.ts'
import { changeOf, type Change } from './facts.ts'
import type { JournalEntry } from './journal.ts'
import { shardOf } from './poison.ts'
import type { Save } from './tenures.ts'

/** The records of one shard in its order: those that were handled, which are all, as nothing is filtered. */
export class ShardRecords {
  readonly changes: readonly Change[]
  readonly #places: ReadonlyMap<string, number>
  readonly #ordinals: ReadonlyMap<Change, number>

  private constructor(changes: ReadonlyMap<string, Change>) {
    const read = (text: string) => parseSequenceNumber(text, 'a line of a journal')
    const inOrder = [...changes].toSorted(([one], [other]) => compareSequenceNumbers(read(one), read(other)))
    this.changes = inOrder.map(([, change]) => change)
    this.#places = new Map(inOrder.map(([sequenceNumber], ordinal) => [sequenceNumber, ordinal]))
    this.#ordinals = new Map(this.changes.map((change, ordinal) => [change, ordinal]))
  }

  /** Those of all shards, by shard. */
  static of(entries: readonly JournalEntry[]): ReadonlyMap<string, ShardRecords> {
    const found = new Map<string, Map<string, Change>>()
    for (const entry of entries) {
      const shardId = shardOf(entry)
      const ofShard = found.get(shardId) ?? new Map<string, Change>()
      found.set(shardId, ofShard.set(entry.sequenceNumber, changeOf(entry)))
    }
    return new Map(Array.from(found, ([shardId, changes]) => [shardId, new ShardRecords(changes)]))
  }

  /** Whether the save says that the change needs no handling any more. */
  covers(save: Save, change: Change): boolean {
    const { settled, base } = this.prefixOf(save)
    const ordinal = this.#ordinals.get(change)
    if (ordinal === undefined) return false
    return ordinal < settled || (ordinal >= base && hasBit(save.beyond, ordinal - base))
  }

  /** How many records from the first on the save says are settled, and of which its bitmap's first bit is. */
  prefixOf({ after, from }: Save): { readonly settled: number; readonly base: number } {
    if (after === undefined) return { settled: 0, base: this.#places.get(from ?? '') ?? Infinity }
    const last = this.#places.get(after)
    if (last === undefined) throw new Error(`a checkpoint names record ${after}, which nobody handled`)
    return { settled: last + 1, base: last + 1 }
  }
}
