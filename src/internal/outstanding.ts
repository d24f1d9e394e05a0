/** How much is under way, and whoever waits until all of it that was there when they asked is over. */
export class Outstanding {
  #begunCount = 0
  #size = 0
  readonly #waits = new Set<{ readonly through: number; left: number; readonly resolve: () => void }>()

  get size(): number {
    return this.#size
  }

  /** Something begins. @returns its number, for `ended`. */
  begun(): number {
    this.#size += 1
    this.#begunCount += 1
    return this.#begunCount
  }

  /** It is over; once. */
  ended(number: number): void {
    this.#size -= 1
    for (const wait of this.#waits) {
      if (number > wait.through) continue
      wait.left -= 1
      if (wait.left > 0) continue
      this.#waits.delete(wait)
      wait.resolve()
    }
  }

  /** Resolves when everything that is under way now is over, however much comes behind it. */
  over(): Promise<void> {
    if (this.#size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waits.add({ through: this.#begunCount, left: this.#size, resolve }))
  }
}
