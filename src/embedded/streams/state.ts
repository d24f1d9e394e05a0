import type { ShardOpening } from './shard.ts'
import type { StreamEntry } from './stream-entry.ts'
import type { StreamOpening } from './stream.ts'

/** All that a catalog of streams holds, as plain objects. */
export interface StreamsState {
  /** ARNs by table, of the stream that is enabled or was last. */
  readonly latest: readonly (readonly [tableName: string, streamArn: string])[]
  readonly streams: readonly StreamState[]
}

export interface StreamState {
  readonly opening: StreamOpening
  readonly disabledAt: number | undefined
  readonly nextSplitAt: number
  readonly scheduledSince: number
  readonly tree: ShardTreeState
}

export interface ShardTreeState {
  readonly lastSequenceNumber: string
  readonly lastIdAt: number
  readonly shards: readonly ShardState[]
}

export interface ShardState {
  readonly opening: ShardOpening
  readonly lastSequenceNumber: string
  readonly closedAt: number | undefined
  readonly closingListedAt: number
  readonly trimmedUpTo: string | undefined
  readonly goneAt: number
  /** The position of the first of the records. */
  readonly start: number
  readonly records: readonly StreamEntry[]
}
