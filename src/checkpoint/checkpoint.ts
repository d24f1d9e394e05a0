import type { SequenceNumber } from '../record/sequence-number.ts'

/**
 * What is settled of a shard: everything up to a record, and some of what comes behind it.
 *
 * A shard never changes, so the k-th record behind `after` (or from `from` on) is the same one for every reader and for ever: what is settled
 * beyond the frontier is remembered by ordinal, a bit a record.
 */
export interface Checkpoint {
  /** The last record of the settled prefix; absent when the first record read is not settled. */
  readonly after?: SequenceNumber
  /**
   * The first record that was read, as long as there is no `after`: the ordinals count from it, and reading goes on AT it.
   * TRIM_HORIZON and LATEST are not the same place tomorrow. Absent when nothing was read, or `after` says it.
   */
  readonly from?: SequenceNumber
  /** Bit k (of byte k >> 3, value 1 << (k & 7)): the k-th record behind `after` (or from `from` on) is settled. Empty when none is. */
  readonly beyond: Uint8Array
  /** The record of the highest bit, by which the next reader checks that it counts as the last one did. */
  readonly through?: SequenceNumber
}

/** Nothing is settled. */
export const emptyCheckpoint: Checkpoint = { beyond: new Uint8Array() }
