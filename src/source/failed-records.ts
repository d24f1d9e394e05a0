import { ConfigurationError, DecodeError } from '../errors.ts'
import { choice, knownNames, optional, shape, functionNamed } from '../internal/validate.ts'
import type { Clock, Random } from '../internal/clock.ts'
import type { StreamsSender } from './dynamodb-streams.ts'
import { parseFailureDocument, type FailureContent } from './failure-document.ts'
import type { Batch } from './source.ts'

/** What is used of S3: the SDK's `S3` has it. For an `S3Client`: `{ getObject: (input) => client.send(new GetObjectCommand(input)) }`. */
export interface S3Getter {
  getObject(input: {
    Bucket: string
    Key: string
  }): Promise<{ readonly Body?: { transformToString(): Promise<string> } | undefined }>
}

/** What documents need that don't hold their records themselves. */
export interface FailureDocumentOptions {
  /** A `DynamoDBStreamsClient`, for documents that Lambda sent to SQS or SNS: they only say where the records were. */
  readonly streams?: StreamsSender
  /** For dead letters that went to S3 because a message could not hold them. */
  readonly s3?: S3Getter
  /** Whether to go on with what is left where the stream has lost some of the records. @default 'halt' */
  readonly onGap?: 'halt' | 'continue'
  /** Ends the reading, which waits as long as the service can't be reached. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * The records of which a document about failed ones tells, in stream order, in batches for `consumer.process`. Documents are
 * those of Lambda's on-failure destinations (of S3, with the records; of SQS and SNS, which only say where they were) and
 * Tidemark's dead letters; as an object or as text, also in the envelopes of SQS, SNS and EventBridge.
 *
 * From a range all records are read between its ends, which may be more than the failed batch had: what the mapping filtered,
 * and with a parallelization factor what it delivered apart. DynamoDB keeps them for 24 hours: a `RecordsGoneError` says that
 * some are not there any more, before any later one is handed on.
 */
export async function* readFailureDocument(
  document: unknown,
  options: FailureDocumentOptions = {},
): AsyncGenerator<Batch, void, void> {
  const { streams, s3, onGap = 'halt', signal, clock, random } = checked(options)
  const content = await resolved(parseFailureDocument(document), s3)
  if (content.holds === 'records') {
    yield content
    return
  }
  if (streams === undefined)
    throw new ConfigurationError(
      'the document only says where the records were: give readFailureDocument streams, a DynamoDBStreamsClient, to read them with',
    )
  // Here, and not at the top: who has no such document needs no client of DynamoDB Streams.
  const { readFailedRange } = await import('./dynamodb-failed-range.ts')
  yield* readFailedRange(content.range, { streams, onGap, signal, clock, random })
}

function checked(options: FailureDocumentOptions): FailureDocumentOptions {
  shape('readFailureDocument options', options)
  knownNames('readFailureDocument options', options, ['streams', 's3', 'onGap', 'signal', 'clock', 'random'])
  optional(options.streams, ({ send }) => functionNamed('streams.send', send))
  optional(options.s3, ({ getObject }) => functionNamed('s3.getObject', getObject))
  optional(options.onGap, (onGap) => choice('onGap', onGap, ['halt', 'continue']))
  return options
}

async function resolved(
  content: FailureContent,
  s3: S3Getter | undefined,
): Promise<Exclude<FailureContent, { holds: 'object' }>> {
  if (content.holds !== 'object') return content
  const { bucket, key } = content
  if (s3 === undefined)
    throw new ConfigurationError(
      `the letter is in s3://${bucket}/${key}: give readFailureDocument an s3 to read it with`,
    )
  const { Body } = await s3.getObject({ Bucket: bucket, Key: key })
  const stored = parseFailureDocument((await Body?.transformToString()) ?? '')
  if (stored.holds === 'records') return stored
  throw new DecodeError(`expected a letter with its record in s3://${bucket}/${key}`, { path: 'document.storedAt' })
}
