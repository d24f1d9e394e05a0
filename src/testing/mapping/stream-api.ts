import type {
  _Record,
  DescribeStreamCommandOutput,
  GetRecordsCommandOutput,
  GetShardIteratorCommandOutput,
} from '@aws-sdk/client-dynamodb-streams'
import type { ShardNode } from './lineage.ts'
import type { StreamsClient } from './streams-client.ts'

/** Where to start reading in a shard. */
export type ShardPosition =
  { readonly type: 'TRIM_HORIZON' | 'LATEST' } | { readonly type: 'AFTER_SEQUENCE_NUMBER'; readonly after: string }

/** Why a shard could not be read just now. */
export type Obstacle =
  /** The iterator is older than 15 minutes: open another at the same place. */
  | { readonly status: 'expired' }
  /** The place has been trimmed: what was not read between it and the trim horizon is lost. */
  | { readonly status: 'trimmed' }
  /** The whole shard has been. */
  | { readonly status: 'gone' }
  /** Throttled, network or the service itself: try again. */
  | { readonly status: 'failed'; readonly error: unknown }

/** The three calls by which a stream is read; what the service says in errors is told in values. */
export interface StreamApi {
  /** All pages. Throws what the service throws. */
  listShards(): Promise<readonly ShardNode[]>
  openIterator(
    shardId: string,
    position: ShardPosition,
  ): Promise<{ readonly status: 'opened'; readonly iterator: string } | Obstacle>
  /** At most 1,000 records and 1 MB. Without `next` the shard has been read to its end. */
  readPage(iterator: string, limit: number): Promise<Page | Obstacle>
}

/** What was read. */
export interface Page {
  readonly status: 'read'
  readonly records: readonly _Record[]
  readonly next: string | undefined
}

/** Loads the SDK's commands when they are first needed, so that the door opens without the SDK installed. */
export async function streamApi(client: StreamsClient, streamArn: string): Promise<StreamApi> {
  const { DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand } =
    await import('@aws-sdk/client-dynamodb-streams')
  return {
    async listShards() {
      const shards: ShardNode[] = []
      let after: string | undefined
      do {
        const page = new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: after })
        const { StreamDescription } = answer<DescribeStreamCommandOutput>(await client.send(page))
        for (const shard of StreamDescription?.Shards ?? []) shards.push(shardNode(shard))
        after = StreamDescription?.LastEvaluatedShardId
      } while (after !== undefined)
      return shards
    },
    openIterator: (shardId, position) =>
      orObstacle(async () => {
        const asked = new GetShardIteratorCommand({
          StreamArn: streamArn,
          ShardId: shardId,
          ShardIteratorType: position.type,
          ...('after' in position ? { SequenceNumber: position.after } : {}),
        })
        const { ShardIterator = '' } = answer<GetShardIteratorCommandOutput>(await client.send(asked))
        return { status: 'opened', iterator: ShardIterator }
      }),
    readPage: (iterator, limit) =>
      orObstacle(async () => {
        const asked = new GetRecordsCommand({ ShardIterator: iterator, Limit: Math.min(limit, 1000) })
        const { Records = [], NextShardIterator } = answer<GetRecordsCommandOutput>(await client.send(asked))
        return { status: 'read', records: Records, next: NextShardIterator }
      }),
  }
}

// The client answers a command with that command's output; its type can't say so without tying it to the SDK's classes.
function answer<Output>(output: unknown): Output {
  return output as Output
}

function shardNode(
  shard: NonNullable<NonNullable<DescribeStreamCommandOutput['StreamDescription']>['Shards']>[number],
): ShardNode {
  return {
    shardId: shard.ShardId ?? '',
    parentShardId: shard.ParentShardId,
    closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
  }
}

async function orObstacle<Answer>(call: () => Promise<Answer>): Promise<Answer | Obstacle> {
  try {
    return await call()
  } catch (error) {
    switch (error instanceof Error ? error.name : '') {
      case 'ExpiredIteratorException':
        return { status: 'expired' }
      case 'TrimmedDataAccessException':
        return { status: 'trimmed' }
      case 'ResourceNotFoundException':
        return { status: 'gone' }
      default:
        return { status: 'failed', error }
    }
  }
}
