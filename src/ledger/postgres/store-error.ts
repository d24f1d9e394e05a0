import { isTidemarkError, LedgerError, type TidemarkError } from '../../errors.ts'
import { isPassing, sqlStateOf } from './sql-state.ts'

/** What went wrong with a statement of the ledger's own, as an error that says what to do. */
export function storeError(error: unknown, doing: string): TidemarkError {
  if (isTidemarkError(error)) return error
  const state = sqlStateOf(error)
  const said = error instanceof Error && error.message !== '' ? error.message : String(error)
  const why = `${doing} failed: ${said}${state === undefined ? '' : ` (SQLSTATE ${state})`}`
  return new LedgerError(why + remedy(state), { cause: error, retryable: isPassing(error) })
}

function remedy(state: string | undefined): string {
  switch (state) {
    case '42P01':
    case '3F000':
    case '42703':
      return (
        '. The tables of the ledger are not there as they should be: run `npx tidemark init postgres`, or put ' +
        'postgresMigrations() into your own migrations, and see that option `schema` names the schema they are in'
      )
    case '42501':
      return '. The role needs SELECT, INSERT, UPDATE and DELETE on the tables whose names begin with tidemark_'
    case '25P03':
      return '. A handler let its transaction wait for longer than `idleTimeoutMs`'
    case undefined:
    default:
      return ''
  }
}
