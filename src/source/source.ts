import type { AttributeMap } from '../record/attribute-value.ts'

/**
 * A stream record as a source hands it on, before anything has been believed of it: the shape of Lambda's event, with
 * every field optional because an event is input. A worker's records are brought into this shape too.
 */
export interface RawRecord {
  readonly eventID?: string | undefined
  readonly eventName?: string | undefined
  readonly eventVersion?: string | undefined
  readonly eventSource?: string | undefined
  readonly eventSourceARN?: string | undefined
  readonly awsRegion?: string | undefined
  readonly dynamodb?: RawChange | undefined
  readonly userIdentity?:
    { readonly type?: string | undefined; readonly principalId?: string | undefined } | null | undefined
}

/** The part of a stream record that Lambda calls `dynamodb`. */
export interface RawChange {
  /** Epoch seconds in a Lambda event, a Date from the SDK. */
  readonly ApproximateCreationDateTime?: number | Date | undefined
  readonly Keys?: AttributeMap | undefined
  readonly NewImage?: AttributeMap | undefined
  readonly OldImage?: AttributeMap | undefined
  readonly SequenceNumber?: string | undefined
  readonly SizeBytes?: number | undefined
  readonly StreamViewType?: string | undefined
}

/** What a source delivers at once: records in stream order. */
export interface Batch {
  readonly records: readonly RawRecord[]
  /** The shard, where the source knows it. */
  readonly shardId?: string
}
