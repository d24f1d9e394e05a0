import { setMaxListeners } from 'node:events'
import { DeadlineError } from '../errors.ts'
import type { Clock } from '../internal/clock.ts'

/** The time a host gives to a batch, in milliseconds from the call, each moment at or after the one before it. */
export interface TimeLimits {
  /** From here on no handler is started, and the `signal` of the running ones is aborted. */
  readonly startWithinMs: number
  /** From here on no handler is waited for; what is settled is made durable. */
  readonly handleWithinMs: number
  /** The answer is given here at the latest, whatever is still under way. */
  readonly answerWithinMs: number
  /** From here on this process surely works on the batch no more: a claim of it that is older was left by a dead owner. */
  readonly goneWithinMs: number
}

/** The time of one batch as its stages see it. Without limits it never runs out. */
export class BatchTime {
  readonly #controller = new AbortController()
  readonly #cancels: (() => void)[] = []
  readonly #over: { readonly handle?: Promise<undefined>; readonly answer?: Promise<undefined> }

  constructor(clock: Clock, limits: TimeLimits | undefined) {
    // Every handler of the batch may listen; Node would take the eleventh for a leak.
    setMaxListeners(0, this.signal)
    if (limits === undefined) {
      this.#over = {}
      return
    }
    this.#over = {
      handle: this.#after(clock, limits.handleWithinMs),
      answer: this.#after(clock, limits.answerWithinMs),
    }
    const reason = new DeadlineError('the time for this batch is up; what is not settled comes again')
    this.#cancels.push(clock.schedule(limits.startWithinMs, () => this.#controller.abort(reason)))
  }

  /** Aborts when nothing more may be started. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Waits for `work`, but not longer than the phase lasts; then the answer is `undefined` and `work` goes on by itself. */
  within<Result>(phase: 'handle' | 'answer', work: Promise<Result>): Promise<Result | undefined> {
    const over = this.#over[phase]
    return over === undefined ? work : Promise.race([work, over])
  }

  /** Gives the timers back. */
  end(): void {
    for (const cancel of this.#cancels) cancel()
  }

  #after(clock: Clock, ms: number): Promise<undefined> {
    return new Promise((resolve) => this.#cancels.push(clock.schedule(ms, () => resolve(undefined))))
  }
}
