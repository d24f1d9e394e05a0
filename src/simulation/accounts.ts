import type { Change, History } from './history.ts'
import type { StreamTruth, TrueRecord, TrueShard } from './stream-truth.ts'

/** A gap that a worker told of. */
export interface ToldGap {
  readonly streamLabel: string
  readonly shardId: string
  readonly kind: 'trimmed' | 'missing'
  readonly after: bigint | undefined
}

/** What counts as settled, beside its history. */
export interface AccountsSetting {
  readonly truth: StreamTruth
  readonly history: History
  readonly isFenced: boolean
  readonly startsAtLatest: boolean
  /** Whether a change is in the parking lot, or was and has left it. */
  readonly isInLot: (change: Change) => boolean
  readonly now: () => number
}

// AWS: a record can be read for 24 hours.
const retentionMs = 24 * 3_600_000

/** With which records of the stream nothing more has to happen, and why. */
export class Accounts {
  /** When a worker's `start` resolved for the first time: from then on LATEST promises every record. */
  startedAt = Infinity
  readonly #setting: AccountsSetting
  readonly #gaps: ToldGap[] = []
  // By shard: when it got its first lease
  readonly #leased = new Map<TrueShard, number>()

  constructor(setting: AccountsSetting) {
    this.#setting = setting
  }

  gapTold(gap: ToldGap): void {
    this.#gaps.push(gap)
  }

  /** The shard has a lease. */
  leaseCreated(shard: TrueShard): void {
    if (!this.#leased.has(shard)) this.#leased.set(shard, this.#setting.now())
  }

  /** It was handled, and that is as durable as the mode promises; or nobody wants it. */
  isSettled({ change }: TrueRecord): boolean {
    const { history, isFenced } = this.#setting
    if (!history.isSelected(change) || this.#setting.isInLot(change)) return true
    const { markedAt, returnedCount, effects } = history.of(change)
    if (history.habits.ledger !== 'none') return markedAt !== undefined
    return isFenced ? effects.length > 0 : returnedCount > 0
  }

  /** Whether a start at LATEST may have passed it over. */
  isBeforeStart({ at }: TrueRecord): boolean {
    return this.#setting.startsAtLatest && at <= this.startedAt
  }

  /** Whether it may be passed over: it was written before a start at LATEST, or it is lost and that is told or unknown. */
  isExcused(record: TrueRecord): boolean {
    if (this.isBeforeStart(record)) return true
    if (!isTrimmed(record)) return !this.#isFollowed(record.shard)
    const { shard, change } = record
    const told = (of: TrueShard, after: bigint) =>
      this.#gaps.some(
        (gap) => gap.streamLabel === of.streamLabel && gap.shardId === of.shardId && after > (gap.after ?? -1n),
      )
    if (told(shard, change.sequenceNumber)) return true
    const isKnown = (one: TrueShard) => this.#isKnown(one, record)
    if (isKnown(shard)) return false
    // It was gone before anybody could look after its shard: a gap in what it comes from, when anybody knew of that, or at the
    // beginning of what came of it, is all that can be told.
    const ancestors = ancestorsOf(shard)
    const end = change.sequenceNumber // of an ancestor it is behind everything
    if (ancestors.some((one) => told(one, end)) || !ancestors.some(isKnown)) return true
    return descendantsOf(shard).some((one) => told(one, 0n))
  }

  /** Whether the shard came of one that is gone, and that nobody ever had a lease of: what was before it is lost. */
  comesOfUnknown({ parent }: TrueShard): boolean {
    return parent !== undefined && parent.isGone && !this.#leased.has(parent)
  }

  /** Whether the shard had a lease while the record could be read. */
  #isKnown(shard: TrueShard, { at }: TrueRecord): boolean {
    return (this.#leased.get(shard) ?? Infinity) < at + retentionMs
  }

  /** A fleet begins with the stream that it finds, and follows those that come later. */
  #isFollowed({ streamLabel }: TrueShard): boolean {
    const [first] = this.#leased.keys()
    return first === undefined || first.streamLabel <= streamLabel
  }

  isDone(record: TrueRecord): boolean {
    return this.isSettled(record) || this.isExcused(record)
  }

  /** The first record of the shard that something has still to happen with. */
  undoneIn({ records }: TrueShard): TrueRecord | undefined {
    return records.find((record) => !this.isDone(record))
  }

  /** The same, but for what nobody could read since the shard is known: who is to tell of it is the owner of an ancestor. */
  unreadIn({ records }: TrueShard): TrueRecord | undefined {
    return records.find(
      (record) => !this.isDone(record) && !(isTrimmed(record) && !this.#isKnown(record.shard, record)),
    )
  }

  /**
   * The same of what must be done with before the shard begins: its ancestors, and the table's earlier streams. Not what is
   * gone whole, and no listing shows: that is to be told, and nothing waits for it.
   */
  undoneBefore(shard: TrueShard): TrueRecord | undefined {
    for (let ancestor = shard.parent; ancestor !== undefined; ancestor = ancestor.parent) {
      const undone = ancestor.isGone ? undefined : this.unreadIn(ancestor)
      if (undone !== undefined) return undone
    }
    for (const other of this.#setting.truth.shards) {
      const undone = other.streamLabel < shard.streamLabel && !other.isGone ? this.unreadIn(other) : undefined
      if (undone !== undefined) return undone
    }
    return undefined
  }
}

/** Whether it can't be read any more. */
export function isTrimmed(record: TrueRecord): boolean {
  const { shard } = record
  return shard.isGone || shard.records.indexOf(record) < shard.trimmedCount
}

function ancestorsOf(shard: TrueShard): TrueShard[] {
  return shard.parent === undefined ? [] : [shard.parent, ...ancestorsOf(shard.parent)]
}

function descendantsOf({ children }: TrueShard): TrueShard[] {
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}
