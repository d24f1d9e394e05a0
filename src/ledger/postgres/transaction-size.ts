// More than a few transactions of any size: a conflict each such number of records costs little beside them.
const recordsUntilLarger = 1_000

/**
 * How many records commit together: as many as are wanted, and fewer where transactions get in each other's way. Each holds the
 * locks of all its records until it commits; where many run at once on the same rows, those of a hundred records deadlock again
 * and again, and each time all they did is run again.
 *
 *     half after each conflict, one at least ──▶ twice as many after a thousand records without one, up to what is wanted
 *
 * One for all transactions of a ledger: whoever comes next meets the same others.
 */
export class TransactionSize {
  readonly #wanted: number
  #current: number
  #committedCount = 0

  constructor(wanted: number) {
    this.#wanted = wanted
    this.#current = wanted
  }

  get current(): number {
    return this.#current
  }

  /** A transaction was undone because of another one. */
  conflicted(): void {
    this.#current = Math.max(1, Math.floor(this.#current / 2))
    this.#committedCount = 0
  }

  committed(recordCount: number): void {
    if (this.#current === this.#wanted) return
    this.#committedCount += recordCount
    if (this.#committedCount < recordsUntilLarger) return
    this.#current = Math.min(this.#wanted, this.#current * 2)
    this.#committedCount = 0
  }
}
