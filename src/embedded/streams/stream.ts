import type { ItemChange, KeySchema } from '../item.ts'
import { validationError } from '../service-error.ts'
import type { Shard } from './shard.ts'
import { ShardTree } from './shard-tree.ts'
import type { StreamState } from './state.ts'
import { createEntry, type StreamViewType } from './stream-entry.ts'
import { notFound } from './stream-errors.ts'
import type { StreamWorld } from './stream-world.ts'

/** What a stream is made with. */
export interface StreamOpening {
  readonly streamArn: string
  readonly streamLabel: string
  readonly tableName: string
  readonly key: KeySchema
  readonly viewType: StreamViewType
  readonly createdAt: number
  readonly initialShardCount: number
}

/** One stream of one table, from its enabling until all of it is forgotten. */
export class Stream {
  readonly opening: StreamOpening
  readonly tree: ShardTree
  readonly #world: StreamWorld
  #disabledAt: number | undefined
  #nextSplitAt: number
  // From when the shards' ages count for the schedule.
  #scheduledSince: number
  // Nothing is due before; 0 to look again.
  #dueAt = 0

  constructor(world: StreamWorld, opening: StreamOpening, tree?: ShardTree) {
    this.#world = world
    this.opening = opening
    this.tree = tree ?? ShardTree.plant(world, opening.initialShardCount, opening.createdAt)
    this.#scheduledSince = opening.createdAt
    this.#nextSplitAt = opening.createdAt + world.options().splitEveryMs
  }

  static load(world: StreamWorld, state: StreamState): Stream {
    const stream = new Stream(world, state.opening, ShardTree.load(world, state.tree))
    stream.#disabledAt = state.disabledAt
    stream.#nextSplitAt = state.nextSplitAt
    stream.#scheduledSince = state.scheduledSince
    return stream
  }

  save(): StreamState {
    return {
      opening: this.opening,
      disabledAt: this.#disabledAt,
      nextSplitAt: this.#nextSplitAt,
      scheduledSince: this.#scheduledSince,
      tree: this.tree.save(),
    }
  }

  get isEnabled(): boolean {
    return this.#disabledAt === undefined
  }

  status(now: number): 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED' {
    const { listingLagMs } = this.#world.options()
    if (this.#disabledAt !== undefined) return now < this.#disabledAt + listingLagMs ? 'DISABLING' : 'DISABLED'
    return now < this.opening.createdAt + listingLagMs ? 'ENABLING' : 'ENABLED'
  }

  record(change: ItemChange): void {
    const key = change.keys[this.opening.key.hash]
    const shard = key === undefined ? undefined : this.tree.openFor(key)
    if (shard === undefined) throw new TypeError('A change needs a partition key and an enabled stream')
    shard.append(createEntry(change, this.opening.viewType, this.tree.sequence.next(), this.#world.random.id()))
    this.#dueAt = Math.min(this.#dueAt, change.at + this.#world.options().retentionMs)
    this.#changed()
  }

  split(shardId?: string): Shard[] {
    const shard = shardId === undefined ? this.tree.widest() : this.#openShard(shardId)
    if (shard === undefined) throw validationError(`The stream ${this.opening.streamArn} has no open shard`)
    return this.#afterReshard(this.tree.split(shard, this.#world.clock.now()))
  }

  /** Rolls one shard, or all that are open. */
  roll(shardId?: string): Shard[] {
    const shards = shardId === undefined ? this.tree.open : [this.#openShard(shardId)]
    const now = this.#world.clock.now()
    return this.#afterReshard(shards.flatMap((shard) => this.tree.roll(shard, now)))
  }

  /** Returns how many records were forgotten. */
  trim(before: string | 'all', shardId?: string): number {
    const shards = shardId === undefined ? this.tree.shards : [this.shard(shardId)]
    const now = this.#world.clock.now()
    let trimmed = 0
    for (const shard of shards) trimmed += shard.trim(before, now, this.#world.options())
    this.#dueAt = 0
    return trimmed
  }

  disable(): void {
    const now = this.#world.clock.now()
    this.tree.closeAll(now)
    this.#disabledAt = now
    this.#dueAt = 0
    this.#changed()
  }

  shard(shardId: string): Shard {
    const shard = this.tree.get(shardId)
    if (shard === undefined) throw notFound('Shard does not exist')
    return shard
  }

  /** True when nothing of it is left to read. */
  isGone(now: number): boolean {
    const { retentionMs, trimmedShardLingerMs } = this.#world.options()
    return this.#disabledAt !== undefined && this.#disabledAt + retentionMs + trimmedShardLingerMs <= now
  }

  /** Takes changed options into account. */
  reschedule(): void {
    this.#scheduledSince = this.#world.clock.now()
    this.#nextSplitAt = this.#scheduledSince + this.#world.options().splitEveryMs
    this.#dueAt = 0
  }

  /** Does everything that time alone brought about since the last call: rolls and splits, expiry of records, shards. */
  settle(now: number): void {
    if (now < this.#dueAt) return
    const options = this.#world.options()
    const resharded = this.isEnabled && this.#reshardUntil(now)
    for (const shard of this.tree.shards) shard.expire(now, options)
    this.tree.forgetGone(now)
    this.#dueAt = this.#nextDue()
    if (resharded) this.#changed()
  }

  #nextDue(): number {
    const { retentionMs } = this.#world.options()
    let dueAt = this.isEnabled ? Math.min(this.#nextRoll().at, this.#nextSplitAt) : Infinity
    for (const shard of this.tree.shards) dueAt = Math.min(dueAt, shard.nextDue(retentionMs))
    return dueAt
  }

  #reshardUntil(now: number): boolean {
    const { splitEveryMs } = this.#world.options()
    for (let resharded = false; ; resharded = true) {
      const roll = this.#nextRoll()
      const widest = this.tree.widest()
      if (Math.min(roll.at, this.#nextSplitAt) > now) return resharded
      if (this.#nextSplitAt <= roll.at && widest !== undefined) {
        this.tree.split(widest, this.#nextSplitAt)
        this.#nextSplitAt += splitEveryMs
      } else if (roll.shard !== undefined) this.tree.roll(roll.shard, roll.at)
    }
  }

  #nextRoll(): { readonly at: number; readonly shard: Shard | undefined } {
    const { rollEveryMs } = this.#world.options()
    let oldest: Shard | undefined
    for (const shard of this.tree.open)
      if (oldest === undefined || shard.opening.openedAt < oldest.opening.openedAt) oldest = shard
    return { at: Math.max(oldest?.opening.openedAt ?? Infinity, this.#scheduledSince) + rollEveryMs, shard: oldest }
  }

  #openShard(shardId: string): Shard {
    const shard = this.shard(shardId)
    if (!shard.isOpen) throw validationError(`The shard ${shardId} is closed`)
    return shard
  }

  #afterReshard(children: Shard[]): Shard[] {
    this.#dueAt = 0
    this.#changed()
    return children
  }

  #changed(): void {
    this.#world.onChange?.(this.opening.streamArn)
  }
}
