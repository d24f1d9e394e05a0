import { hasBit } from '../../src/checkpoint/bitmap.ts'
import { changeOf, type Change, type RunFacts } from './facts.ts'
import { place } from './order.ts'
import { isRedriven } from './poison.ts'
import { ShardRecords } from './shard-records.ts'
import type { Save, TenureEnd } from './tenures.ts'

/**
 * What workers knew to be saved of each shard, and how each of them left it. A save says which records need not be handled
 * again, whatever happens to whoever wrote it: no time comes into it, so that a slow machine changes no judgement.
 */
export class Saved {
  readonly #shards: ReadonlyMap<string, ShardRecords>
  readonly #saves: readonly Save[]
  readonly #ends: ReadonlyMap<string, TenureEnd>
  readonly #dead: ReadonlySet<string>
  readonly #firstSettledAt = new Map<Change, number>()
  readonly #doneAt = new Map<string, number>()

  constructor({ entries, saves, ends, disturbances, parkings = [] }: RunFacts) {
    this.#shards = ShardRecords.of(entries)
    this.#saves = saves
    this.#ends = new Map(ends.map((end) => [tenureOf(end), end]))
    this.#dead = new Set(disturbances.filter(({ kind }) => kind === 'kill').map(({ worker }) => worker))
    const done = entries.filter(({ kind }) => kind === 'done')
    for (const entry of done) if (!isRedriven(entry)) this.#doneAt.set(`${changeOf(entry)}#${entry.epoch}`, entry.at)
    for (const settled of [...done, ...parkings]) {
      const change = changeOf(settled)
      this.#firstSettledAt.set(change, Math.min(settled.at, this.#firstSettledAt.get(change) ?? Infinity))
    }
  }

  /** When the handler of an effect was done, as it noted; `undefined` when it never heard of its success. */
  doneAt(effect: { readonly key: string; readonly n: number; readonly epoch: number }): number | undefined {
    return this.#doneAt.get(`${changeOf(effect)}#${effect.epoch}`)
  }

  /** Whether the worker was killed. */
  isDead(worker: string): boolean {
    return this.#dead.has(worker)
  }

  /** The save of an epoch before this one that says that the change needs no handling any more. */
  coveredBefore(change: Change, { shardId, epoch }: { readonly shardId: string; readonly epoch: number }) {
    return this.#saves.find(
      (save) => save.shardId === shardId && save.epoch < epoch && this.#shards.get(shardId)?.covers(save, change),
    )
  }

  /** How the worker that held the shard in this epoch left it; `undefined` when it did not say, as the dead do. */
  endOf(tenure: { readonly shardId: string; readonly epoch: number }): TenureEnd | undefined {
    return this.#ends.get(tenureOf(tenure))
  }

  /** Saves that pass a record of which no handler had succeeded, and that was not parked: a crash would have lost it. */
  passedUndone(): readonly string[] {
    return Array.from(this.#shards, ([shardId, records]) => {
      // At each place, when the last of all up to there was done.
      let latest = -Infinity
      const doneBy = records.changes.map((change) => (latest = Math.max(latest, this.#firstSettled(change))))
      return this.#saves
        .filter((save) => save.shardId === shardId)
        .flatMap((save) => this.#undone(save, records, doneBy))
    }).flat()
  }

  #undone(save: Save, records: ShardRecords, doneBy: readonly number[]): readonly string[] {
    const { settled, base } = records.prefixOf(save)
    const isPrefixDone = settled === 0 || (doneBy[settled - 1] ?? Infinity) <= save.at
    const passed = isPrefixDone ? [] : records.changes.slice(0, settled)
    const beyond = records.changes
      .slice(base, base + save.beyond.length * 8)
      .filter((_, bit) => hasBit(save.beyond, bit))
    return [...passed, ...beyond]
      .filter((change) => this.#firstSettled(change) > save.at)
      .map((change) => `${change} was not done when ${place(save)} saved that it was`)
  }

  #firstSettled(change: Change): number {
    return this.#firstSettledAt.get(change) ?? Infinity
  }
}

function tenureOf({ shardId, epoch }: { readonly shardId: string; readonly epoch: number }): string {
  return `${shardId}#${epoch}`
}
