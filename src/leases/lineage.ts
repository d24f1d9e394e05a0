import type { ShardListing } from '../source/stream-reading.ts'
import type { NewLease, StartPosition } from './lease.ts'

/** What is known of a stream when its leases are planned. */
export interface StreamView {
  readonly streamLabel: string
  /** All leases of this stream that are not finished, read after the listing was made. */
  readonly leases: readonly Pick<NewLease, 'shardId' | 'parentShardId' | 'startAt'>[]
  /** The shards of a complete listing. */
  readonly shards: readonly ShardListing[]
  /** Shards known to be finished; not all that are, see {@link uncertainShards}. */
  readonly finished: ReadonlySet<string>
  readonly start: { readonly startAt: StartPosition; readonly complete: boolean }
}

/**
 * The leases to create now, in the order of the listing. Creating one can be answered with `finished`; then the shard
 * belongs into `finished` and the question is to be asked again, for its children may be next.
 *
 * What must hold always: no shard gets a lease before its parent is finished or proven gone. What is known of it:
 *
 * - A lease is proof that its shard's ancestors are finished, for it could not exist otherwise. So an ancestor of a leased
 *   or finished shard is *passed*: it needs no lease, and its other children may have theirs (they were listed late).
 * - A leased shard's children are created at its end, by its owner; nothing below it is planned here.
 * - A parent that a complete listing does not show is trimmed with all its records, unless it is leased: then its owner may
 *   have records of it in hand.
 * - Otherwise the parent comes first, up to the first shard of the tree.
 *
 * Each shard is judged by its own ancestors and descendants, so an odd one holds back nothing but what is below it.
 *
 * The listing is made first, then the leases are read, then it is asked what is finished. What was true of an earlier one
 * stays true, or has gone on to what a later one tells: a parent that was gone is gone, a shard that was leased is finished.
 * With the leases before the listing, a shard could get its lease and be trimmed in between, and its children would be
 * started beside it.
 */
export function missingLeases(view: StreamView): NewLease[] {
  const tree = new Lineage(view)
  return view.shards.flatMap((shard) => {
    const startAt = tree.startOf(shard)
    return startAt === undefined ? [] : [newLease(view.streamLabel, shard, startAt)]
  })
}

/**
 * The shards, and parents of shards, of which no lease tells whether they are finished: ask of each before creating anything.
 *
 * With `LATEST` there are shards from before the start of which no row tells anything, and where all leases of a branch are
 * gone (the stream was disabled, the branch consumed to its end) they look like shards that were never begun. It is their
 * finished descendants that tell them apart. And a start that somebody began and did not complete may have been consumed
 * further on since: what is below its finished shards is not to be started at LATEST once more.
 */
export function uncertainShards(view: StreamView): string[] {
  const tree = new Lineage(view)
  // Parents too, listed or not: what is left of a shard that is no longer listed is that it was finished.
  const ids = new Set(view.shards.flatMap(({ shardId, parentShardId }) => [parentShardId, shardId]))
  return [...ids].filter((shardId) => shardId !== undefined).filter((shardId) => !tree.isCovered(shardId))
}

/** A lease as a shard gets it. */
export function newLease(streamLabel: string, shard: ShardListing, startAt: StartPosition): NewLease {
  const { shardId, parentShardId } = shard
  return { streamLabel, shardId, ...(parentShardId === undefined ? {} : { parentShardId }), startAt }
}

/** The shards of a listing with what is known of each. */
class Lineage {
  readonly #start: StreamView['start']
  readonly #parents = new Map<string, string | undefined>()
  readonly #known = new Set<string>()
  readonly #leased: ReadonlySet<string>
  /** Finished, or an ancestor of a shard that is leased or finished. */
  readonly #passed = new Set<string>()
  /** Finished for certain since the start, and not perhaps before it. */
  readonly #consumed: Set<string>
  readonly #parentsListed: ReadonlySet<string | undefined>

  constructor({ leases, shards, finished, start }: StreamView) {
    this.#start = start
    this.#leased = new Set(leases.map(({ shardId }) => shardId))
    this.#parentsListed = new Set(shards.map(({ parentShardId }) => parentShardId))
    for (const { shardId, parentShardId } of [...leases, ...shards]) {
      this.#known.add(shardId)
      this.#parents.set(shardId, parentShardId)
    }
    this.#consumed = new Set(finished)
    for (const { parentShardId, startAt } of leases)
      if (parentShardId !== undefined && startAt === 'TRIM_HORIZON') this.#consumed.add(parentShardId)
    for (const shardId of this.#consumed) this.#passed.add(shardId)
    for (const shardId of [...this.#leased, ...this.#consumed]) this.#passAncestors(shardId)
  }

  isCovered(shardId: string): boolean {
    return this.#leased.has(shardId) || this.#passed.has(shardId)
  }

  /** Where a new lease of the shard starts; `undefined` when it is to have none now. */
  startOf({ shardId, parentShardId }: ShardListing): StartPosition | undefined {
    if (this.isCovered(shardId)) return undefined
    // LATEST is meant once: what appears later holds nothing but what came later, and so does what was begun already.
    if (!this.#start.complete && this.#start.startAt === 'LATEST') return this.#startAtLatest(shardId, parentShardId)
    const isParentDone = parentShardId === undefined || this.#passed.has(parentShardId)
    return isParentDone || !this.#known.has(parentShardId) ? 'TRIM_HORIZON' : undefined
  }

  /** Somebody may have begun this start and died: below what was begun then, its shards' ends have gone on from it. */
  #startAtLatest(shardId: string, parentShardId: string | undefined): StartPosition | undefined {
    if (parentShardId !== undefined && this.#consumed.has(parentShardId)) return 'TRIM_HORIZON'
    for (const ancestor of this.#ancestors(parentShardId))
      if (this.#leased.has(ancestor) || this.#consumed.has(ancestor)) return undefined
    return this.#parentsListed.has(shardId) ? undefined : 'LATEST'
  }

  #passAncestors(shardId: string): void {
    for (const ancestor of this.#ancestors(this.#parents.get(shardId))) this.#passed.add(ancestor)
  }

  *#ancestors(first: string | undefined): Iterable<string> {
    const seen = new Set<string>() // a listing with a circle in it must not hang us
    for (let at = first; at !== undefined && !seen.has(at); at = this.#parents.get(at)) {
      seen.add(at)
      yield at
    }
  }
}
