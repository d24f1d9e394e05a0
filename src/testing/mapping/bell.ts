import type { Clock } from '../../internal/clock.ts'

/** Lets loops wait for one another: who changes something rings, and all who wait look again. */
export class Bell {
  readonly #clock: Clock
  #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Resolves at the next ring. Look at what you wait for between this call and awaiting it, or not at all. */
  rung(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves at the next ring, or after `ms`. */
  rungWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(ms, () => {
        this.#waiting = this.#waiting.filter((other) => other !== wake)
        resolve()
      })
      const wake = () => {
        cancel()
        resolve()
      }
      this.#waiting.push(wake)
    })
  }
}
