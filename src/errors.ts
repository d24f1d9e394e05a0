/**
 * The whole error hierarchy. An expected outcome (a duplicate, a lost claim, a record filtered out) is a value and never
 * appears here; an error is a broken promise: somebody has to change something, or time has to pass.
 */

/** Every code that a {@link TidemarkError} can carry. Codes are stable between versions; messages are not. */
export const errorCodes = [
  'ERR_CONFIGURATION',
  'ERR_DECODE',
  'ERR_SCHEMA',
  'ERR_TERMINAL',
  'ERR_RETRYABLE',
  'ERR_LEDGER',
  'ERR_UNCERTAIN_OUTCOME',
  'ERR_DEADLINE',
  'ERR_BATCH_INCOMPLETE',
  'ERR_COORDINATION',
  'ERR_LEASE_LOST',
  'ERR_CONDITION_FAILED',
  'ERR_TRANSACTION',
  'ERR_ENCODE',
  'ERR_PARKING_FULL',
  'ERR_CIRCUIT_OPEN',
  'ERR_RECORDS_GONE',
] as const

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number]

// A registered symbol, so that an error made by a second copy of this package (bundled twice, two versions) is recognised too.
const brand = Symbol.for('tidemark.error')

/** The base of every error that Tidemark makes: a stable `code`, whether trying again can help, and the `cause`. */
export abstract class TidemarkError extends Error {
  abstract readonly code: ErrorCode
  /** Whether the same call can succeed later without anybody changing code, data or configuration. */
  abstract readonly retryable: boolean

  static {
    Object.defineProperty(this.prototype, brand, { value: true })
  }
}

/** An option, an environment or a stream does not fit the consumer; nothing was processed. Change the configuration. */
export class ConfigurationError extends TidemarkError {
  override readonly name = 'ConfigurationError'
  readonly code = 'ERR_CONFIGURATION'
  readonly retryable = false
}

/** A stream record, or a value in it, can't be read without losing something. `path` says where. */
export class DecodeError extends TidemarkError {
  override readonly name = 'DecodeError'
  readonly code = 'ERR_DECODE'
  readonly retryable = false
  /** Where in the record: `dynamodb.NewImage.total.N`. */
  readonly path: string

  constructor(message: string, options: ErrorOptions & { readonly path: string }) {
    super(`${options.path}: ${message}`, options)
    this.path = options.path
  }
}

/** One complaint of a schema about a value. */
export interface SchemaComplaint {
  readonly message: string
  /** Where in the value: `items.0.price`, or empty for the value itself. */
  readonly path: string
}

/** The keys or an image did not pass the consumer's schema. */
export class SchemaError extends TidemarkError {
  override readonly name = 'SchemaError'
  readonly code = 'ERR_SCHEMA'
  readonly retryable = false
  /** Which part was checked: `keys`, `newImage` or `oldImage`. */
  readonly part: 'keys' | 'newImage' | 'oldImage'
  readonly complaints: readonly SchemaComplaint[]

  constructor(part: 'keys' | 'newImage' | 'oldImage', complaints: readonly SchemaComplaint[], options?: ErrorOptions) {
    const list = complaints.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
    super(`${part} does not match its schema: ${list}`, options)
    this.part = part
    this.complaints = complaints
  }
}

/** Thrown by a handler to say that trying again can never help; the record is poison at once and `onFailure` decides. */
export class TerminalError extends TidemarkError {
  override readonly name = 'TerminalError'
  readonly code = 'ERR_TERMINAL'
  readonly retryable = false
}

/** Options of {@link RetryableError}. */
export interface RetryableErrorOptions extends ErrorOptions {
  /** Milliseconds to wait before the next attempt, in place of the consumer's backoff. Default: the consumer's backoff. */
  readonly retryAfterMs?: number
}

/** Thrown by a handler to ask for another attempt, after `retryAfterMs` when that is given. It counts as an attempt. */
export class RetryableError extends TidemarkError {
  override readonly name = 'RetryableError'
  readonly code = 'ERR_RETRYABLE'
  readonly retryable = true
  readonly retryAfterMs: number | undefined

  constructor(options?: RetryableErrorOptions)
  constructor(message: string, options?: RetryableErrorOptions)
  constructor(first: string | RetryableErrorOptions = {}, second: RetryableErrorOptions = {}) {
    const options = typeof first === 'string' ? second : first
    super(typeof first === 'string' ? first : 'the handler asked for another attempt', options)
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The ledger could not be read or written; nothing is known to be wrong with any record. The host delivers again. */
export class LedgerError extends TidemarkError {
  override readonly name = 'LedgerError'
  readonly code = 'ERR_LEDGER'
  readonly retryable: boolean

  constructor(message: string, options: ErrorOptions & { readonly retryable: boolean }) {
    super(message, options)
    this.retryable = options.retryable
  }
}

/**
 * With `uncertain: 'park'`, an earlier owner claimed this record and never said how it ended: its effect may or may not
 * have happened, so it is not run again. A person decides.
 */
export class UncertainOutcomeError extends TidemarkError {
  override readonly name = 'UncertainOutcomeError'
  readonly code = 'ERR_UNCERTAIN_OUTCOME'
  readonly retryable = false
  readonly idempotencyKey: string

  constructor(message: string, options: ErrorOptions & { readonly idempotencyKey: string }) {
    super(message, options)
    this.idempotencyKey = options.idempotencyKey
  }
}

/** The time the host gave ran out before the record could be settled. The host delivers it again. */
export class DeadlineError extends TidemarkError {
  override readonly name = 'DeadlineError'
  readonly code = 'ERR_DEADLINE'
  readonly retryable = true
}

/** Thrown by a Lambda handler told not to answer with partial batch responses: at least one record is not settled. */
export class BatchIncompleteError extends TidemarkError {
  override readonly name = 'BatchIncompleteError'
  readonly code = 'ERR_BATCH_INCOMPLETE'
  readonly retryable = true
}

/** The table in which workers coordinate could not be read or written. Without it no worker may go on for long. */
export class CoordinationError extends TidemarkError {
  override readonly name = 'CoordinationError'
  readonly code = 'ERR_COORDINATION'
  readonly retryable: boolean

  constructor(message: string, options: ErrorOptions & { readonly retryable: boolean }) {
    super(message, options)
    this.retryable = options.retryable
  }
}

/** This worker's lease of the shard is gone or about to change hands: whoever has it now settles the record. */
export class LeaseLostError extends TidemarkError {
  override readonly name = 'LeaseLostError'
  readonly code = 'ERR_LEASE_LOST'
  readonly retryable = true
}

/**
 * A condition that the handler put into its transaction did not hold when it was committed, so that nothing of it was
 * written. It fails the attempt: the handler runs again, sees what is there now, and may decide otherwise.
 */
export class ConditionFailedError extends TidemarkError {
  override readonly name = 'ConditionFailedError'
  readonly code = 'ERR_CONDITION_FAILED'
  readonly retryable = true
  /** The table of the item, and its key as the handler gave it. */
  readonly tableName: string
  readonly key: { readonly [name: string]: unknown } | undefined
  /** The item as it was, where the operation asked for it and there was one. */
  readonly item: { readonly [name: string]: unknown } | undefined

  constructor(message: string, options: ErrorOptions & Pick<ConditionFailedError, 'tableName' | 'key' | 'item'>) {
    super(message, options)
    this.tableName = options.tableName
    this.key = options.key
    this.item = options.item
  }
}

/**
 * What a handler put into its transaction can never be committed: an item twice, more than a transaction takes, something
 * that the store refuses as invalid (the `cause`), or a call after the handler had returned. Change the handler.
 */
export class TransactionError extends TidemarkError {
  override readonly name = 'TransactionError'
  readonly code = 'ERR_TRANSACTION'
  readonly retryable = false
}

/** A value can't be written without losing or changing something. `path` says where. */
export class EncodeError extends TidemarkError {
  override readonly name = 'EncodeError'
  readonly code = 'ERR_ENCODE'
  readonly retryable = false
  /** Where in what was to be written: `put 'orders'.total`. */
  readonly path: string

  constructor(message: string, options: ErrorOptions & { readonly path: string }) {
    super(`${options.path}: ${message}`, options)
    this.path = options.path
  }
}

/** A record can't be parked: as many are parked as may be. Its lane stops, and the source keeps it and all that follows. */
export class ParkingFullError extends TidemarkError {
  override readonly name = 'ParkingFullError'
  readonly code = 'ERR_PARKING_FULL'
  readonly retryable = true
}

/** Most items fail alike, which no record can be blamed for: none is parked, and one at a time is tried until one succeeds. */
export class CircuitOpenError extends TidemarkError {
  override readonly name = 'CircuitOpenError'
  readonly code = 'ERR_CIRCUIT_OPEN'
  readonly retryable = true
}

/** Records that a document names are not in the stream any more: DynamoDB keeps them for 24 hours. */
export class RecordsGoneError extends TidemarkError {
  override readonly name = 'RecordsGoneError'
  readonly code = 'ERR_RECORDS_GONE'
  readonly retryable = false
  readonly streamArn: string
  readonly shardId: string
  /** Sequence numbers of the first and the last record that the document names. */
  readonly start: string
  readonly end: string

  constructor(
    message: string,
    {
      streamArn,
      shardId,
      start,
      end,
      ...options
    }: ErrorOptions & Pick<RecordsGoneError, 'streamArn' | 'shardId' | 'start' | 'end'>,
  ) {
    super(message, options)
    this.streamArn = streamArn
    this.shardId = shardId
    this.start = start
    this.end = end
  }
}

/** Whether `error` was made by Tidemark (by any copy of it), and, when given, carries this `code`. Never throws. */
export function isTidemarkError(error: unknown, code?: ErrorCode): error is TidemarkError {
  if (typeof error !== 'object' || error === null) return false
  try {
    return brand in error && (code === undefined || (error as Partial<TidemarkError>).code === code)
  } catch {
    return false // a hostile proxy: whatever it is, we did not make it
  }
}
