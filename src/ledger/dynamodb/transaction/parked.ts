import { LeaseLostError } from '../../../errors.ts'
import { systemHost } from '../../../internal/system.ts'
import type { Clock } from '../../../internal/clock.ts'
import type { DynamoDBParkedReference } from '../../../parking/dynamodb/parking-lot.ts'
import { actionsPerTransaction, bytesPerTransaction, type SealedTransaction } from './transaction.ts'
import type { Operation } from './operation.ts'
import type { LedgerEntry } from '../../ledger.ts'

// The lane's row, what is kept of the record, and the keys of what is deleted: no body is among them.
const bytesEach = 4_096

/**
 * The transaction of a redriven record, with what takes the record out of the parking lot: the effect commits only while the
 * lane is held by who redrives it, and the record leaves the lot with it. Where there is no room left for that, its mark alone
 * keeps it from taking effect twice, and it leaves the lot a moment later. Throws a `LeaseLostError` when the record is not in
 * the lot any more: it was dropped, say, while its redriver stood still.
 */
export async function withParked(
  { parked }: LedgerEntry,
  transaction: SealedTransaction,
  clock: Clock,
): Promise<SealedTransaction> {
  // Of the lot that this ledger has made itself, in the same table.
  const reference = parked as DynamoDBParkedReference | undefined
  if (reference === undefined) return transaction
  const actions = await reference.settleActions({ outcome: 'handled', at: clock.now(), by: systemHost() })
  if (actions === undefined)
    throw new LeaseLostError('the record is not parked any more; nothing of this redrive is committed')
  const bytes = transaction.bytes + actions.length * bytesEach
  const actionCount = 1 + transaction.operations.length + actions.length
  if (actionCount > actionsPerTransaction || bytes > bytesPerTransaction) return transaction
  const operations = actions.map((action): Operation => {
    const name = 'the parking lot'
    return { name, tableName: 'parked', key: {}, item: `parked ${JSON.stringify(action)}`, bytes: bytesEach, action }
  })
  return { operations: [...operations, ...transaction.operations], bytes }
}
