import type { SeededRandom } from '../../src/simulation/random.ts'

/** A copy in an order that the generator draws (Fisher and Yates). */
export function shuffled<Thing>(things: readonly Thing[], random: SeededRandom): Thing[] {
  const copy = [...things]
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = random.integer(0, index)
    const [one, two] = [copy[index], copy[other]]
    if (one !== undefined && two !== undefined) [copy[index], copy[other]] = [two, one]
  }
  return copy
}
