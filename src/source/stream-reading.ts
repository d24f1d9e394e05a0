import type { SequenceNumber } from '../record/sequence-number.ts'
import type { SdkRecord } from './sdk-record.ts'

/** AWS: a record can be read for 24 hours. */
export const retentionMs: number = 24 * 60 * 60 * 1_000

/** A shard as DescribeStream lists it. */
export interface ShardListing {
  readonly shardId: string
  readonly parentShardId: string | undefined
  /** Whether it has an ending sequence number: nothing is written to it any more. */
  readonly closed: boolean
}

/** A stream as a complete DescribeStream (all pages) tells it. */
export interface StreamListing {
  /** Only an ENABLED stream gets new shards; ENABLING and DISABLING are as they say. */
  readonly status: 'ENABLED' | 'DISABLED' | 'ENABLING' | 'DISABLING'
  readonly shards: readonly ShardListing[]
}

/** From where in a shard to read. */
export type ReadPosition =
  | { readonly type: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly type: 'AFTER_SEQUENCE_NUMBER'; readonly after: SequenceNumber }
  | { readonly type: 'AT_SEQUENCE_NUMBER'; readonly at: SequenceNumber }

/** One answer of a shard. */
export type ShardAnswer =
  /** Some records, or none. The last page of a closed shard comes as this, and then `end`. */
  | { readonly status: 'records'; readonly records: readonly SdkRecord[] }
  /** The shard is closed, and every record of it has been returned. */
  | { readonly status: 'end' }
  /** The position has been trimmed: what lies between it and the trim horizon can't be read any more. */
  | { readonly status: 'trimmed' }
  /** There is no such shard, or no such stream. */
  | { readonly status: 'missing' }

/**
 * The calls by which a worker reads a stream. Errors that a reader can act on are values; others are thrown. A signal that
 * aborts ends its call with an error, whatever error that is.
 */
export interface StreamReading {
  /** All pages of DescribeStream; `undefined` when there is no such stream. */
  describe(streamArn: string): Promise<StreamListing | undefined>
  /** The shard's children, by CHILD_SHARDS, or by a complete listing where the service does not know the filter. */
  children(streamArn: string, shardId: string): Promise<readonly ShardListing[]>
  openIterator(
    streamArn: string,
    shardId: string,
    position: ReadPosition,
    signal?: AbortSignal,
  ): Promise<
    | { readonly status: 'opened'; readonly iterator: string }
    | { readonly status: 'trimmed' }
    | { readonly status: 'missing' }
  >
  /** One GetRecords: at most 1,000 records and 1 MB. Without `next` the shard has been read to its end. */
  getRecords(
    iterator: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<
    | { readonly status: 'records'; readonly records: readonly SdkRecord[]; readonly next: string | undefined }
    | { readonly status: 'expired' }
    | { readonly status: 'trimmed' }
    | { readonly status: 'missing' }
  >
}
