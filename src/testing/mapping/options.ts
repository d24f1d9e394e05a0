import { ConfigurationError } from '../../errors.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { type FilterCriteria, parseFilterCriteria, type Selection } from '../../select/select.ts'
import type { FailureDocument } from './failure-document.ts'
import type { FunctionContext } from './function-context.ts'
import type { StreamEvent } from './stream-event.ts'
import type { StreamsClient } from './streams-client.ts'

/** Where records go that the mapping gives up. */
export interface FailureDestination {
  /** `s3` gets the whole event in the document, `sqs` and `sns` get metadata only. */
  readonly kind: 's3' | 'sqs' | 'sns'
  /**
   * Takes a document; `objectKey` is the name it would have in S3. When it rejects it is called again until it succeeds:
   * the records are neither dropped nor passed over.
   */
  send(document: FailureDocument, objectKey: string): unknown
}

/** Options of `createEventSourceMapping`: Lambda's own, in camelCase and with its defaults and bounds, and the test kit's. */
export interface EventSourceMappingOptions {
  /** The SDK's `DynamoDBStreamsClient`, or anything that answers its commands. */
  readonly streams: StreamsClient
  readonly streamArn: string
  /** The function. What it returns goes through JSON, as it would in Lambda. */
  handler(event: StreamEvent, context: FunctionContext): unknown
  /**
   * Where to start in the shards that there are at the first start; what comes later is read from its beginning. `LATEST`
   * needs care: what is written before the mapping has opened its iterators is passed over, and DynamoDB Local loses the
   * place of an empty shard when other tables are written to (the mapping then reads from the trim horizon).
   */
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST'
  /** Records per event at most, 1 to 10,000; those that no filter matches don't count. @default 100 */
  readonly batchSize?: number
  /** Seconds to wait for a batch to fill, 0 to 300; counted from its first record or the end of the last invocation. @default 0 */
  readonly maximumBatchingWindowInSeconds?: number
  /** Batches of one shard delivered side by side, 1 to 10. The records of one item always stay in one queue. @default 1 */
  readonly parallelizationFactor?: number
  /** Without `ReportBatchItemFailures` the function's answer is ignored and only an error fails a batch. @default [] */
  readonly functionResponseTypes?: readonly 'ReportBatchItemFailures'[]
  /** Halve a failed batch before retrying it, which costs no retry. @default false */
  readonly bisectBatchOnFunctionError?: boolean
  /** Retries of a failed batch, 0 to 10,000, or -1: until the records are older than the stream keeps them. @default -1 */
  readonly maximumRetryAttempts?: number
  /**
   * Seconds after which a record is given up, 60 to 604,800, or -1 for none. DynamoDB Local cuts creation times to the
   * minute, so its records look up to 60 seconds older than they are. @default -1
   */
  readonly maximumRecordAgeInSeconds?: number
  /** Lambda's filters; a record has to match one of them. The others are passed over. @default none: every record */
  readonly filterCriteria?: FilterCriteria
  /** Length of the windows over which a shard's state is kept, up to 900; 0 for none. Such a shard has a single queue. @default 0 */
  readonly tumblingWindowInSeconds?: number
  /** Where given-up records go. @default none: they are dropped, and counted */
  readonly onFailure?: FailureDestination
  /** Milliseconds after which an invocation has failed and its answer is ignored, 1 to 900,000. @default 60_000 */
  readonly functionTimeoutMs?: number
  /** @default 'function' */
  readonly functionName?: string
  /** @default one made of the stream's region and account, and the name */
  readonly functionArn?: string
  /** Bytes of an event at most. @default 6_291_456: Lambda's 6 MB */
  readonly payloadLimitBytes?: number
  /** Milliseconds before the first retry; doubled with every further one up to 64 times as much, ±50 %. @default 25 */
  readonly retryDelayMs?: number
  /** Milliseconds between looks at a shard that had nothing new. @default 250: Lambda's four times a second */
  readonly pollIntervalMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

/** The options with every default in its place. */
export type ResolvedMappingOptions = Omit<Required<EventSourceMappingOptions>, 'filterCriteria' | 'onFailure'> & {
  readonly selection: Selection
  readonly onFailure: FailureDestination | undefined
  /** Names the mapping in the keys of S3 objects. */
  readonly mappingId: string
}

interface Bounds {
  readonly from: number
  readonly to: number
  /** A value outside the bounds that is allowed too. */
  readonly or?: number
}

const bounds = {
  batchSize: { from: 1, to: 10_000 },
  maximumBatchingWindowInSeconds: { from: 0, to: 300 },
  parallelizationFactor: { from: 1, to: 10 },
  maximumRetryAttempts: { from: -1, to: 10_000 },
  maximumRecordAgeInSeconds: { from: 60, to: 604_800, or: -1 },
  tumblingWindowInSeconds: { from: 0, to: 900 },
  functionTimeoutMs: { from: 1, to: 900_000 },
  payloadLimitBytes: { from: 1, to: Number.MAX_SAFE_INTEGER },
  retryDelayMs: { from: 0, to: 3_600_000 },
  pollIntervalMs: { from: 0, to: 3_600_000 },
} satisfies { [Name in keyof EventSourceMappingOptions]?: Bounds }

/** Checks the options and fills in the defaults. @throws ConfigurationError */
export function resolveMappingOptions(options: EventSourceMappingOptions): ResolvedMappingOptions {
  const { filterCriteria = {}, random = systemRandom, functionName = 'function' } = options
  assertPosition(options.startingPosition)
  assertResponseTypes(options.functionResponseTypes)
  const resolved: ResolvedMappingOptions = {
    batchSize: 100,
    maximumBatchingWindowInSeconds: 0,
    parallelizationFactor: 1,
    functionResponseTypes: [],
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    tumblingWindowInSeconds: 0,
    onFailure: undefined,
    functionTimeoutMs: 60_000,
    payloadLimitBytes: 6 * 1024 * 1024,
    retryDelayMs: 25,
    pollIntervalMs: 250,
    clock: systemClock,
    functionArn: defaultFunctionArn(options.streamArn, functionName),
    ...options,
    random,
    functionName,
    selection: parseFilterCriteria(filterCriteria),
    mappingId: uuid(random),
  }
  for (const [name, limits] of Object.entries(bounds)) assertWithin(name, resolved[name as keyof typeof bounds], limits)
  return resolved
}

/** An id in the shape that Lambda gives to requests and mappings. */
export function uuid(random: Random): string {
  return random.id().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function assertWithin(name: string, value: unknown, { from, to, or }: Bounds): void {
  if (Number.isInteger(value) && (value === or || (Number(value) >= from && Number(value) <= to))) return
  const exception = or === undefined ? '' : `${or} or `
  throw new ConfigurationError(
    `${name}: expected ${exception}a whole number from ${from} to ${to}, got ${String(value)}`,
  )
}

function assertPosition(position: unknown): void {
  if (position === 'TRIM_HORIZON' || position === 'LATEST') return
  throw new ConfigurationError(`startingPosition: expected TRIM_HORIZON or LATEST, got ${String(position)}`)
}

function assertResponseTypes(types: readonly unknown[] = []): void {
  const unknown = types.find((type) => type !== 'ReportBatchItemFailures')
  if (unknown === undefined) return
  throw new ConfigurationError(`functionResponseTypes: expected ReportBatchItemFailures, got ${String(unknown)}`)
}

function defaultFunctionArn(streamArn: string, functionName: string): string {
  const [, partition = 'aws', , region = '', account = ''] = streamArn.split(':')
  return `arn:${partition}:lambda:${region}:${account}:function:${functionName}`
}
