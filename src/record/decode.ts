import type { RawRecord } from '../source/source.ts'
import { isObject } from './attribute-type.ts'
import { createdAtOf, eventIdOf, eventNameOf, sizeBytesOf, viewTypeOf } from './change-fields.ts'
import { misfit } from './decode-scalar.ts'
import { decodeItem } from './decode-value.ts'
import { decodeImage } from './images.ts'
import type { NumberMode } from './number.ts'
import type { ChangeBase, ChangeRecord, EventName, Item } from './record.ts'
import { parseSequenceNumber, type SequenceNumber } from './sequence-number.ts'
import { parseStreamArn, type StreamArn } from './stream-arn.ts'

/** Where a record stands: all that is needed to order it and to name it to its source, whatever else is wrong with it. */
export interface RecordLocation {
  readonly sequenceNumber: SequenceNumber
  readonly stream: StreamArn
  /** The record as it came; nothing in it has been checked but what this location was made from. */
  readonly raw: RawRecord
}

/** How to decode a record. */
export interface DecodeOptions {
  readonly numbers: NumberMode
  /** The shard it was read from, where the source knows it. */
  readonly shardId?: string
}

/** Finds out where a record stands. After a `DecodeError` no response can name it: its whole batch has to come again. */
export function locate(raw: unknown): RecordLocation {
  if (!isObject(raw)) throw misfit('a stream record', raw, 'record')
  const record: RawRecord = raw
  const { eventSource, eventSourceARN, dynamodb } = record
  if (eventSource !== undefined && eventSource !== 'aws:dynamodb')
    throw misfit('aws:dynamodb, for only a DynamoDB stream can be consumed', eventSource, 'eventSource')
  if (!isObject(dynamodb)) throw misfit('what changed', dynamodb, 'dynamodb')
  const sequenceNumber = parseSequenceNumber(dynamodb.SequenceNumber, 'dynamodb.SequenceNumber')
  return { sequenceNumber, stream: parseStreamArn(eventSourceARN, 'eventSourceARN'), raw: record }
}

/** Decodes a record; a `DecodeError` when any of it can't be read, or is missing where it was promised. */
export function decodeRecord(location: RecordLocation, { numbers, shardId }: DecodeOptions): ChangeRecord {
  const record = decodeBase(location, numbers)
  const images = { change: location.raw.dynamodb ?? {}, viewType: record.viewType, numbers }
  // An image that the event can't have had is left out even when one is there, as the record's type says.
  const newImage = record.eventName === 'REMOVE' ? undefined : decodeImage('NewImage', images)
  const oldImage = record.eventName === 'INSERT' ? undefined : decodeImage('OldImage', images)
  if (newImage !== undefined) record.newImage = newImage
  if (oldImage !== undefined) record.oldImage = oldImage
  if (shardId !== undefined) record.shardId = shardId
  // Three literals, one for each event, would need no cast but take longer than all else in here.
  return record as ChangeRecord
}

type Draft = { -readonly [Name in keyof ChangeBase<Item>]: ChangeBase<Item>[Name] } & {
  readonly eventName: EventName
  newImage?: Item
  oldImage?: Item
}

function decodeBase({ raw, stream, sequenceNumber }: RecordLocation, numbers: NumberMode): Draft {
  const change = raw.dynamodb ?? {}
  return {
    eventName: eventNameOf(raw.eventName),
    eventId: eventIdOf(raw.eventID),
    keys: decodeItem(change.Keys, numbers, 'dynamodb.Keys'),
    sequenceNumber,
    streamArn: stream.streamArn,
    tableName: stream.tableName,
    region: typeof raw.awsRegion === 'string' ? raw.awsRegion : stream.region,
    createdAt: createdAtOf(change.ApproximateCreationDateTime),
    sizeBytes: sizeBytesOf(change.SizeBytes),
    viewType: viewTypeOf(change.StreamViewType),
    expired: isExpired(raw),
  }
}

/** Time to live deletes as DynamoDB itself; a replica of that delete in another region carries no identity. */
function isExpired({ eventName, userIdentity }: RawRecord): boolean {
  return (
    eventName === 'REMOVE' && userIdentity?.type === 'Service' && userIdentity.principalId === 'dynamodb.amazonaws.com'
  )
}
