import type { Random } from '../../internal/clock.ts'

const firstOf22Digits = 10n ** 21n

/**
 * The sequence numbers of one stream: text of 21 digits at first, of 22 before long, with gaps, never padded. A consumer
 * that compares them as text, or that expects the successor of a number, fails here as it would fail on the service.
 */
export class SequenceCounter {
  #last: bigint

  /** @param last The last number taken, to go on from. */
  constructor(last: string | Random) {
    this.#last =
      typeof last === 'string' ? BigInt(last) : firstOf22Digits - 1n - BigInt(Math.floor(last.next() * 5_000))
  }

  get last(): string {
    return String(this.#last)
  }

  next(): string {
    this.#last += 1n + (this.#last % 5n)
    return String(this.#last)
  }
}

/** Negative when `a` is the smaller number, positive when `b` is, 0 when they are one. */
export function compareNumerals(a: string, b: string): number {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}
