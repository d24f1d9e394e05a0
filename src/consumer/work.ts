import { TerminalError } from '../errors.ts'
import type { LedgerEntry } from '../ledger/ledger.ts'
import type { RecordLocation } from '../record/decode.ts'
import { describe } from '../record/describe.ts'
import { idempotencyKeyOf } from '../record/identity.ts'
import type { ChangeRecord } from '../record/record.ts'
import type { SequenceNumber } from '../record/sequence-number.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/** One selected record on its way through the engine. */
export class Work implements LedgerEntry {
  /** Its place in the batch. */
  readonly position: number
  readonly location: RecordLocation
  readonly laneKey: string
  /** Absent when it can't be read: then it is poison when its turn comes, and not before. */
  readonly record: ChangeRecord | undefined
  /** Why it can't be read. */
  readonly fault: unknown
  readonly #options: ResolvedOptions
  #idempotencyKey: string | undefined
  #parked: unknown

  constructor(
    position: number,
    location: RecordLocation,
    laneKey: string,
    options: ResolvedOptions,
    record: ChangeRecord | undefined,
    fault?: unknown,
  ) {
    this.position = position
    this.location = location
    this.laneKey = laneKey
    this.record = record
    this.fault = fault
    this.#options = options
  }

  get eventId(): string {
    // What was not decoded was not checked either: anything may stand where the id should.
    return this.record?.eventId ?? describe(this.location.raw.eventID)
  }

  get streamArn(): string {
    return this.location.stream.streamArn
  }

  get sequenceNumber(): SequenceNumber {
    return this.location.sequenceNumber
  }

  /** Made when first asked for: without a ledger most handlers never look at it, and a hash costs more than the rest. */
  get idempotencyKey(): string {
    return (this.#idempotencyKey ??= idempotencyKeyOf(this.#options.name, this.#identity()))
  }

  /** What a ledger commits with the effect of a redriven record. */
  get parked(): unknown {
    return this.#parked
  }

  /** It comes from the parking lot: with the key that it had when it was parked, whatever was edited since. */
  redriven(idempotencyKey: string, parked: unknown): void {
    this.#idempotencyKey = idempotencyKey
    this.#parked = parked
  }

  #identity(): string {
    const { identity } = this.#options
    const { stream } = this.location
    if (identity === 'message') return `message:${stream.tableName}/${this.laneKey}`
    if (identity === 'record' || this.record === undefined) return `record:${stream.streamLabel}:${this.eventId}`
    const business = identity(this.record)
    if (typeof business === 'string' && business !== '') return `custom:${business}`
    throw new TerminalError(
      `identity must return a non-empty string for record ${this.eventId}; got ${describe(business)}`,
    )
  }
}
