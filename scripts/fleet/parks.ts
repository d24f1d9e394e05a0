import type { JournalEntry } from './journal.ts'
import { shardOf } from './poison.ts'
import type { Effect } from './repeats.ts'
import type { Tenures } from './tenures.ts'

/**
 * What was parked when, of which shard and under which epoch. The note of it names the record alone: whoever handled it in
 * the end, as everything parked is, says which change and which shard it is of, and the worker's last acquisition of that
 * shard the epoch.
 */
export function parkingsOf(
  { parks, acquisitions }: Pick<Tenures, 'parks' | 'acquisitions'>,
  entries: readonly JournalEntry[],
): readonly Effect[] {
  const records = new Map<string, { readonly n: number; readonly shardId: string }>()
  for (const entry of entries)
    records.set(`${entry.key} ${entry.sequenceNumber}`, { n: entry.n, shardId: shardOf(entry) })
  const epochs = new Map<string, { readonly epoch: number; readonly at: number }[]>()
  for (const { worker, shardId, epoch, at } of acquisitions) {
    const name = `${worker} ${shardId}`
    epochs.set(name, [...(epochs.get(name) ?? []), { epoch, at }])
  }
  return parks.flatMap(({ worker, key, sequenceNumber, at }) => {
    const record = records.get(`${key} ${sequenceNumber}`)
    if (record === undefined) return [] // left parked, which is told of
    const held = epochs.get(`${worker} ${record.shardId}`)?.findLast((acquired) => acquired.at <= at)
    if (held === undefined) throw new Error(`${worker} parked a record of ${record.shardId}, which it never had`)
    return [{ key, ...record, epoch: held.epoch, worker, at }]
  })
}
