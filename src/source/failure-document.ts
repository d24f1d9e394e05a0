import { DecodeError } from '../errors.ts'
import { describe } from '../record/describe.ts'
import { parseSequenceNumber, type SequenceNumber } from '../record/sequence-number.ts'
import type { RawRecord } from './source.ts'

/** What a document about failed records holds: the records, or where they are. */
export type FailureContent =
  | { readonly holds: 'records'; readonly records: readonly RawRecord[]; readonly shardId?: string }
  | { readonly holds: 'range'; readonly range: FailedRange }
  | { readonly holds: 'object'; readonly bucket: string; readonly key: string }

/** Where in a stream records were that Lambda gave up. */
export interface FailedRange {
  readonly streamArn: string
  readonly shardId: string
  /** The first and the last one, both included. */
  readonly start: SequenceNumber
  readonly end: SequenceNumber
  /** How many of the records between were in the batch; the mapping may have filtered others, or delivered them apart. */
  readonly batchSize: number
}

type Fields = { readonly [name: string]: unknown }

/**
 * Reads a document about failed records: what Lambda sends to an on-failure destination, or a dead letter of a sink. It may
 * be text, and in the envelope of SNS or EventBridge, or in that of a message of SQS. Throws a `DecodeError` for any other.
 */
export function parseFailureDocument(document: unknown): FailureContent {
  const fields = unwrap(document, 'document', 0)
  if (fields['kind'] === 'tidemark.dead-letter') return contentOfLetter(fields)
  const info = fields['DDBStreamBatchInfo']
  if (isFields(info)) return contentOfLambda(fields, info)
  const remedy = 'what Lambda sends to an on-failure destination of a DynamoDB stream, or a dead letter of Tidemark'
  throw misfit('document', remedy, document)
}

/** Takes a document out of what it was sent in, layer by layer: S3 → SNS → SQS is three. */
function unwrap(value: unknown, path: string, depth: number): Fields {
  if (depth > 6) throw misfit(path, 'a document in at most six envelopes', value)
  if (typeof value === 'string') return unwrap(parsed(value, path), path, depth + 1)
  if (!isFields(value)) throw misfit(path, 'a document', value)
  const envelope = ['body', 'Body', 'Sns', 'Message', 'detail'].find((name) => isEnvelope(value, name))
  return envelope === undefined ? value : unwrap(value[envelope], `${path}.${envelope}`, depth + 1)
}

// SQS: body with a message's id. SNS: Sns in an event, Message beside the topic's ARN. EventBridge: detail and its type.
function isEnvelope(value: Fields, name: string): boolean {
  const beside = {
    body: 'messageId',
    Body: 'MessageId',
    Sns: 'EventSource',
    Message: 'TopicArn',
    detail: 'detail-type',
  }
  return name in value && beside[name as keyof typeof beside] in value
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DecodeError('expected a document as JSON', { path, cause })
  }
}

function contentOfLambda(fields: Fields, info: Fields): FailureContent {
  const { payload } = fields
  if (payload !== undefined) {
    const event = unwrap(payload, 'document.payload', 0)
    const shardId = textOf(info, 'shardId')
    return { holds: 'records', records: recordsOf(event['Records'], 'document.payload.Records'), shardId }
  }
  const path = 'document.DDBStreamBatchInfo'
  const { batchSize } = info
  return {
    holds: 'range',
    range: {
      streamArn: textOf(info, 'streamArn'),
      shardId: textOf(info, 'shardId'),
      start: parseSequenceNumber(info['startSequenceNumber'], `${path}.startSequenceNumber`),
      end: parseSequenceNumber(info['endSequenceNumber'], `${path}.endSequenceNumber`),
      batchSize: typeof batchSize === 'number' ? batchSize : 1,
    },
  }
}

function contentOfLetter(fields: Fields): FailureContent {
  const { record, storedAt, omitted, version, shardId, consumer } = fields
  if (version !== 1) throw misfit('document.version', 'version 1; a newer tidemark may read this letter', version)
  if (isFields(record))
    return { holds: 'records', records: [record], ...(typeof shardId === 'string' ? { shardId } : {}) }
  if (isFields(storedAt)) {
    const { bucket, key } = storedAt
    if (typeof bucket === 'string' && typeof key === 'string') return { holds: 'object', bucket, key }
  }
  const where = `the record was too large for the message; it is parked with consumer ${describe(consumer)}: redrive it there`
  throw omitted === undefined
    ? misfit('document.record', 'a record', record)
    : new DecodeError(where, { path: 'document.record' })
}

function recordsOf(value: unknown, path: string): readonly RawRecord[] {
  if (Array.isArray(value)) return value as readonly RawRecord[]
  throw misfit(path, 'a list of records', value)
}

function textOf(info: Fields, name: string): string {
  const value = info[name]
  if (typeof value === 'string' && value !== '') return value
  throw misfit(`document.DDBStreamBatchInfo.${name}`, 'a text', value)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function misfit(path: string, expected: string, value: unknown): DecodeError {
  return new DecodeError(`expected ${expected}, got ${describe(value)}`, { path })
}
