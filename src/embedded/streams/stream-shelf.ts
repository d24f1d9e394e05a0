import type { Clock } from '../../internal/clock.ts'
import type { Stream } from './stream.ts'

// How often the streams that nobody touches are looked at, so that what they hold is let go.
const sweepEveryMs = 60_000

/** All streams there are. Whatever is taken from here is up to date with the clock. */
export class StreamShelf {
  readonly #clock: Clock
  readonly #streams = new Map<string, Stream>()
  #nextSweepAt = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(stream: Stream): void {
    this.#streams.set(stream.opening.streamArn, stream)
  }

  has(streamArn: string): boolean {
    return this.#streams.has(streamArn)
  }

  get(streamArn: string): Stream | undefined {
    const stream = this.#streams.get(streamArn)
    return stream !== undefined && this.#settle(stream) ? stream : undefined
  }

  all(): Stream[] {
    return [...this.#streams.values()].filter((stream) => this.#settle(stream))
  }

  /** Brings all up to date, if that was not done for a while. */
  sweep(): void {
    const now = this.#clock.monotonic()
    if (now < this.#nextSweepAt) return
    this.#nextSweepAt = now + sweepEveryMs
    this.all()
  }

  // False when there is nothing left of it.
  #settle(stream: Stream): boolean {
    const now = this.#clock.now()
    stream.settle(now)
    if (!stream.isGone(now)) return true
    this.#streams.delete(stream.opening.streamArn)
    return false
  }
}
