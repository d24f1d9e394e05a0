import { rowsPerRead, type TableRequests } from './requests.ts'
import { isExpired, rowKey, type Row } from './rows.ts'
import type { LedgerBatch } from '../ledger.ts'

/** Which of the batch's records are marked as completed, by idempotency key. */
export async function readMarks(requests: TableRequests, batch: LedgerBatch, now: number): Promise<Set<string>> {
  // A key may stand in a batch twice, and in a request only once.
  const keys = new Map(batch.entries.map((entry) => [entry.idempotencyKey, rowKey(batch.consumer, entry, 'mark')]))
  const rows = [...keys.values()]
  const chunks = Array.from({ length: Math.ceil(rows.length / rowsPerRead) }, (_, chunk) =>
    rows.slice(chunk * rowsPerRead, (chunk + 1) * rowsPerRead),
  )
  const found = await Promise.all(chunks.map((chunk) => requests.read(chunk)))
  const prefix = `ledger#${batch.consumer}#`.length
  const marks = found.flat().filter((row: Row) => !isExpired(row, now))
  return new Set(marks.map((row) => row['pk']?.S?.slice(prefix) ?? ''))
}
