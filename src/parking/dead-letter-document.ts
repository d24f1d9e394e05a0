import type { RawRecord } from '../source/source.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { CauseDescription, ErrorDescription } from './error-description.ts'
import { laneIdOf } from './lane-name.ts'
import { portableRecord } from './portable-record.ts'
import { parseStreamArn } from '../record/stream-arn.ts'

/** A dead letter as JSON, the same in every sink. Its schema is `docs/dead-letter.schema.json`; `version` rises when it changes. */
export interface DeadLetterDocument {
  readonly kind: 'tidemark.dead-letter'
  readonly version: 1
  readonly consumer: string
  readonly tableName: string
  readonly streamArn: string
  readonly shardId?: string
  readonly eventId: string
  readonly sequenceNumber: string
  readonly idempotencyKey: string
  /** The item's encoded primary key; `laneId` is short for it and the table. */
  readonly laneKey: string
  readonly laneId: string
  readonly error?: ErrorDescription
  readonly attempts: number
  /** ISO 8601, as `parkedAt`. */
  readonly firstFailedAt?: string
  readonly parkedAt: string
  readonly host: string
  /** The whole record as in a Lambda event: DynamoDB's JSON, binary as base64. */
  readonly record?: RawRecord
  /** In place of `record` where a message can't hold it: the object that holds the whole document. */
  readonly storedAt?: StoredAt
  /** In place of both: the letter's size. The record is with the consumer, parked. */
  readonly omitted?: { readonly reason: 'too-large'; readonly bytes: number }
}

/** An object in S3. */
export interface StoredAt {
  readonly bucket: string
  readonly key: string
}

/** Writes the letter as a document, whole. */
export function deadLetterDocument(letter: DeadLetter): DeadLetterDocument {
  const { record, parkedAt, firstFailedAt, ...rest } = letter
  const { consumer, streamArn, shardId, eventId, sequenceNumber, idempotencyKey, laneKey, error, attempts, host } = rest
  const { tableName } = parseStreamArn(streamArn, 'streamArn')
  return {
    ...({ kind: 'tidemark.dead-letter', version: 1 } as const),
    ...{ consumer, tableName, streamArn },
    ...(shardId === undefined ? {} : { shardId }),
    ...{ eventId, sequenceNumber, idempotencyKey, laneKey, laneId: laneIdOf({ tableName, laneKey }) },
    ...(error === undefined ? {} : { error }),
    attempts,
    ...(firstFailedAt === undefined ? {} : { firstFailedAt: iso(firstFailedAt) }),
    ...{ parkedAt: iso(parkedAt), host, record: portableRecord(record) },
  }
}

/**
 * The document as text of at most `maxBytes`. One that is longer leaves its record out, for which `store` is asked to keep
 * the whole; without a `store` the document says that it was left out. What is longer still loses its stacks, and then all of
 * the error but the beginning of its message.
 */
export async function fittedText(
  document: DeadLetterDocument,
  maxBytes: number,
  store: ((document: DeadLetterDocument) => Promise<StoredAt>) | undefined,
): Promise<string> {
  const whole = textOf(document)
  const bytes = Buffer.byteLength(whole)
  if (bytes <= maxBytes) return whole
  const { record: _left, ...rest } = document
  // Stored first: a message about an object that is not there yet would be read in vain.
  const instead =
    store === undefined ? ({ omitted: { reason: 'too-large', bytes } } as const) : { storedAt: await store(document) }
  for (const shorter of [rest, withoutStacks(rest)]) {
    const text = textOf({ ...shorter, ...instead })
    if (Buffer.byteLength(text) <= maxBytes) return text
  }
  return textOf({ ...withShortError(rest), ...instead })
}

// JSON may have two characters in it that SQS refuses a message for.
function textOf(document: DeadLetterDocument): string {
  return JSON.stringify(document).replaceAll('\uFFFE', '\\uFFFE').replaceAll('\uFFFF', '\\uFFFF')
}

function withoutStacks({ error, ...rest }: DeadLetterDocument): DeadLetterDocument {
  if (error === undefined) return rest
  const { causes, ...first } = error
  return { ...rest, error: { ...withoutStack(first), causes: causes.map(withoutStack) } }
}

// With its name and its code a third of the smallest message, whatever is in them.
const shortMessage = 500

function withShortError({ error, ...rest }: DeadLetterDocument): DeadLetterDocument {
  if (error === undefined) return rest
  return { ...rest, error: { ...withoutStack(error), message: error.message.slice(0, shortMessage), causes: [] } }
}

function withoutStack({ stack: _left, ...rest }: CauseDescription): CauseDescription {
  return rest
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
