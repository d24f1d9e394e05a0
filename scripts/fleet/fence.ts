import { changeOf, type EffectRow } from './facts.ts'
import { place } from './order.ts'
import type { JournalEntry } from './journal.ts'

/**
 * Effects that were sent under an epoch after an effect of a later epoch of the shard was known to be in the table, and
 * that are there all the same. The transaction's condition on the lease is what has to refuse them.
 */
export function committedZombies(rows: readonly EffectRow[], entries: readonly JournalEntry[]): readonly string[] {
  const takeovers = firstDoneByEpoch(entries)
  return rows.flatMap((row) => {
    const after = (takeovers.get(row.shardId) ?? []).find(({ epoch, at }) => epoch > row.epoch && at < row.sentAt)
    if (after === undefined) return []
    return [`${changeOf(row)} of ${row.worker}, epoch ${row.epoch}, sent at ${row.sentAt}, after ${place(after)}`]
  })
}

/** Effects that a handler took for done and that the table does not hold. */
export function vanished(rows: readonly EffectRow[], entries: readonly JournalEntry[]): readonly string[] {
  const there = new Set(rows.map((row) => `${changeOf(row)}#${row.epoch}`))
  return entries
    .filter((entry) => entry.kind === 'done' && !there.has(`${changeOf(entry)}#${entry.epoch}`))
    .map((entry) => `${changeOf(entry)} (${place(entry)}) is not in the table`)
}

/**
 * Handlers that were done with their part, or failed in it, when one of a later epoch of the shard had begun, and of which
 * nothing is in the store: what they did was refused.
 */
export function idleZombies(rows: readonly EffectRow[], entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const there = new Set(rows.map((row) => `${changeOf(row)}#${row.epoch}`))
  const latest = new Map<string, number>()
  return entries
    .toSorted((one, other) => one.at - other.at)
    .filter((entry) => {
      const epoch = latest.get(entry.shardId) ?? -Infinity
      if (entry.kind === 'started') latest.set(entry.shardId, Math.max(epoch, entry.epoch))
      const isOver = entry.kind === 'ran' || entry.kind === 'failed'
      return isOver && entry.epoch < epoch && !there.has(`${changeOf(entry)}#${entry.epoch}`)
    })
}

/** By shard, each epoch's first effect that was answered. */
function firstDoneByEpoch(entries: readonly JournalEntry[]): ReadonlyMap<string, readonly JournalEntry[]> {
  const shards = new Map<string, Map<number, JournalEntry>>()
  for (const entry of entries) {
    if (entry.kind !== 'done') continue
    const epochs = shards.get(entry.shardId) ?? new Map<number, JournalEntry>()
    if (entry.at < (epochs.get(entry.epoch)?.at ?? Infinity)) epochs.set(entry.epoch, entry)
    shards.set(entry.shardId, epochs)
  }
  return new Map(Array.from(shards, ([shardId, epochs]) => [shardId, [...epochs.values()]]))
}
