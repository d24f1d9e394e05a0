import type { StreamListing } from '../../source/stream-reading.ts'
import type { KclLease } from './kcl-lease.ts'
import type { OurShards } from './transfer.ts'

/** Who descends from whom, by all that is known: KCL's rows, our rows, and the stream's listing. */
export class Ancestors {
  readonly #parents = new Map<string, Set<string>>()

  constructor(kcl: readonly KclLease[], ours: OurShards, listing: StreamListing | undefined) {
    for (const { shardId, parentShardIds, childShardIds } of kcl) {
      for (const parent of parentShardIds) this.#add(shardId, parent)
      for (const child of childShardIds) this.#add(child, shardId)
    }
    for (const { shardId, parentShardId } of [...ours.leases, ...ours.finished, ...(listing?.shards ?? [])])
      if (parentShardId !== undefined) this.#add(shardId, parentShardId)
  }

  parentsOf(shardId: string): readonly string[] {
    return [...(this.#parents.get(shardId) ?? [])].toSorted()
  }

  childrenOf(shardId: string): readonly string[] {
    const children = [...this.#parents].filter(([, parents]) => parents.has(shardId)).map(([child]) => child)
    return children.toSorted()
  }

  /** All ancestors, the nearest first. */
  of(shardId: string): readonly string[] {
    const found = new Set<string>()
    const visit = (parents: readonly string[]): void => {
      const fresh = parents.filter((parent) => !found.has(parent)) // rows with a circle in them must not hang us
      for (const parent of fresh) found.add(parent)
      for (const parent of fresh) visit(this.parentsOf(parent))
    }
    visit(this.parentsOf(shardId))
    return [...found]
  }

  #add(shardId: string, parent: string): void {
    const parents = this.#parents.get(shardId) ?? new Set()
    this.#parents.set(shardId, parents.add(parent))
  }
}
