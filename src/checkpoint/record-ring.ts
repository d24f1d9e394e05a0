import type { SequenceNumber } from '../record/sequence-number.ts'

/**
 * What is kept of the records from the frontier on, by ordinal, in a ring that doubles when it is full and never shrinks:
 * its size is that of the widest span, however many records pass through. A slot means nothing before its ordinal is put.
 */
export class RecordRing {
  #sequenceNumbers: (SequenceNumber | undefined)[] = []
  #sizes: Float64Array
  #settled: Uint8Array
  #mask: number

  constructor(capacity = 1_024) {
    this.#mask = capacity - 1 // a power of two, so that `ordinal & mask` is its slot, also beyond 2 ** 31
    this.#sizes = new Float64Array(capacity)
    this.#settled = new Uint8Array(capacity)
  }

  /** Takes the record behind those of `first` (inclusive) to `ordinal`. */
  put(first: number, ordinal: number, sequenceNumber: SequenceNumber, sizeBytes: number): void {
    if (ordinal - first > this.#mask) this.#grow(first, ordinal)
    const slot = ordinal & this.#mask
    this.#sequenceNumbers[slot] = sequenceNumber
    this.#sizes[slot] = sizeBytes
    this.#settled[slot] = 0
  }

  settle(ordinal: number): void {
    this.#settled[ordinal & this.#mask] = 1
  }

  isSettled(ordinal: number): boolean {
    return this.#settled[ordinal & this.#mask] === 1
  }

  sizeOf(ordinal: number): number {
    return this.#sizes[ordinal & this.#mask] ?? 0
  }

  sequenceNumberOf(ordinal: number): SequenceNumber | undefined {
    return this.#sequenceNumbers[ordinal & this.#mask]
  }

  #grow(first: number, end: number): void {
    const larger = new RecordRing((this.#mask + 1) * 2)
    for (let ordinal = first; ordinal < end; ordinal += 1) {
      const sequenceNumber = this.sequenceNumberOf(ordinal)
      if (sequenceNumber !== undefined) larger.put(first, ordinal, sequenceNumber, this.sizeOf(ordinal))
      if (this.isSettled(ordinal)) larger.settle(ordinal)
    }
    this.#sequenceNumbers = larger.#sequenceNumbers
    this.#sizes = larger.#sizes
    this.#settled = larger.#settled
    this.#mask = larger.#mask
  }
}
