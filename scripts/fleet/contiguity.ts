/**
 * Watches, while effects appear, that none is seen of a version while the one before is not there. Sources are read one
 * after another, so that a single look may see a later one first; but what was written before a look began is seen by that
 * look: a version missed by a look that began after its successor had been seen is out of order.
 */
export class Contiguity {
  readonly #keys = new Map<string, { last: number; readonly ahead: Map<number, number> }>()
  readonly #waiting = new Set<string>()
  readonly violations: string[] = []
  #look = 0

  add(key: string, n: number): void {
    const state = this.#keys.get(key) ?? { last: 0, ahead: new Map<number, number>() }
    this.#keys.set(key, state)
    if (n <= state.last) return
    if (!state.ahead.has(n)) state.ahead.set(n, this.#look)
    while (state.ahead.delete(state.last + 1)) state.last += 1
    if (state.ahead.size === 0) this.#waiting.delete(key)
    else this.#waiting.add(key)
  }

  /** A look at all sources is over. */
  endLook(): void {
    for (const key of this.#waiting) {
      const { last = 0, ahead } = this.#keys.get(key) ?? {}
      const seen = [...(ahead ?? [])].find(([, look]) => look < this.#look)
      if (seen === undefined) continue
      this.violations.push(`${key}@${seen[0]} was seen, and a look later ${key}@${last + 1} was not there`)
      this.#waiting.delete(key)
    }
    this.#look += 1
  }
}
