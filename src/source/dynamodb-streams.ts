import {
  DescribeStreamCommand,
  type DescribeStreamCommandInput,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
  type StreamDescription,
} from '@aws-sdk/client-dynamodb-streams'
import { classifyAwsError, isTransientAwsError } from '../internal/aws-error.ts'
import type { Clock } from '../internal/clock.ts'
import { systemClock } from '../internal/system.ts'
import { DescribePace, type DescribePaceOptions } from './describe-pace.ts'
import type { ReadPosition, ShardListing, StreamListing, StreamReading } from './stream-reading.ts'

/** The part of the SDK's client that is used: anything that takes its commands will do. */
export type StreamsSender = Pick<DynamoDBStreamsClient, 'send'>

/** How a stream is read; all optional. */
export interface StreamReadingOptions extends DescribePaceOptions {
  /**
   * Milliseconds after which a call without an answer is given up, as a network error: by itself the SDK's client waits for
   * ever on a connection that is half open. `Infinity`: never. @default 10_000
   */
  readonly callTimeoutMs: number
}

/**
 * Reads streams through a client of DynamoDB Streams. One for all streams of a process: AWS takes ten DescribeStream per
 * second from an account in a region, and the pace is kept by each reading for itself.
 *
 * Errors that a reader can act on (an iterator too old, a place trimmed, a shard that is no more) are values; others are
 * thrown as the client throws them, those of `describe` and `children` only after they were waited out in vain.
 */
export function streamReading(streams: StreamsSender, options: Partial<StreamReadingOptions> = {}): StreamReading {
  return new SdkStreamReading(streams, options)
}

class SdkStreamReading implements StreamReading {
  readonly #streams: StreamsSender
  readonly #pace: DescribePace
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** The service has shown that it does not know CHILD_SHARDS (DynamoDB Local, most emulators); it won't learn it. */
  #knowsChildFilter = true

  constructor(streams: StreamsSender, options: Partial<StreamReadingOptions>) {
    this.#streams = streams
    this.#pace = new DescribePace(options)
    this.#clock = options.clock ?? systemClock
    this.#timeoutMs = options.callTimeoutMs ?? 10_000
  }

  async describe(streamArn: string): Promise<StreamListing | undefined> {
    const pages = await unlessMissing(this.#pages({ StreamArn: streamArn }))
    if (pages === undefined) return undefined
    // The last page's: the shards before it were listed no later.
    return { status: pages.at(-1)?.StreamStatus ?? 'ENABLED', shards: pages.flatMap(shardsOf) }
  }

  async children(streamArn: string, shardId: string): Promise<readonly ShardListing[]> {
    const filtered = this.#knowsChildFilter ? await this.#filtered(streamArn, shardId) : undefined
    if (filtered !== undefined && filtered.every((shard) => shard.parentShardId === shardId)) return filtered
    const { shards } = (await this.describe(streamArn)) ?? { shards: [] }
    // Ignored: it answered with others than the children. Refused: it may be the shard that it does not like, unless that is
    // a shard of the stream.
    if (filtered !== undefined || shards.some((shard) => shard.shardId === shardId)) this.#knowsChildFilter = false
    return shards.filter((shard) => shard.parentShardId === shardId)
  }

  async openIterator(
    streamArn: string,
    shardId: string,
    position: ReadPosition,
    signal?: AbortSignal,
  ): ReturnType<StreamReading['openIterator']> {
    const command = new GetShardIteratorCommand({
      StreamArn: streamArn,
      ShardId: shardId,
      ShardIteratorType: position.type,
      ...('after' in position ? { SequenceNumber: position.after } : {}),
      ...('at' in position ? { SequenceNumber: position.at } : {}),
    })
    try {
      const { ShardIterator } = await this.#answer((options) => this.#streams.send(command, options), signal)
      // The SDK's type allows for none and the service documents no such case: better a gap that is reported than a loop.
      return ShardIterator === undefined ? { status: 'missing' } : { status: 'opened', iterator: ShardIterator }
    } catch (error) {
      const status = goneAs(error)
      if (status === undefined) throw error
      return { status }
    }
  }

  async getRecords(iterator: string, limit: number, signal?: AbortSignal): ReturnType<StreamReading['getRecords']> {
    try {
      const command = new GetRecordsCommand({ ShardIterator: iterator, Limit: limit })
      const { Records = [], NextShardIterator } = await this.#answer(
        (options) => this.#streams.send(command, options),
        signal,
      )
      return { status: 'records', records: Records, next: NextShardIterator }
    } catch (error) {
      if (classifyAwsError(error) === 'expired-iterator') return { status: 'expired' }
      const status = goneAs(error)
      if (status === undefined) throw error
      return { status }
    }
  }

  /** The answer with the filter; `undefined` when it was refused. */
  async #filtered(streamArn: string, shardId: string): Promise<readonly ShardListing[] | undefined> {
    const ShardFilter = { Type: 'CHILD_SHARDS', ShardId: shardId } as const
    try {
      const pages = await unlessMissing(this.#pages({ StreamArn: streamArn, ShardFilter }))
      return pages?.flatMap(shardsOf) ?? []
    } catch (error) {
      if (classifyAwsError(error) === 'validation') return undefined
      throw error
    }
  }

  #answer<Answer>(
    call: (options: { abortSignal?: AbortSignal }) => Promise<Answer>,
    signal?: AbortSignal,
  ): Promise<Answer> {
    if (this.#timeoutMs === Infinity) return call(signal === undefined ? {} : { abortSignal: signal })
    return inTime(this.#clock, this.#timeoutMs, call, signal)
  }

  async #pages(input: DescribeStreamCommandInput): Promise<StreamDescription[]> {
    const pages: StreamDescription[] = []
    let after: string | undefined
    do {
      const command = new DescribeStreamCommand({ ...input, ExclusiveStartShardId: after })
      const { StreamDescription = {} } = await this.#pace.send(
        () => this.#answer((options) => this.#streams.send(command, options)),
        isTransientAwsError,
      )
      pages.push(StreamDescription)
      after = StreamDescription.LastEvaluatedShardId
    } while (after !== undefined)
    return pages
  }
}

async function inTime<Answer>(
  clock: Clock,
  timeoutMs: number,
  call: (options: { abortSignal: AbortSignal }) => Promise<Answer>,
  signal?: AbortSignal,
): Promise<Answer> {
  const over = new AbortController()
  const end = () => over.abort()
  if (signal?.aborted === true) end()
  signal?.addEventListener('abort', end, { once: true })
  const cancel = clock.schedule(timeoutMs, end)
  try {
    return await call({ abortSignal: over.signal })
  } catch (error) {
    if (!over.signal.aborted || signal?.aborted === true) throw error
    const timeout = new Error(`DynamoDB Streams did not answer within ${timeoutMs} ms`, { cause: error })
    throw Object.assign(timeout, { name: 'TimeoutError' }) // the name by which the SDK's own timeouts are known
  } finally {
    cancel()
    signal?.removeEventListener('abort', end)
  }
}

function shardsOf({ Shards = [] }: StreamDescription): ShardListing[] {
  return Shards.map((shard: Shard) => ({
    shardId: shard.ShardId ?? '',
    parentShardId: shard.ParentShardId,
    closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
  }))
}

async function unlessMissing<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call
  } catch (error) {
    if (classifyAwsError(error) === 'resource-not-found') return undefined
    throw error
  }
}

function goneAs(error: unknown): 'trimmed' | 'missing' | undefined {
  switch (classifyAwsError(error)) {
    case 'trimmed-data':
      return 'trimmed'
    case 'resource-not-found':
      return 'missing'
    default:
      return undefined
  }
}
