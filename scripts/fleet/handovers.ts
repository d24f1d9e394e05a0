import type { Disturbance } from './facts.ts'
import type { JournalEntry } from './journal.ts'
import type { Tenures } from './tenures.ts'

/** A worker that went away, and how. */
export interface Departure {
  readonly worker: string
  readonly how: 'kill' | 'stop'
  /** When it was killed or asked to stop, monotonic ms. */
  readonly at: number
}

/** How long a shard that its owner left was not worked on. */
export interface Handover {
  readonly how: Departure['how']
  readonly worker: string
  readonly at: number
  readonly shardId: string
  /** From the departure until another worker's first handler on the shard. */
  readonly afterMs: number
  /** From the last handler of the one that left until the first of the next. */
  readonly idleMs: number
}

/**
 * Times of takeover as they show from outside, for shards on which their owner worked within `recentMs` before it left.
 * With a steady stream of changes the gap between two of them is all that is measured in excess.
 */
export function handoversOf(
  departures: readonly Departure[],
  entries: readonly JournalEntry[],
  recentMs: number,
): readonly Handover[] {
  const shards = byShard(entries)
  return departures.flatMap((departure) =>
    [...shards.values()].flatMap((ofShard) => {
      const { worker, how, at } = departure
      const held = ofShard.findLast((entry) => entry.worker === worker && entry.at <= at)
      if (held === undefined || held.at < at - recentMs) return []
      const next = ofShard.find(({ kind, epoch }) => kind === 'started' && epoch > held.epoch)
      // Taken before the departure, or the shard had nothing more to give.
      if (next === undefined || next.at < at || next.worker === worker) return []
      const last = ofShard.findLast(({ epoch }) => epoch === held.epoch) ?? held
      return [{ how, worker, at, shardId: held.shardId, afterMs: next.at - at, idleMs: Math.max(0, next.at - last.at) }]
    }),
  )
}

/**
 * From each release to the next acquisition, in milliseconds: what a lease that is handed over is nobody's. Those of the last
 * workers, which stop after `until`, are handed to nobody.
 */
export function ownerlessMs({ acquisitions, ends }: Tenures, until: number): number[] {
  const acquiredAt = new Map(acquisitions.map(({ shardId, epoch, at }) => [`${shardId} ${epoch}`, at]))
  return ends.flatMap(({ kind, shardId, epoch, at }) => {
    const next = acquiredAt.get(`${shardId} ${epoch + 1}`)
    return kind !== 'released' || at > until || next === undefined ? [] : [Math.max(0, next - at)]
  })
}

function byShard(entries: readonly JournalEntry[]): ReadonlyMap<string, readonly JournalEntry[]> {
  const shards = new Map<string, JournalEntry[]>()
  for (const entry of entries.toSorted((one, other) => one.at - other.at)) {
    const ofShard = shards.get(entry.shardId)
    if (ofShard === undefined) shards.set(entry.shardId, [entry])
    else ofShard.push(entry)
  }
  return shards
}

/** Those during which nothing else happened to anybody: what they took is what a takeover takes. */
export function inPeace(
  handovers: readonly Handover[],
  disturbances: readonly Disturbance[],
  settlingMs: number,
): readonly Handover[] {
  return handovers.filter(({ worker, at, afterMs }) =>
    disturbances.every(({ worker: other, kind, from, to }) => {
      const until = (kind === 'kill' ? from : to) + settlingMs // the dead disturb once
      return other === worker || from > at + afterMs || until < at
    }),
  )
}

/** The value below which this share of all is; 0 when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
