/** What a stream's description tells of a shard. */
export interface ShardNode {
  readonly shardId: string
  readonly parentShardId: string | undefined
  /** Nothing will be written to it any more. */
  readonly closed: boolean
}

/**
 * The shards that can be read now: neither finished nor being read, and their parent, when there still is one, finished.
 * A parent that is not listed any more has been trimmed with all its records, unless it is still being read.
 */
export function readableShards(
  listed: readonly ShardNode[],
  finished: ReadonlySet<string>,
  reading: ReadonlySet<string>,
): readonly ShardNode[] {
  const unread = new Set(listed.map(({ shardId }) => shardId).filter((id) => !finished.has(id)))
  return listed.filter(({ shardId, parentShardId }) => {
    if (finished.has(shardId) || reading.has(shardId)) return false
    return parentShardId === undefined || (!unread.has(parentShardId) && !reading.has(parentShardId))
  })
}
