import type { StreamEvent } from './stream-event.ts'

/** Why records were given up, in the words that Lambda writes into its documents. */
export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

/** The document that Lambda sends to an on-failure destination. */
export interface FailureDocument {
  requestContext: {
    requestId: string
    functionArn: string
    condition: DiscardCondition
    approximateInvokeCount: number
  }
  /** Absent when the records' age ended it, whatever the last invocation did. */
  responseContext?: {
    statusCode: 200
    executedVersion: string
    /** `Unhandled` when the function threw or timed out, `null` when it reported the failure. */
    functionError: 'Unhandled' | null
  }
  version: '1.0'
  /** ISO 8601 with milliseconds. */
  timestamp: string
  DDBStreamBatchInfo: {
    shardId: string
    startSequenceNumber: string
    endSequenceNumber: string
    /** ISO 8601 to the second. */
    approximateArrivalOfFirstRecord: string
    approximateArrivalOfLastRecord: string
    batchSize: number
    streamArn: string
  }
  /** The whole event. To S3 only: a queue or a topic learns where the records were, and they are gone within 24 hours. */
  payload?: StreamEvent
}

/** What is known of records that are given up. */
export interface Discarded {
  readonly condition: DiscardCondition
  /** Invocations that failed with them; Lambda says 1 when there was none. */
  readonly invokeCount: number
  readonly requestId: string
  readonly functionArn: string
  readonly functionError: 'Unhandled' | null
  /** Epoch milliseconds. */
  readonly at: number
  readonly shardId: string
  readonly streamArn: string
  readonly first: { readonly sequenceNumber: string; readonly createdAt: number }
  readonly last: { readonly sequenceNumber: string; readonly createdAt: number }
  readonly count: number
  /** The event to store with it. */
  readonly payload: StreamEvent | undefined
}

/** Writes the document as Lambda does. */
export function failureDocument(discarded: Discarded): FailureDocument {
  const { condition, requestId, functionArn, first, last } = discarded
  return {
    requestContext: {
      requestId,
      functionArn,
      condition,
      approximateInvokeCount: Math.max(1, discarded.invokeCount),
    },
    ...(condition === 'RecordAgeExceeded'
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            functionError: discarded.functionError,
          },
        }),
    version: '1.0',
    timestamp: new Date(discarded.at).toISOString(),
    DDBStreamBatchInfo: {
      shardId: discarded.shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: toTheSecond(first.createdAt),
      approximateArrivalOfLastRecord: toTheSecond(last.createdAt),
      batchSize: discarded.count,
      streamArn: discarded.streamArn,
    },
    ...(discarded.payload === undefined ? {} : { payload: discarded.payload }),
  }
}

/** The key under which Lambda stores a document in S3: `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/<time>-<uuid>`. */
export function failureObjectKey(mappingId: string, shardId: string, at: number, uuid: string): string {
  const time = toTheSecond(at).slice(0, -1).replaceAll(':', '.')
  return `aws/lambda/${mappingId}/${shardId}/${time.slice(0, 10).replaceAll('-', '/')}/${time}-${uuid}`
}

function toTheSecond(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
