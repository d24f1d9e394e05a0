import { RecordLog } from './record-log.ts'
import { compareNumerals } from './sequence-counter.ts'
import type { ShardState } from './state.ts'
import type { StreamEntry } from './stream-entry.ts'

/** What is known of a shard when it is opened. */
export interface ShardOpening {
  readonly shardId: string
  readonly parentShardId: string | undefined
  /** The hashes of partition keys that it takes: from this one … */
  readonly from: number
  /** … to the one before this. */
  readonly to: number
  readonly openedAt: number
  /** Since when DescribeStream shows it. */
  readonly listedAt: number
  readonly startingSequenceNumber: string
}

/** How long things last, see `StreamOptions`. */
interface Durations {
  readonly retentionMs: number
  readonly trimmedShardLingerMs: number
}

/** One shard: the records of a range of partition keys, from its opening to its closing. */
export class Shard {
  readonly opening: ShardOpening
  readonly log: RecordLog
  /** The number of the last record, or what the shard started with. */
  lastSequenceNumber: string
  closedAt: number | undefined
  /** Since when DescribeStream shows that it is closed. */
  closingListedAt: number = Infinity
  /** The number of the newest record that is gone. */
  trimmedUpTo: string | undefined
  // When it is forgotten itself; known as soon as it is closed and empty.
  #goneAt = Infinity

  constructor(opening: ShardOpening, log: RecordLog = new RecordLog()) {
    this.opening = opening
    this.log = log
    this.lastSequenceNumber = opening.startingSequenceNumber
  }

  static load(state: ShardState): Shard {
    const shard = new Shard(state.opening, new RecordLog(state.start, state.records))
    shard.lastSequenceNumber = state.lastSequenceNumber
    shard.closedAt = state.closedAt
    shard.closingListedAt = state.closingListedAt
    shard.trimmedUpTo = state.trimmedUpTo
    shard.#goneAt = state.goneAt
    return shard
  }

  save(): ShardState {
    const { opening, lastSequenceNumber, closedAt, closingListedAt, trimmedUpTo, log } = this
    const records = { start: log.start, records: log.all() }
    return { opening, lastSequenceNumber, closedAt, closingListedAt, trimmedUpTo, goneAt: this.#goneAt, ...records }
  }

  get id(): string {
    return this.opening.shardId
  }

  get isOpen(): boolean {
    return this.closedAt === undefined
  }

  get isEmpty(): boolean {
    return this.log.oldest === undefined
  }

  append(entry: StreamEntry): void {
    this.log.push(entry)
    this.lastSequenceNumber = entry.sequenceNumber
  }

  close(at: number, listedAt: number, durations: Durations): void {
    this.closedAt = at
    this.closingListedAt = listedAt
    this.#emptied(at + durations.retentionMs, durations)
  }

  /** Forgets the records that are too old. */
  expire(now: number, durations: Durations): void {
    const { retentionMs } = durations
    let emptiedAt: number | undefined
    for (let oldest = this.log.oldest; oldest !== undefined && oldest.at + retentionMs <= now; oldest = this.log.oldest)
      emptiedAt = this.#trimOldest(oldest) + retentionMs
    if (emptiedAt !== undefined) this.#emptied(Math.max(emptiedAt, (this.closedAt ?? 0) + retentionMs), durations)
  }

  /** Forgets the records with numbers below `before`. Returns how many. */
  trim(before: string | 'all', now: number, durations: Durations): number {
    const start = this.log.start
    for (let oldest = this.log.oldest; oldest !== undefined; oldest = this.log.oldest) {
      if (before !== 'all' && compareNumerals(oldest.sequenceNumber, before) >= 0) break
      this.#trimOldest(oldest)
    }
    this.#emptied(now, durations)
    return this.log.start - start
  }

  isGone(now: number): boolean {
    return this.#goneAt <= now
  }

  /** When time alone changes something here. */
  nextDue(retentionMs: number): number {
    const oldest = this.log.oldest
    return oldest === undefined ? this.#goneAt : oldest.at + retentionMs
  }

  #trimOldest(oldest: StreamEntry): number {
    this.trimmedUpTo = oldest.sequenceNumber
    this.log.shift()
    return oldest.at
  }

  #emptied(at: number, durations: Durations): void {
    if (!this.isOpen && this.isEmpty) this.#goneAt = Math.min(this.#goneAt, at + durations.trimmedShardLingerMs)
  }
}
