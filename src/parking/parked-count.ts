import type { Clock } from '../internal/clock.ts'
import type { ParkingLot } from './parking-lot.ts'

// A listing is read again after this long, and only while something is being parked.
const listingMs = 10_000

/** A place for a record in the lot. */
export interface Place {
  /** The record has it: the next listing tells of it. */
  keep(): void
  /** It was not needed. */
  giveBack(): void
}

/**
 * How many records of a consumer are parked, all lanes together, as of some seconds ago: what others have parked since is
 * not counted. An exact count would be one row that every park of every lane writes to.
 */
export class ParkedCount {
  readonly #consumer: string
  readonly #clock: Clock
  // Places of which it is not known yet whether a record has them
  readonly #open = new Set<Place>()
  #count = 0
  #listedAt = -Infinity
  #listing: Promise<void> | undefined

  constructor(consumer: string, clock: Clock) {
    this.#consumer = consumer
    this.#clock = clock
  }

  /** Takes a place in the lot; `undefined` when `max` are taken. */
  async take(lot: ParkingLot, max: number): Promise<Place | undefined> {
    // Who comes while others list waits with them: a count that was never made would let him in.
    if (this.#clock.monotonic() - this.#listedAt >= listingMs)
      await (this.#listing ??= this.#list(lot).finally(() => (this.#listing = undefined)))
    if (this.#count >= max) return undefined
    this.#count += 1
    const place: Place = {
      keep: () => void this.#open.delete(place),
      giveBack: () => {
        if (this.#open.delete(place)) this.#count -= 1
      },
    }
    this.#open.add(place)
    return place
  }

  async #list(lot: ParkingLot): Promise<void> {
    const listedAt = this.#clock.monotonic()
    const lanes = await lot.list(this.#consumer)
    // The listing may have come before the records of open places, and they before their answers.
    this.#count = lanes.reduce((sum, { parked }) => sum + (parked?.recordCount ?? 0), this.#open.size)
    this.#listedAt = listedAt
  }
}
