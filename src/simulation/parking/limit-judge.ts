import type { LotBook } from './lot-book.ts'
import type { LotOracleSetting } from './lot-oracle.ts'

/** How many records a process found in the lot, and how many it has put there since. */
interface Listing {
  readonly at: number
  readonly found: number
  added: number
}

// What was let in by a listing of ten seconds ago, and was under way when the next one came, counts by the first.
const validMs = 20_000

/** Judges how many records of a consumer are parked: by what each process has counted, and what it has parked itself since. */
export class LimitJudge {
  readonly #setting: LotOracleSetting
  readonly #book: LotBook
  readonly #listings = new Map<string, readonly Listing[]>()

  constructor(setting: LotOracleSetting, book: LotBook) {
    this.#setting = setting
    this.#book = book
  }

  /** Somebody counts. */
  listed(sender: string): void {
    const { now } = this.#setting
    const valid = (this.#listings.get(sender) ?? []).filter(({ at }) => at > now() - validMs)
    this.#listings.set(sender, [...valid, { at: now(), found: this.#book.parked.size, added: 0 }])
  }

  /** A record is in the lot, that was not. */
  parked(eventId: string, sender: string): void {
    const { parking, network, mark, violate } = this.#setting
    const { maxPerConsumer } = parking
    if (maxPerConsumer === undefined) return
    const count = this.#book.parked.size
    if (count >= maxPerConsumer) mark('consumer full')
    if (count > maxPerConsumer) mark('limit of a consumer overshot')
    const listings = this.#listings.get(sender) ?? []
    const hasRoom = listings.some(({ found, added }) => found + added < maxPerConsumer)
    for (const listing of listings) listing.added += 1
    // What arrives late may have been let in by a listing of long ago.
    if (hasRoom || network.late > 0 || network.duplicated > 0) return
    violate(`${sender} parks ${eventId} as number ${count} of ${maxPerConsumer}, and had counted so`)
  }
}
