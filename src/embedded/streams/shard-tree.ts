import type { AttributeValue } from '../item.ts'
import { hashOfKey, hashSpace } from './key-hash.ts'
import { SequenceCounter } from './sequence-counter.ts'
import { Shard } from './shard.ts'
import type { ShardTreeState } from './state.ts'
import type { StreamWorld } from './stream-world.ts'

interface Range {
  readonly from: number
  readonly to: number
}

/** The shards of one stream. The ranges of the open ones cover all hashes, each once, until the stream is disabled. */
export class ShardTree {
  readonly sequence: SequenceCounter
  readonly #world: StreamWorld
  readonly #shards = new Map<string, Shard>()
  #open: Shard[] = []
  #lastIdAt = 0

  private constructor(world: StreamWorld, sequence: SequenceCounter) {
    this.#world = world
    this.sequence = sequence
  }

  /** A new tree, of so many shards with an equal part of all hashes each. */
  static plant(world: StreamWorld, shardCount: number, at: number): ShardTree {
    const tree = new ShardTree(world, new SequenceCounter(world.random))
    for (let index = 0; index < shardCount; index += 1) {
      const from = Math.floor((hashSpace * index) / shardCount)
      tree.#openShard({ from, to: Math.floor((hashSpace * (index + 1)) / shardCount) }, undefined, at)
    }
    return tree
  }

  static load(world: StreamWorld, state: ShardTreeState): ShardTree {
    const tree = new ShardTree(world, new SequenceCounter(state.lastSequenceNumber))
    tree.#lastIdAt = state.lastIdAt
    const shards = state.shards.map((shard) => Shard.load(shard))
    for (const shard of shards) tree.#shards.set(shard.id, shard)
    tree.#open = shards.filter((shard) => shard.isOpen)
    return tree
  }

  save(): ShardTreeState {
    const shards = Array.from(this.#shards.values(), (shard) => shard.save())
    return { lastSequenceNumber: this.sequence.last, lastIdAt: this.#lastIdAt, shards }
  }

  /** All that are not forgotten, by id, which is the order in which they were opened. */
  get shards(): Iterable<Shard> {
    return this.#shards.values()
  }

  get open(): readonly Shard[] {
    return this.#open
  }

  get(shardId: string): Shard | undefined {
    return this.#shards.get(shardId)
  }

  /** The open shard that takes the changes of items with this partition key. */
  openFor(partitionKey: AttributeValue): Shard | undefined {
    if (this.#open.length === 1) return this.#open[0]
    const hash = hashOfKey(partitionKey)
    return this.#open.find(({ opening }) => opening.from <= hash && hash < opening.to)
  }

  /** The open shard with the widest range, the oldest of several. */
  widest(): Shard | undefined {
    let widest: Shard | undefined
    for (const shard of this.#open) if (widest === undefined || width(shard) > width(widest)) widest = shard
    return widest
  }

  /** Closes the shard; two children divide its range. One value of 2³² can't be divided: then it is rolled. */
  split(shard: Shard, at: number): Shard[] {
    const { from, to } = shard.opening
    const middle = Math.floor((from + to) / 2)
    const ranges =
      middle === from
        ? [{ from, to }]
        : [
            { from, to: middle },
            { from: middle, to },
          ]
    return this.#replace(shard, ranges, at)
  }

  /** Closes the shard; one child takes its range. */
  roll(shard: Shard, at: number): Shard[] {
    return this.#replace(shard, [shard.opening], at)
  }

  /** Closes all shards, without children. */
  closeAll(at: number): void {
    for (const shard of this.#open) this.#close(shard, at)
    this.#open = []
  }

  forgetGone(now: number): void {
    for (const shard of this.#shards.values()) if (shard.isGone(now)) this.#shards.delete(shard.id)
  }

  #replace(parent: Shard, ranges: readonly Range[], at: number): Shard[] {
    this.#close(parent, at)
    this.#open = this.#open.filter((shard) => shard !== parent)
    return ranges.map((range) => this.#openShard(range, parent, at))
  }

  #close(shard: Shard, at: number): void {
    shard.close(at, at + this.#lag(), this.#world.options())
  }

  #openShard({ from, to }: Range, parent: Shard | undefined, at: number): Shard {
    const shard = new Shard({
      shardId: this.#nextId(at),
      parentShardId: parent?.id,
      from,
      to,
      openedAt: at,
      listedAt: Math.max(at + this.#lag(), parent?.opening.listedAt ?? 0), // a child is never seen before its parent
      startingSequenceNumber: this.sequence.next(),
    })
    this.#shards.set(shard.id, shard)
    this.#open.push(shard)
    return shard
  }

  // Ids hold the time, and pages of DescribeStream go by id: two of one millisecond must have an order all the same.
  #nextId(at: number): string {
    this.#lastIdAt = Math.max(at, this.#lastIdAt + 1)
    return `shardId-${String(this.#lastIdAt).padStart(20, '0')}-${this.#world.random.id().slice(0, 8)}`
  }

  #lag(): number {
    const { listingLagMs } = this.#world.options()
    return listingLagMs === 0 ? 0 : Math.ceil(this.#world.random.next() * listingLagMs)
  }
}

function width({ opening }: Shard): number {
  return opening.to - opening.from
}
