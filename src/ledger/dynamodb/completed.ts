import { readMarks } from './marks.ts'
import type { TableRequests } from './requests.ts'
import { readShardMark } from './transaction/shard-row.ts'
import type { LedgerEntry, ShardRecordsOf } from '../ledger.ts'
import { covers } from '../shard-order.ts'

// What a worker would find completed, looked at from outside.

/** By the marks of the records. */
export async function completedByMarks(
  requests: TableRequests,
  { consumer }: ShardRecordsOf,
  entries: readonly LedgerEntry[],
  now: number,
): Promise<ReadonlySet<LedgerEntry>> {
  const marks = await readMarks(requests, { consumer, entries }, now)
  return new Set(entries.filter(({ idempotencyKey }) => marks.has(idempotencyKey)))
}

/**
 * By the shard's mark, where there is one; and by those of the records where a change can come again under another sequence
 * number. `undefined` where nobody has opened the shard.
 */
export async function completedByShard(
  requests: TableRequests,
  shard: ShardRecordsOf,
  entries: readonly LedgerEntry[],
  now: number,
): Promise<ReadonlySet<LedgerEntry> | undefined> {
  const mark = await readShardMark(requests, shard)
  if (mark === undefined) return undefined
  const marked = shard.recurs ? await completedByMarks(requests, shard, entries, now) : new Set<LedgerEntry>()
  return new Set(entries.filter((entry) => marked.has(entry) || covers(mark, entry)))
}
