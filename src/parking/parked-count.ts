import type { Clock } from '../internal/clock.ts'
import type { ParkingLot } from './parking-lot.ts'

// A listing is read again after this long, and only while something is being parked.
const listingMs = 10_000

/**
 * How many records of a consumer are parked, all lanes together, as of some seconds ago: what others have parked since is
 * not counted. An exact count would be one row that every park of every lane writes to.
 */
export class ParkedCount {
  readonly #consumer: string
  readonly #clock: Clock
  #count = 0
  #listedAt = -Infinity

  constructor(consumer: string, clock: Clock) {
    this.#consumer = consumer
    this.#clock = clock
  }

  /** Takes a place in the lot, when fewer than `max` are taken. */
  async take(lot: ParkingLot, max: number): Promise<boolean> {
    const now = this.#clock.monotonic()
    if (now - this.#listedAt >= listingMs) {
      this.#listedAt = now
      const lanes = await lot.list(this.#consumer)
      this.#count = lanes.reduce((sum, { parked }) => sum + (parked?.recordCount ?? 0), 0)
    }
    if (this.#count >= max) return false
    this.#count += 1
    return true
  }

  /** The place was not needed. */
  giveBack(): void {
    this.#count -= 1
  }
}
