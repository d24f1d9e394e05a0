import type { Clock } from '../internal/clock.ts'
import { Elapsed, type Moment } from '../internal/elapsed.ts'

// The rest is the others' patience beyond ours: they must never be sure of our death while we still work.
const share = 0.8

/**
 * Whether one incarnation of a member may work: for 0.8 of the lease duration from when its last heartbeat that succeeded
 * was SENT. The others count from when they first saw that heartbeat, which was later, and wait for the whole duration.
 *
 *     none ── renewed ──▶ given ── its time is over, or revoked ──▶ lapsed
 *
 * Lapsed is for ever: what was asked in the meantime was told no and has stopped, and a heartbeat's late reply must not
 * make half of a process go on. A member comes back as a new incarnation with a new right.
 *
 * Time in which the machine was suspended counts; a wall clock that is set forward costs a comeback and no more.
 */
export class RightToWork {
  readonly #clock: Clock
  readonly #durationMs: number
  #renewal: Elapsed | undefined
  #lapsed = false

  constructor(options: { readonly clock: Clock; readonly leaseDurationMs: number }) {
    this.#clock = options.clock
    this.#durationMs = options.leaseDurationMs * share
  }

  /** Whether it may work now. Ask at the last moment, and again after each await: a process can be paused anywhere. */
  mayWork(): boolean {
    return this.remainingMs() > 0
  }

  /** How much longer, at least when no clock is set; 0 when it is over. */
  remainingMs(): number {
    if (this.#lapsed || this.#renewal === undefined) return 0
    const remainingMs = this.#durationMs - this.#renewal.ms()
    if (remainingMs > 0) return remainingMs
    this.#lapsed = true
    return 0
  }

  /** A heartbeat sent then has succeeded. */
  renewed(sentAt: Moment): void {
    if (this.#renewal !== undefined && sentAt.monotonicMs < this.#renewal.since.monotonicMs) return // replies out of order
    this.#renewal = new Elapsed(this.#clock, sentAt)
  }

  /** The right is over before its time: the member was given up for dead. */
  revoke(): void {
    this.#lapsed = true
  }
}
