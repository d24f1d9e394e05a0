import type { Stream } from './stream.ts'
import type { Shard } from './shard.ts'
import type { StreamViewType } from './stream-entry.ts'

/** A shard as it is, which is more than DescribeStream tells and never late. */
export interface ShardFacts {
  readonly shardId: string
  readonly parentShardId: string | undefined
  /** The hashes of partition keys that it takes, from the first one to the one after the last. */
  readonly range: readonly [from: number, to: number]
  readonly isOpen: boolean
  /** How many records it holds, and how many it held that are gone. */
  readonly records: number
  readonly trimmed: number
  readonly startingSequenceNumber: string
  readonly lastSequenceNumber: string
}

export interface StreamFacts {
  readonly streamArn: string
  readonly tableName: string
  readonly viewType: StreamViewType
  readonly status: string
  readonly shards: readonly ShardFacts[]
}

export function streamFacts(stream: Stream, now: number): StreamFacts {
  const { streamArn, tableName, viewType } = stream.opening
  const shards = Array.from(stream.tree.shards, describeShard)
  return { streamArn, tableName, viewType, status: stream.status(now), shards }
}

function describeShard({ opening, log, isOpen, lastSequenceNumber }: Shard): ShardFacts {
  const { shardId, parentShardId, from, to, startingSequenceNumber } = opening
  return {
    shardId,
    parentShardId,
    range: [from, to],
    isOpen,
    records: log.end - log.start,
    trimmed: log.start,
    startingSequenceNumber,
    lastSequenceNumber,
  }
}
