import { CoordinationError } from '../errors.ts'
import { compareSequenceNumbers, type SequenceNumber } from '../record/sequence-number.ts'
import { hasBit, highestBit } from './bitmap.ts'
import type { Checkpoint } from './checkpoint.ts'
import { RecordRing } from './record-ring.ts'

/** A record as `admit` counted it. */
export interface AdmittedRecord {
  /** Its place behind the checkpoint from which reading resumed: 0, 1, 2… */
  readonly ordinal: number
  /** An earlier reader settled it: it must not be handled again, and it needs no `settle`. */
  readonly settled: boolean
}

/**
 * How far a shard is settled. Records are admitted in the order in which the shard has them and settled in any; the
 * frontier is the last record of the settled prefix.
 *
 *     ordinal   0 … base - 1      base … next - 1             next … resumedEnd - 1
 *               settled, forgot   admitted: in the ring       not read again yet: the resumed bits say what is settled
 *
 * `base` only rises, and a bit that is set stays set until `base` has passed it: a checkpoint never says less than an
 * earlier one, and it may be taken before the records of the resumed one have been read again.
 *
 * A miscount would settle records that nobody handled. So the record at the highest resumed bit must be the one it was,
 * and sequence numbers must rise; else `admit` throws a `CoordinationError` that no retry mends, and nothing has changed.
 */
export class ShardProgress {
  readonly #resumed: Checkpoint
  readonly #resumedEnd: number
  readonly #ring = new RecordRing()
  #after: SequenceNumber | undefined
  #from: SequenceNumber | undefined
  #latest: SequenceNumber | undefined
  #base = 0
  #next = 0
  #unsettledCount = 0
  #spanBytes = 0
  #revision = 0

  /** Resumes: the next record admitted is ordinal 0, the first behind `checkpoint.after`. */
  constructor(checkpoint: Checkpoint) {
    this.#resumed = { ...checkpoint, beyond: checkpoint.beyond.slice() }
    this.#resumedEnd = highestBit(checkpoint.beyond) + 1
    this.#after = this.#latest = checkpoint.after
    this.#from = checkpoint.from
    if (this.#resumedEnd > 0 && checkpoint.through === undefined)
      throw broken('its checkpoint has settled records beyond the frontier, and does not name the last of them')
  }

  /** Takes in the shard's next record. Every record behind the checkpoint must come through here, also unwanted ones. */
  admit(sequenceNumber: SequenceNumber, sizeBytes: number): AdmittedRecord {
    const ordinal = this.#next
    this.#check(ordinal, sequenceNumber)
    this.#ring.put(this.#base, ordinal, sequenceNumber, sizeBytes)
    this.#latest = sequenceNumber
    if (this.#after === undefined) this.#from ??= sequenceNumber
    this.#next += 1
    this.#spanBytes += sizeBytes
    const settled = ordinal < this.#resumedEnd && hasBit(this.#resumed.beyond, ordinal)
    if (settled) {
      this.#ring.settle(ordinal)
      this.#advance()
    } else this.#unsettledCount += 1
    return { ordinal, settled }
  }

  /** Settles an admitted record, once and for all; a second time is nothing. What settles it is durable before this. */
  settle(ordinal: number): void {
    if (ordinal >= this.#next) throw broken(`record ${ordinal} is to be settled, and ${this.#next} have been read`)
    if (ordinal < this.#base || this.#ring.isSettled(ordinal)) return
    this.#ring.settle(ordinal)
    this.#unsettledCount -= 1
    this.#revision += 1
    this.#advance()
  }

  /** What to save now. */
  checkpoint(): Checkpoint {
    const highest = this.#highestSettled()
    const start = this.#startOfBits()
    if (highest < this.#base) return { ...start, beyond: new Uint8Array() }
    const beyond = new Uint8Array(((highest - this.#base) >> 3) + 1)
    for (let position = 0, ordinal = this.#base; ordinal <= highest; position += 1, ordinal += 1)
      if (this.#isSettled(ordinal)) beyond[position >> 3] = (beyond[position >> 3] ?? 0) | (1 << (position & 7))
    const through = highest < this.#next ? this.#ring.sequenceNumberOf(highest) : this.#resumed.through
    return { ...start, beyond, ...(through === undefined ? {} : { through }) }
  }

  /** Throws when the shard has ended before the records that an earlier reader settled were read again: a miscount. */
  checkEnd(): void {
    if (this.#next < this.#resumedEnd)
      throw broken(`it ended after ${this.#next} records, and an earlier reader counted ${this.#resumedEnd} or more`)
  }

  /** Records admitted and not settled. */
  get unsettledCount(): number {
    return this.#unsettledCount
  }

  /** Records admitted from the frontier on, settled or not. */
  get spanCount(): number {
    return this.#next - this.#base
  }

  /** Their size in bytes. */
  get spanBytes(): number {
    return this.#spanBytes
  }

  /** The last record of the settled prefix, as `checkpoint().after`. */
  get frontier(): SequenceNumber | undefined {
    return this.#after
  }

  /** The record before which the frontier stands; absent when all that was admitted is settled. */
  get firstUnsettled(): { readonly sequenceNumber: SequenceNumber } | undefined {
    const sequenceNumber = this.#base < this.#next ? this.#ring.sequenceNumberOf(this.#base) : undefined
    return sequenceNumber === undefined ? undefined : { sequenceNumber }
  }

  /** Raised by every settlement: as long as it stands, there is nothing new to save. */
  get revision(): number {
    return this.#revision
  }

  #check(ordinal: number, sequenceNumber: SequenceNumber): void {
    if (this.#latest !== undefined && compareSequenceNumbers(sequenceNumber, this.#latest) <= 0)
      throw broken(`record ${sequenceNumber} was read behind record ${this.#latest}`)
    const { through, from, after } = this.#resumed
    if (
      ordinal === 0 &&
      after === undefined &&
      from !== undefined &&
      compareSequenceNumbers(sequenceNumber, from) !== 0
    )
      throw broken(`its first record is ${sequenceNumber}, and an earlier reader had ${from}`)
    if (ordinal !== this.#resumedEnd - 1 || through === undefined) return
    if (compareSequenceNumbers(sequenceNumber, through) !== 0)
      throw broken(`record ${ordinal} behind its checkpoint is ${sequenceNumber}, and an earlier reader had ${through}`)
  }

  #advance(): void {
    while (this.#base < this.#next && this.#ring.isSettled(this.#base)) {
      this.#after = this.#ring.sequenceNumberOf(this.#base)
      this.#spanBytes -= this.#ring.sizeOf(this.#base)
      this.#base += 1
    }
  }

  #startOfBits(): Pick<Checkpoint, 'after' | 'from'> {
    if (this.#after !== undefined) return { after: this.#after }
    return this.#from === undefined ? {} : { from: this.#from }
  }

  #isSettled(ordinal: number): boolean {
    return ordinal < this.#next ? this.#ring.isSettled(ordinal) : hasBit(this.#resumed.beyond, ordinal)
  }

  #highestSettled(): number {
    if (this.#resumedEnd > this.#next) return this.#resumedEnd - 1
    let highest = this.#next - 1
    while (highest >= this.#base && !this.#ring.isSettled(highest)) highest -= 1
    return highest
  }
}

function broken(what: string): CoordinationError {
  return new CoordinationError(
    `the shard must not go on: ${what}. Records would be settled that nobody handled. Nothing was lost or skipped; ` +
      `please report this`,
    { retryable: false },
  )
}
