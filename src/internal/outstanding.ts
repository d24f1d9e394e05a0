/** What is under way, and whoever waits until all of it that was there when they asked is over. */
export class Outstanding<Thing> {
  readonly #things = new Set<Thing>()
  readonly #waits = new Set<{ readonly left: Set<Thing>; readonly resolve: () => void }>()

  get size(): number {
    return this.#things.size
  }

  add(thing: Thing): void {
    this.#things.add(thing)
  }

  /** It is over; a second time is nothing. */
  delete(thing: Thing): void {
    this.#things.delete(thing)
    for (const wait of this.#waits) {
      if (!wait.left.delete(thing) || wait.left.size > 0) continue
      this.#waits.delete(wait)
      wait.resolve()
    }
  }

  /** Resolves when everything that is under way now is over, however much comes behind it. */
  over(): Promise<void> {
    if (this.#things.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waits.add({ left: new Set(this.#things), resolve }))
  }
}
