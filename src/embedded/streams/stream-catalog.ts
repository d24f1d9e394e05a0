import type { Clock, Random } from '../../internal/clock.ts'
import type { ItemChange, KeySchema } from '../item.ts'
import { validationError } from '../service-error.ts'
import { streamFacts, type StreamFacts } from './stream-facts.ts'
import { changeStreamOptions, defaultStreamOptions, type StreamOptions } from './stream-options.ts'
import { streamNotFound } from './stream-errors.ts'
import type { StreamsState } from './state.ts'
import { StreamShelf } from './stream-shelf.ts'
import { Stream } from './stream.ts'
import { StreamReader, type StreamOperation } from './stream-reader.ts'
import type { StreamViewType } from './stream-entry.ts'
import type { StreamWorld } from './stream-world.ts'

export interface StreamCatalogSetting extends Partial<StreamOptions> {
  readonly clock: Clock
  readonly random: Random
  readonly region: string
  readonly accountId: string
  /** Told whenever there is something new to read in a stream: a record, a shard, an end. It must not call back. */
  readonly onChange?: (streamArn: string) => void
}

/** A table's stream, as DescribeTable names it. */
export interface StreamName {
  readonly streamArn: string
  readonly streamLabel: string
}

/** All streams of one engine: those of its tables, and for a day those that were disabled or lost their table. */
export class StreamCatalog {
  readonly #world: StreamWorld
  readonly #shelf: StreamShelf
  // By table: the ARN of the stream that is enabled, or was last.
  readonly #latest = new Map<string, string>()
  readonly #reader: StreamReader
  #options: StreamOptions

  constructor({ clock, random, region, accountId, onChange, ...options }: StreamCatalogSetting) {
    this.#options = changeStreamOptions(defaultStreamOptions, options)
    this.#world = { clock, random, region, accountId, onChange, options: () => this.#options }
    this.#shelf = new StreamShelf(clock)
    this.#reader = new StreamReader(this.#world, this.#shelf)
  }

  /** Changes how all streams behave from now on; what is not given stays as it is. */
  configure(options: Partial<StreamOptions>): void {
    const streams = this.#shelf.all()
    this.#options = changeStreamOptions(this.#options, options)
    for (const stream of streams) stream.reschedule()
  }

  enable(
    tableName: string,
    key: KeySchema,
    viewType: StreamViewType,
    { initialShardCount = this.#options.initialShardCount }: { readonly initialShardCount?: number } = {},
  ): StreamName {
    if (this.#enabled(tableName) !== undefined)
      throw validationError(`Table already has an enabled stream: TableName: ${tableName}`)
    const createdAt = this.#world.clock.now()
    const name = this.#newName(tableName, createdAt)
    this.#shelf.add(new Stream(this.#world, { ...name, tableName, key, viewType, createdAt, initialShardCount }))
    this.#latest.set(tableName, name.streamArn)
    return name
  }

  /** Closes the table's stream. It can be read to its end for a day. */
  disable(tableName: string): void {
    const stream = this.#enabled(tableName)
    if (stream === undefined) throw validationError(`Table has no stream to disable: TableName: ${tableName}`)
    stream.disable()
  }

  /** For a table that is deleted: disables its stream, if it has one, and forgets that it was this table's. */
  remove(tableName: string): void {
    this.#enabled(tableName)?.disable()
    this.#latest.delete(tableName)
  }

  /** Puts a change into the table's stream, if that is enabled. */
  record(tableName: string, change: ItemChange): void {
    this.#shelf.sweep()
    this.#enabled(tableName)?.record(change)
  }

  /** Answers a request in the SDK's shapes, or throws a `ServiceError`. */
  execute(operation: StreamOperation, input: object): object {
    this.#shelf.sweep()
    return this.#reader.execute(operation, input)
  }

  /** Closes a shard, by default one with the widest range, and divides its range. Returns the ids of its children. */
  split(stream: string, shardId?: string): string[] {
    return this.#find(stream)
      .split(shardId)
      .map(({ id }) => id)
  }

  /** Closes a shard, by default every open one, each with one child to go on. Returns the ids of the children. */
  roll(stream: string, shardId?: string): string[] {
    return this.#find(stream)
      .roll(shardId)
      .map(({ id }) => id)
  }

  /** Forgets records before their time: all, or those numbered below `before`. Returns how many. */
  trim(stream: string, { shardId, before = 'all' }: { shardId?: string; before?: string } = {}): number {
    return this.#find(stream).trim(before, shardId)
  }

  /** What DescribeStream doesn't tell. @param stream An ARN, or a table's name for its latest stream. */
  describe(stream: string): StreamFacts {
    return streamFacts(this.#find(stream), this.#world.clock.now())
  }

  /** Everything that it holds, for a file. */
  save(): StreamsState {
    return { latest: [...this.#latest], streams: this.#shelf.all().map((stream) => stream.save()) }
  }

  /** Takes what another has saved. To be called before anything else. */
  load(state: StreamsState): void {
    for (const stream of state.streams) this.#shelf.add(Stream.load(this.#world, stream))
    for (const [tableName, streamArn] of state.latest) this.#latest.set(tableName, streamArn)
  }

  #find(stream: string): Stream {
    const found = this.#shelf.get(stream) ?? this.#latestOf(stream)
    if (found === undefined) throw streamNotFound(stream)
    return found
  }

  #latestOf(tableName: string): Stream | undefined {
    const streamArn = this.#latest.get(tableName)
    return streamArn === undefined ? undefined : this.#shelf.get(streamArn)
  }

  #enabled(tableName: string): Stream | undefined {
    const stream = this.#latestOf(tableName)
    return stream?.isEnabled === true ? stream : undefined
  }

  #newName(tableName: string, now: number): StreamName {
    const { region, accountId } = this.#world
    for (let at = now; ; at += 1) {
      const streamLabel = new Date(at).toISOString().slice(0, -1)
      const streamArn = `arn:aws:dynamodb:${region}:${accountId}:table/${tableName}/stream/${streamLabel}`
      if (!this.#shelf.has(streamArn)) return { streamArn, streamLabel }
    }
  }
}
