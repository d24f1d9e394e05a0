import type { ShardView } from './fleet-view.ts'

/** A shard with what is drawn before it. */
export interface TreeRow {
  readonly shard: ShardView
  /** `├─` and the like. */
  readonly branch: string
}

/**
 * Shards as a tree, parents above children. Finished shards are left out unless they are the parent of one that is not,
 * for a stream has its whole last day in it; with `all` nothing is left out.
 */
export function shardTree(shards: readonly ShardView[], all: boolean): readonly TreeRow[] {
  const isOpen = ({ state }: ShardView) => state !== 'finished'
  const parentsOfOpen = new Set(shards.filter(isOpen).map(({ parentShardId }) => parentShardId))
  const shown = all ? shards : shards.filter((shard) => isOpen(shard) || parentsOfOpen.has(shard.shardId))
  const ids = new Set(shown.map(({ shardId }) => shardId))
  const childrenOf = (id: string | undefined) =>
    shown.filter(({ parentShardId }) => (ids.has(parentShardId ?? '') ? parentShardId : undefined) === id)
  const rows = (siblings: readonly ShardView[], indent: string): readonly TreeRow[] =>
    siblings.flatMap((shard, index) => {
      const isLast = index === siblings.length - 1
      return [
        { shard, branch: `${indent}${isLast ? '└─' : '├─'}` },
        ...rows(childrenOf(shard.shardId), `${indent}${isLast ? '  ' : '│ '}`),
      ]
    })
  return childrenOf(undefined).flatMap((root) => [{ shard: root, branch: '' }, ...rows(childrenOf(root.shardId), '')])
}
