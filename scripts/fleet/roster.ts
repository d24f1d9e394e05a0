import type { SeededRandom } from '../../src/simulation/random.ts'

/** A worker that can't reach the service does not start; what is tried here is those that did. */
const startMs = 3_000

/** Names the n-th worker that is ever started, from 1. */
export function workerName(n: number): string {
  return `w${n}`
}

/** Who is there, and until when each is disturbed. */
export class Roster {
  readonly #busyUntil = new Map<string, number>()
  readonly #joinsAt = new Map<string, number>()
  readonly #sleepsUntil = new Map<string, number>()
  #stillUntil = -Infinity
  #count = 0

  constructor(workerCount: number) {
    for (let n = 0; n < workerCount; n += 1) this.add(-Infinity)
  }

  get size(): number {
    return this.#busyUntil.size
  }

  add(atMs: number): string {
    const name = workerName((this.#count += 1))
    this.#busyUntil.set(name, atMs + startMs)
    this.#joinsAt.set(name, atMs)
    return name
  }

  remove(worker: string): void {
    this.#busyUntil.delete(worker)
  }

  /** Removes all that are there and do not sleep; false when they stand still already. */
  standStill(atMs: number, untilMs: number): boolean {
    if (atMs < this.#stillUntil) return false
    this.#stillUntil = untilMs
    for (const worker of this.#busyUntil.keys()) {
      const isThere = (this.#joinsAt.get(worker) ?? -Infinity) <= atMs
      if (isThere && (this.#sleepsUntil.get(worker) ?? -Infinity) <= atMs) this.remove(worker)
    }
    return true
  }

  disturb(worker: string, untilMs: number, sleepsUntilMs: number): void {
    this.#busyUntil.set(worker, untilMs)
    this.#sleepsUntil.set(worker, sleepsUntilMs)
  }

  /** One of those in peace, unless it is the last of them. */
  pickCalm(atMs: number, random: SeededRandom): string | undefined {
    const calm = [...this.#busyUntil].filter(([, until]) => until <= atMs).map(([name]) => name)
    const drawn = random.integer(0, Math.max(0, calm.length - 1))
    return calm.length > 1 ? calm[drawn] : undefined
  }
}
