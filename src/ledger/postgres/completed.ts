import type { LedgerEntry, ShardRecordsOf } from '../ledger.ts'
import type { PostgresDriver } from './driver.ts'
import type { TableNames } from './migration.ts'
import { ShardMark } from './shard-mark.ts'
import type { PostgresStore } from './store.ts'

/** What asks for it. */
export interface CompletedSetting<Transaction> {
  readonly driver: PostgresDriver<Transaction>
  readonly store: PostgresStore<Transaction>
  readonly tables: TableNames
}

/**
 * What a worker would find completed, looked at from outside: by the shard's row, and by the marks of the records where a
 * change can come again under another sequence number.
 */
export async function completedIn<Transaction>(
  { driver, store, tables }: CompletedSetting<Transaction>,
  { consumer, tableName, streamLabel, shardId, recurs }: ShardRecordsOf,
  entries: readonly LedgerEntry[],
  forgetBefore: number,
): Promise<ReadonlySet<LedgerEntry>> {
  const [row] = await driver.transaction((scope) =>
    scope.query(
      `SELECT through, holes FROM ${tables.shards} ` +
        `WHERE consumer = $1 AND table_name = $2 AND stream_label = $3 AND shard_id = $4`,
      [consumer, tableName, streamLabel, shardId],
    ),
  )
  const keys = entries.map(({ idempotencyKey }) => idempotencyKey)
  const marked = recurs ? await store.readMarks(consumer, keys, forgetBefore) : new Set<string>()
  const mark = new ShardMark({
    through: String(row?.['through'] ?? ''),
    holes: JSON.parse(String(row?.['holes'] ?? '[]')) as string[],
  })
  return new Set(entries.filter((entry) => mark.isCommitted(entry) || marked.has(entry.idempotencyKey)))
}
