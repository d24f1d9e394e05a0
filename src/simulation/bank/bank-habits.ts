import type { SeededRandom } from '../random.ts'

/** How money is moved where effects commit with their marks. */
export interface BankHabits {
  /** Few are in each other's way: no transaction takes an item twice, and rows that are locked are waited for. */
  readonly accountCount: number
  /** A transaction meets another one at one of its items, or is refused as too much. */
  readonly conflicts: number
  /** For so long, from the beginning, the first account refuses what is moved: that is the record's failure, and no other's. */
  readonly frozenMs: number
  /** The stream is delivered from its beginning once more: beside what goes on, or after all workers were stopped. */
  readonly isReplayed: boolean
}

export function drawBank(random: SeededRandom): BankHabits {
  return {
    accountCount: random.pick([2, 4, 12, 60]),
    conflicts: random.chance(0.3) ? 0.3 * random.next() : 0,
    frozenMs: random.chance(0.2) ? random.integer(500, 8_000) : 0,
    isReplayed: random.chance(0.3),
  }
}
