import type { Clock } from './clock.ts'

/** One moment on both clocks. */
export interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** Reads both clocks. */
export function momentOf(clock: Clock): Moment {
  return { wallMs: clock.now(), monotonicMs: clock.monotonic() }
}

/**
 * The time since a moment: the larger of the two clocks' advance. The monotonic clock of a suspended machine stands still while
 * the wall clock goes on; a wall clock that is set back is ignored, and one that is set forward seems to be time.
 */
export class Elapsed {
  readonly since: Moment
  readonly #clock: Clock
  // The least by which the wall clock was ahead since then: whatever it is ahead more was slept, or set forward.
  #leastAheadMs: number

  constructor(clock: Clock, since: Moment = momentOf(clock)) {
    this.since = since
    this.#clock = clock
    this.#leastAheadMs = aheadMs(since)
  }

  /** Milliseconds until now. */
  ms(): number {
    const { since } = this
    const now = momentOf(this.#clock)
    const ahead = aheadMs(now)
    this.#leastAheadMs = Math.min(this.#leastAheadMs, ahead)
    return now.monotonicMs - since.monotonicMs + (ahead - this.#leastAheadMs)
  }
}

function aheadMs({ wallMs, monotonicMs }: Moment): number {
  return wallMs - monotonicMs
}
