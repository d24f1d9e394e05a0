import { padSequenceNumber, type SequenceNumber } from '../../record/sequence-number.ts'
import type { LedgerEntry } from '../ledger.ts'
import type { ShardState } from './store.ts'

/**
 * How far a shard is, as one mark for all its records: everything up to `through` is committed, but for the holes. A hole is
 * a record that was begun upon and not committed when one behind it was: its lane stands still, or has many records.
 *
 * It holds because pages are opened in the shard's order, each with every record that is not settled: what is below the
 * last record of a page and was never opened was settled before.
 */
export class ShardMark {
  #through: string
  // From the row, and not opened again since.
  readonly #holes: Set<string>
  // Opened and not committed, in no order: the numbers as the stream has them, and padded.
  readonly #open = new Map<SequenceNumber, string>()

  constructor({ through, holes }: ShardState) {
    this.#through = through
    this.#holes = new Set(holes)
  }

  /** Takes a page in. */
  opened(entries: readonly LedgerEntry[]): void {
    for (const { sequenceNumber } of entries) {
      const place = padSequenceNumber(sequenceNumber)
      if (this.#isCommitted(place)) continue
      this.#holes.delete(place)
      this.#open.set(sequenceNumber, place)
    }
  }

  /** Whether the record's effect is committed. */
  isCommitted({ sequenceNumber }: LedgerEntry): boolean {
    return !this.#open.has(sequenceNumber) && this.#isCommitted(padSequenceNumber(sequenceNumber))
  }

  /** Something else has settled it: it is not waited for, and passed over like what is committed. */
  settled({ sequenceNumber }: LedgerEntry): void {
    this.#open.delete(sequenceNumber)
  }

  /** What is to be in the row once these are committed. */
  after(entries: readonly LedgerEntry[]): ShardState {
    const numbers = new Set(entries.map(({ sequenceNumber }) => sequenceNumber))
    let through = this.#through
    for (const number of numbers) {
      const place = this.#open.get(number) ?? padSequenceNumber(number)
      if (place > through) through = place
    }
    const holes = [...this.#holes]
    for (const [number, place] of this.#open) if (place <= through && !numbers.has(number)) holes.push(place)
    return { through, holes: holes.toSorted() }
  }

  /** They are committed, with this in the row. */
  committed(entries: readonly LedgerEntry[], { through }: ShardState): void {
    this.#through = through
    for (const entry of entries) this.settled(entry)
  }

  #isCommitted(place: string): boolean {
    return place <= this.#through && !this.#holes.has(place)
  }
}
