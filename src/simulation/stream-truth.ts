import type { ShardFacts } from '../embedded/streams/stream-facts.ts'
import type { Change } from './history.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import { changeOf, type SeenRecord } from './stream-change.ts'

/** A record as it was written. */
export interface TrueRecord {
  readonly change: Change
  /** The same, with a number that can be compared with those of other streams of the table. */
  readonly ordered: Change
  readonly shard: TrueShard
  /** When, in the world's time. */
  readonly at: number
  /** As the stream writes it. */
  readonly sequenceNumber: string
}

/** A shard with all records that it ever had. */
export interface TrueShard {
  readonly streamLabel: string
  readonly shardId: string
  readonly parent: TrueShard | undefined
  readonly children: TrueShard[]
  readonly records: TrueRecord[]
  readonly firstSeenAt: number
  isOpen: boolean
  /** How many of its records can't be read any more. */
  trimmedCount: number
  /** It is not known to the service any more. */
  isGone: boolean
}

/**
 * What all streams of the table hold and held, taken down as it is written: also what they have forgotten since, and what
 * no reader was told of yet.
 */
export class StreamTruth {
  readonly #database: SimulatedDatabase
  readonly #now: () => number
  readonly #shards = new Map<string, TrueShard>()
  readonly #records = new Map<string, TrueRecord>()
  readonly #arns: string[] = []

  constructor(database: SimulatedDatabase, now: () => number) {
    this.#database = database
    this.#now = now
    this.look()
  }

  /** To be called after everything that may have changed a stream. */
  look(): void {
    const { streamArn } = this.#database
    if (!this.#arns.includes(streamArn)) this.#arns.push(streamArn)
    for (const arn of this.#arns) this.#lookAt(arn)
  }

  shard(streamLabel: string, shardId: string): TrueShard | undefined {
    return this.#shards.get(`${streamLabel}#${shardId}`)
  }

  /** By event id. */
  record(eventId: string): TrueRecord | undefined {
    return this.#records.get(eventId)
  }

  get shards(): Iterable<TrueShard> {
    return this.#shards.values()
  }

  get records(): Iterable<TrueRecord> {
    return this.#records.values()
  }

  #lookAt(arn: string): void {
    const streamLabel = arn.slice(arn.indexOf('/stream/') + '/stream/'.length)
    const facts = this.#database.shards(arn)
    for (const one of facts) this.#take(arn, streamLabel, one)
    const known = new Set(facts.map(({ shardId }) => shardId))
    for (const shard of this.#shards.values())
      if (shard.streamLabel === streamLabel && !known.has(shard.shardId)) forget(shard)
  }

  #take(arn: string, streamLabel: string, facts: ShardFacts): void {
    const { shardId, records, trimmed, isOpen } = facts
    const shard = this.shard(streamLabel, shardId) ?? this.#add(streamLabel, facts)
    shard.isOpen = isOpen
    shard.trimmedCount = Math.max(shard.trimmedCount, trimmed)
    const newCount = records + trimmed - shard.records.length
    if (newCount <= 0) return
    const last = trimmed < shard.records.length ? shard.records.at(-1) : undefined
    const after = last === undefined ? undefined : last.sequenceNumber
    for (const seen of this.#database.records(arn, shardId, after, newCount) as SeenRecord[]) {
      const change = changeOf(seen)
      const inTable = change.sequenceNumber + BigInt(this.#arns.indexOf(arn)) * 10n ** 40n
      const record = {
        change,
        ordered: { ...change, sequenceNumber: inTable },
        shard,
        at: this.#now(),
        sequenceNumber: seen.dynamodb?.SequenceNumber ?? '',
      }
      shard.records.push(record)
      this.#records.set(record.change.eventId, record)
    }
  }

  #add(streamLabel: string, { shardId, parentShardId }: ShardFacts): TrueShard {
    const parent = parentShardId === undefined ? undefined : this.shard(streamLabel, parentShardId)
    const counts = { firstSeenAt: this.#now(), isOpen: true, trimmedCount: 0, isGone: false }
    const shard: TrueShard = { streamLabel, shardId, parent, children: [], records: [], ...counts }
    this.#shards.set(`${streamLabel}#${shardId}`, shard)
    parent?.children.push(shard)
    return shard
  }
}

function forget(shard: TrueShard): void {
  shard.isGone = true
  shard.isOpen = false
  shard.trimmedCount = shard.records.length
}
