/**
 * Counts how many handlers may run at once. First come, first served; `acquire` answers without a promise while a slot
 * is free, since that is the common case and runs once a record.
 */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []
  // Waiters leave from the front by index: Array.shift would make a batch of ten thousand lanes quadratic.
  #next = 0

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a slot, or returns a promise that resolves once one was taken for the caller. */
  acquire(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free -= 1
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Gives a slot back: straight to whoever has waited longest, so that nobody can slip in between. */
  release(): void {
    const waiter = this.#waiting[this.#next]
    if (waiter === undefined) {
      this.#free += 1
      return
    }
    this.#next += 1
    if (this.#next === this.#waiting.length) {
      this.#waiting.length = 0
      this.#next = 0
    }
    waiter()
  }
}
