import type { StreamEntry } from './stream-entry.ts'

const compactFrom = 1_024

/**
 * Records in the order they came, of which the oldest are forgotten. A record's position counts from the first one that
 * ever was in the log, so that it stays the same whatever is forgotten.
 */
export class RecordLog {
  #slots: (StreamEntry | undefined)[]
  #head = 0
  #forgotten: number

  /** @param start The position of the first of `entries`. */
  constructor(start = 0, entries: readonly StreamEntry[] = []) {
    this.#forgotten = start
    this.#slots = [...entries]
  }

  /** The position of the oldest record that is still here, or of the next one to come when there is none. */
  get start(): number {
    return this.#forgotten
  }

  /** The position of the next record to come. */
  get end(): number {
    return this.#forgotten + this.#slots.length - this.#head
  }

  get oldest(): StreamEntry | undefined {
    return this.#slots[this.#head]
  }

  push(entry: StreamEntry): void {
    this.#slots.push(entry)
  }

  at(position: number): StreamEntry | undefined {
    return this.#slots[this.#head + position - this.#forgotten]
  }

  /** Forgets the oldest record and returns it. */
  shift(): StreamEntry | undefined {
    const oldest = this.#slots[this.#head]
    if (oldest === undefined) return undefined
    this.#slots[this.#head] = undefined // let go of the images now, of the slot when it pays
    this.#head += 1
    this.#forgotten += 1
    if (this.#head >= compactFrom && this.#head * 2 >= this.#slots.length) this.#compact()
    return oldest
  }

  all(): StreamEntry[] {
    return this.#slots.filter((entry) => entry !== undefined)
  }

  /** The position of the first record for which `found` holds; once it holds it must hold for all after. */
  search(found: (entry: StreamEntry) => boolean): number {
    let [low, high] = [this.start, this.end]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entry = this.at(middle)
      if (entry === undefined || found(entry)) high = middle
      else low = middle + 1
    }
    return low
  }

  // Each slot is copied at most once for every slot that was freed before it.
  #compact(): void {
    this.#slots = this.#slots.slice(this.#head)
    this.#head = 0
  }
}
