import type { _Record, AttributeValue as SdkAttributeValue } from '@aws-sdk/client-dynamodb-streams'
import { encodeItemKey } from '../../record/item-key.ts'
import type { StreamEventRecord } from './stream-event.ts'

/** A stream record on its way through a mapping. */
export interface MappedRecord {
  readonly sequenceNumber: string
  /** Same for all records of one item, and for no others. */
  readonly itemKey: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** The record as it stands in an event. Kept as text, so that each delivery is made of fresh objects. */
  readonly json: string
  /** Length of `json` in UTF-8. */
  readonly bytes: number
}

/** What the streams API returned, as Lambda writes it: binary in base64, times in epoch seconds, lower-case identity. */
export function lambdaJson(record: _Record, streamArn: string): string {
  const change = record.dynamodb
  return JSON.stringify({
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion ?? '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: record.awsRegion,
    dynamodb: {
      ApproximateCreationDateTime: epochSeconds(change?.ApproximateCreationDateTime),
      Keys: attributes(change?.Keys),
      NewImage: attributes(change?.NewImage),
      OldImage: attributes(change?.OldImage),
      SequenceNumber: change?.SequenceNumber,
      SizeBytes: change?.SizeBytes,
      StreamViewType: change?.StreamViewType,
    },
    userIdentity: identity(record.userIdentity),
    eventSourceARN: streamArn,
  })
}

/** The record that a text of `lambdaJson` is: JSON leaves out what is undefined, as the service does. */
export function lambdaRecord(json: string): StreamEventRecord {
  return JSON.parse(json) as StreamEventRecord // what comes out is what the service guarantees of its records
}

/** Makes a record ready for delivery: the record, and the text that it was read from. */
export function mappedRecord(record: StreamEventRecord, json: string): MappedRecord {
  const { SequenceNumber, Keys, ApproximateCreationDateTime } = record.dynamodb
  return {
    sequenceNumber: SequenceNumber,
    itemKey: encodeItemKey(Keys, 'dynamodb.Keys'),
    createdAt: ApproximateCreationDateTime * 1000,
    json,
    bytes: Buffer.byteLength(json),
  }
}

function epochSeconds(time: Date | undefined): number | undefined {
  return time === undefined ? undefined : Math.floor(time.getTime() / 1000)
}

function identity(of: _Record['userIdentity']): StreamEventRecord['userIdentity'] {
  return of === undefined ? undefined : { type: of.Type ?? '', principalId: of.PrincipalId ?? '' }
}

function attributes(map: Record<string, SdkAttributeValue> | undefined): object | undefined {
  return map === undefined
    ? undefined
    : Object.fromEntries(Object.entries(map).map(([name, value]) => [name, attribute(value)]))
}

function attribute(value: SdkAttributeValue): object {
  if (value.B !== undefined) return { B: base64(value.B) }
  if (value.BS !== undefined) return { BS: value.BS.map(base64) }
  if (value.L !== undefined) return { L: value.L.map(attribute) }
  if (value.M !== undefined) return { M: attributes(value.M) }
  return value
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
