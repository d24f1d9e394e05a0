import type { Clock } from '../internal/clock.ts'

/** One moment on both clocks. */
export interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** Reads both clocks. */
export function momentOf(clock: Clock): Moment {
  return { wallMs: clock.now(), monotonicMs: clock.monotonic() }
}

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
 * Time is the larger of the two clocks' advance. The monotonic clock of a suspended machine stands still while the wall
 * clock goes on; a wall clock that is set back is ignored, and one that is set forward costs a comeback and no more.
 */
export class RightToWork {
  readonly #clock: Clock
  readonly #durationMs: number
  #renewedAt: Moment | undefined
  // The least by which the wall clock was ahead since the renewal: whatever it is ahead more was slept, or set forward.
  #leastAheadMs = 0
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
    if (this.#lapsed || this.#renewedAt === undefined) return 0
    const remainingMs = this.#durationMs - this.#elapsedMs(this.#renewedAt)
    if (remainingMs > 0) return remainingMs
    this.#lapsed = true
    return 0
  }

  /** A heartbeat sent then has succeeded. */
  renewed(sentAt: Moment): void {
    if (this.#renewedAt !== undefined && sentAt.monotonicMs < this.#renewedAt.monotonicMs) return // replies out of order
    this.#renewedAt = sentAt
    this.#leastAheadMs = aheadMs(sentAt)
  }

  /** The right is over before its time: the member was given up for dead. */
  revoke(): void {
    this.#lapsed = true
  }

  #elapsedMs(since: Moment): number {
    const now = momentOf(this.#clock)
    const ahead = aheadMs(now)
    this.#leastAheadMs = Math.min(this.#leastAheadMs, ahead)
    return now.monotonicMs - since.monotonicMs + (ahead - this.#leastAheadMs)
  }
}

function aheadMs({ wallMs, monotonicMs }: Moment): number {
  return wallMs - monotonicMs
}
