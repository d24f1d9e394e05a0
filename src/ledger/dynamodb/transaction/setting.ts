import { LedgerError } from '../../../errors.ts'
import type { Clock, Random } from '../../../internal/clock.ts'
import type { NumberMode } from '../../../record/number.ts'
import type { TableRequests } from '../requests.ts'
import type { KeySchemas } from './key-schemas.ts'

/** What the sessions of a transactional ledger are made with. */
export interface TransactionSetting {
  readonly tableName: string
  readonly requests: TableRequests
  readonly schemas: KeySchemas
  readonly numbers: NumberMode
  readonly keepMs: number
  readonly clock: Clock
  readonly random: Random
}

/** Between two tries to commit. Whoever waits for less than that in all has a deadline of its own. */
export const commitRetry = { maxAttempts: 12, baseDelayMs: 20, maxDelayMs: 2_000 }

/** The ledger can't tell how a commit came out, or can't get it done. */
export function notCommitted(tries: number, cause: unknown): LedgerError {
  const said = cause instanceof Error ? cause.message : String(cause)
  return new LedgerError(`could not commit a transaction in ${tries} tries: ${said}`, { cause, retryable: true })
}
