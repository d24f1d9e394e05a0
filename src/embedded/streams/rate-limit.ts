/** Counts calls per key over a sliding second. */
export class RateLimit {
  readonly #perSecond: number
  readonly #calls = new Map<string, number[]>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Whether the call may go through; one that may not is not counted. @param now Monotonic milliseconds. */
  allows(key: string, now: number): boolean {
    const recent = (this.#calls.get(key) ?? []).filter((at) => at > now - 1_000)
    const allowed = recent.length < this.#perSecond
    if (allowed) recent.push(now)
    this.#calls.delete(key) // to the end: the first are the ones unused for longest
    this.#calls.set(key, recent)
    this.#forgetIdle(now)
    return allowed
  }

  #forgetIdle(now: number): void {
    for (const [key, calls] of this.#calls) {
      if ((calls.at(-1) ?? -Infinity) > now - 1_000) return
      this.#calls.delete(key)
    }
  }
}
