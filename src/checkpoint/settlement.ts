/** How a record was settled: nothing more has to happen with it in this consumer. */
export type Settlement = 'handled' | 'filtered' | 'duplicate' | 'parked'

/** What is told that a record is settled. */
export interface Settling {
  /** Settles the record at `position` of its batch. */
  settle(position: number, settlement: Settlement): void
}

/**
 * Which records of a batch are settled, by position, and the frontier: the first position that is not. Only what lies
 * before the frontier may be forgotten by the source. A settlement is final; `close` ends the book, because what is
 * settled after the host was answered must not look as if it had been part of the answer.
 */
export class SettlementBook implements Settling {
  readonly #settlements: (Settlement | undefined)[]
  #frontier = 0
  #settledCount = 0
  #closed = false

  constructor(recordCount: number) {
    this.#settlements = Array.from<Settlement | undefined>({ length: recordCount })
  }

  /** Settles the record at `position`, unless the book is closed. */
  settle(position: number, settlement: Settlement): void {
    if (this.#closed || this.#settlements[position] !== undefined) return
    this.#settlements[position] = settlement
    this.#settledCount += 1
    while (this.#frontier < this.#settlements.length && this.#settlements[this.#frontier] !== undefined)
      this.#frontier += 1
  }

  /** Ends the book and returns what it holds, by position; `undefined` where a record is not settled. */
  close(): readonly (Settlement | undefined)[] {
    this.#closed = true
    return this.#settlements
  }

  /** The first position that is not settled; the number of records when all are. */
  get frontier(): number {
    return this.#frontier
  }

  get settledCount(): number {
    return this.#settledCount
  }
}
