import { monotonicMs } from './monotonic.ts'

/**
 * Stops this process in the middle of a handler: after it was let begin, before it writes. Whoever continues the process
 * makes a zombie of it that sends its write as the first thing it does.
 */
export class Trap {
  #until = -Infinity

  /** The next handler that comes by before then (monotonic ms) is caught. */
  set(until: number): void {
    this.#until = until
  }

  /** Stands still here, if the trap is set. */
  pass(): void {
    if (monotonicMs() > this.#until) return
    this.#until = -Infinity
    process.kill(process.pid, 'SIGSTOP')
  }
}
