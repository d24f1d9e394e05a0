import type { EventName, StreamViewType } from '../../record/record.ts'

/**
 * The event that Lambda hands to a function for a DynamoDB stream. Declared so that handlers typed by `@types/aws-lambda`
 * and handlers typed by Tidemark's `RawRecord` both take it.
 */
export interface StreamEvent {
  Records: StreamEventRecord[]
}

/** The event of a mapping with a tumbling window. */
export interface TimeWindowEvent extends StreamEvent {
  /** ISO 8601 in UTC, to the second. */
  window: { start: string; end: string }
  /** What the function returned last in this window; `{}` at its beginning. */
  state: unknown
  shardId: string
  eventSourceARN: string
  /** The window is over; `Records` may be empty. */
  isFinalInvokeForWindow: boolean
  /** It is over before its time. */
  isWindowTerminatedEarly: boolean
}

/** One record of a {@link StreamEvent}. */
export interface StreamEventRecord {
  eventID: string
  eventName: EventName
  eventVersion: string
  eventSource: 'aws:dynamodb'
  awsRegion: string
  dynamodb: StreamEventChange
  /** Only on what time to live removed. */
  userIdentity?: { type: string; principalId: string }
  eventSourceARN: string
}

/** The change that a {@link StreamEventRecord} tells of. */
export interface StreamEventChange {
  /** Epoch seconds. DynamoDB Local cuts it to the minute. */
  ApproximateCreationDateTime: number
  Keys: { [name: string]: StreamAttributeValue }
  NewImage?: { [name: string]: StreamAttributeValue }
  OldImage?: { [name: string]: StreamAttributeValue }
  SequenceNumber: string
  SizeBytes: number
  StreamViewType: StreamViewType
}

interface AttributeTypes {
  S: string
  N: string
  /** Base64. */
  B: string
  BOOL: boolean
  NULL: boolean
  SS: string[]
  NS: string[]
  BS: string[]
  L: StreamAttributeValue[]
  M: { [name: string]: StreamAttributeValue }
}

/** A DynamoDB value as it stands in an event: exactly one of the fields is there. */
export type StreamAttributeValue = {
  [Type in keyof AttributeTypes]: { [Only in Type]: AttributeTypes[Only] } & {
    [Other in Exclude<keyof AttributeTypes, Type>]?: never
  }
}[keyof AttributeTypes]
