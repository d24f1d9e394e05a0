import type { Clock } from '../../../internal/clock.ts'

// While handlers run whose transactions could go along. Shorter than any commit takes.
const lingerMs = 5

/**
 * When what is ready is committed: at once when it fills a transaction; when no handler runs any more, in the next turn of
 * the event loop, in which others may begin; else after a moment.
 */
export class GroupCommit {
  readonly #clock: Clock
  readonly #send: () => void
  #runningCount = 0
  #cancel: (() => void) | undefined
  #isIdleTimer = false

  constructor(clock: Clock, send: () => void) {
    this.#clock = clock
    this.#send = send
  }

  /** A handler begins. */
  begin(): void {
    this.#runningCount += 1
  }

  /** A handler has ended. */
  end(): void {
    this.#runningCount -= 1
    if (this.#cancel !== undefined) this.soon(false)
  }

  /** Something is ready. */
  soon(isFull: boolean): void {
    if (isFull) return this.now()
    const isIdle = this.#runningCount === 0
    if (this.#cancel !== undefined && (this.#isIdleTimer || !isIdle)) return
    this.#cancel?.()
    this.#isIdleTimer = isIdle
    this.#cancel = this.#clock.schedule(isIdle ? 0 : lingerMs, () => this.now())
  }

  /** Nobody waits for more. */
  now(): void {
    this.stop()
    this.#send()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
