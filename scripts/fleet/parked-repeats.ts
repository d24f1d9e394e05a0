import { changeOf } from './facts.ts'
import type { JournalEntry } from './journal.ts'
import { isRedriven } from './poison.ts'
import { repeatOf, type Effect, type Repeat } from './repeats.ts'
import type { Saved } from './saved.ts'

/**
 * The effects of a change after its first, where lanes are parked. To queue a record behind one of its lane settles it, and is
 * judged as if its handler had run again; what is in the lot then takes effect once more. So:
 *
 * - a worker's after a worker's, or queued after a worker's: as without parking, by epochs and saves;
 * - a worker's after it was parked: only behind an earlier version that ran again in an epoch since, for an old state would
 *   stay otherwise (nobody asks here whether that was right: it is judged by itself). That need not be the same epoch: the lot
 *   notes it, for a shard may change hands between the two. While the lane is parked it queues; afterwards the lot remembers it;
 * - a redriver's after a redriver's: only if the first was killed over it, and did nothing more in that lane.
 */
export class ParkedRepeats {
  readonly #saved: Saved
  readonly #parkings = new Map<string, Effect[]>()
  readonly #lastInLane = new Map<string, number>()
  /** The versions of a key that workers ran, and under which epochs, by shard and key. */
  readonly #runs = new Map<string, JournalEntry[]>()

  constructor(parkings: readonly Effect[], entries: readonly JournalEntry[], saved: Saved) {
    this.#saved = saved
    for (const parking of parkings) {
      const change = changeOf(parking)
      this.#parkings.set(change, [...(this.#parkings.get(change) ?? []), parking])
    }
    for (const entry of entries) {
      const lane = `${entry.worker}/${entry.key}`
      if (isRedriven(entry)) this.#lastInLane.set(lane, Math.max(entry.n, this.#lastInLane.get(lane) ?? 0))
      const name = laneOf(entry)
      const known = this.#runs.get(name)
      if (known === undefined) this.#runs.set(name, [entry])
      else known.push(entry)
    }
  }

  of(effects: readonly Effect[]): readonly Repeat[] {
    const [some] = effects
    const redriven = effects.filter(isRedriven).toSorted((one, other) => one.at - other.at)
    const parkings = (some && this.#parkings.get(changeOf(some))) ?? []
    const isParking = new Set(parkings)
    const chain = [...effects.filter((effect) => !isRedriven(effect)), ...parkings].toSorted(
      (one, other) => one.epoch - other.epoch || one.at - other.at,
    )
    return [
      ...pairs(chain).flatMap(([first, again]) => {
        if (isParking.has(first)) return isParking.has(again) ? [] : [this.#afterParking(first, again)]
        return [repeatOf(first, again, this.#saved)]
      }),
      ...pairs(redriven).map(([first, again]) => this.#redrivenAgain(first, again)),
    ]
  }

  #afterParking(first: Effect, again: Effect): Repeat {
    const isBehindAnother = this.#runs
      .get(laneOf(again))
      ?.some(({ n, epoch }) => n < again.n && epoch > first.epoch && epoch <= again.epoch)
    return { first, again, ...(isBehindAnother === true ? { because: 'order' } : { wrong: 'it was parked' }) }
  }

  #redrivenAgain(first: Effect, again: Effect): Repeat {
    if (!this.#saved.isDead(first.worker)) return { first, again, wrong: 'its redriver was not killed' }
    const last = this.#lastInLane.get(`${first.worker}/${first.key}`)
    if (last === first.n) return { first, again, because: 'death' }
    return { first, again, wrong: `its redriver went on to version ${last}` }
  }
}

function laneOf({ shardId, key }: Effect): string {
  return `${shardId}/${key}`
}

function pairs(effects: readonly Effect[]): readonly (readonly [Effect, Effect])[] {
  return effects.slice(1).map((again, index) => [effects[index] ?? again, again])
}
