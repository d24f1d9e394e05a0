import { SeededRandom } from '../../src/simulation/random.ts'
import { shuffled } from './shuffled.ts'
import type { Transfer } from './transfers.ts'

/** A version of a key; of an item that is a transfer, with what is in it. */
export interface Version {
  readonly key: string
  readonly n: number
  readonly transfer?: Transfer
}

/** How much is produced, of how many keys or between how many accounts. */
export interface Share {
  readonly seed: string
  readonly keyCount: number
  readonly insertCount: number
}

const blockSize = 100
const burst = 4

/** The order of production: blocks of keys, some versions of each close together, until each has had its share. */
export function* versionRounds({ seed, keyCount, insertCount }: Share): Generator<readonly Version[]> {
  const random = new SeededRandom(`producer/${seed}`)
  const keys = Array.from({ length: keyCount }, (_, index) => `k${index}`)
  const latest = new Map<string, number>()
  let left = insertCount
  while (left > 0) {
    const order = shuffled(keys, random)
    for (let from = 0; from < order.length; from += blockSize)
      for (let time = 0; time < burst && left > 0; time += 1) {
        const block = order.slice(from, Math.min(from + blockSize, from + left))
        const round = block.map((key) => ({ key, n: (latest.get(key) ?? 0) + 1 }))
        for (const { key, n } of round) latest.set(key, n)
        left -= round.length
        yield round
      }
  }
}
