import type { Clock } from './clock.ts'

/** A wait of one loop, which others can cut short. One sleeper at a time. */
export class Nap {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #wake: (() => void) | undefined

  /** @param signal Ends every wait, for good. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  /** Resolves after `ms`, at a `wake`, or once the signal aborts. */
  sleep(ms: number): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        cancel()
        this.#signal.removeEventListener('abort', wake)
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#clock.schedule(ms, wake)
      this.#signal.addEventListener('abort', wake, { once: true })
      this.#wake = wake
    })
  }

  /** Ends the wait that goes on just now; whether there was one. */
  wake(): boolean {
    const wake = this.#wake
    wake?.()
    return wake !== undefined
  }
}
