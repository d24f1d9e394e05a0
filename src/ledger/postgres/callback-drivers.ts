import { rowsOf, type PostgresDriver } from './driver.ts'
import { inlined } from './literal.ts'
import { listenTo } from './pg.ts'
import { revocable } from './revocable.ts'

/** A connection pool of `postgres` (postgres.js), as far as the ledger needs it. */
export interface PostgresJs<Transaction> {
  begin(work: (transaction: Transaction) => Promise<unknown>): Promise<unknown>
}

/** A PGlite, as far as the ledger needs it. */
export interface PGliteLike<Transaction> {
  transaction(work: (transaction: Transaction) => Promise<unknown>): Promise<unknown>
}

/** A Kysely, as far as the ledger needs it. */
export interface KyselyLike<Transaction> {
  transaction(): { execute(work: (transaction: Transaction) => Promise<unknown>): Promise<unknown> }
}

/** A Drizzle database of PostgreSQL, as far as the ledger needs it. */
export interface DrizzleLike<Transaction> {
  transaction(work: (transaction: Transaction) => Promise<unknown>): Promise<unknown>
}

type Begin<Transaction> = (work: (transaction: Transaction) => Promise<unknown>) => Promise<unknown>
type Send<Transaction> = (transaction: Transaction, text: string, values: readonly string[]) => Promise<unknown>

const turnsUntilTold = 8

/** Transactions that a driver begins and ends itself, around a callback. */
function callbackDriver<Transaction extends object>(
  begin: Begin<Transaction>,
  send: Send<Transaction>,
): PostgresDriver<Transaction> {
  return {
    async transaction<Result>(work: Parameters<PostgresDriver<Transaction>['transaction']>[0]): Promise<Result> {
      let result: unknown
      let lost: { readonly error: unknown } | undefined
      let end = () => {}
      const isLost = async () => {
        // Who runs the callback is told of a connection's end when its statement is, and says so some turns later.
        for (let turn = 0; turn < turnsUntilTold; turn += 1) await Promise.resolve()
        return lost !== undefined
      }
      try {
        await begin(async (own) => {
          const { proxy, revoke } = revocable(own)
          end = revoke
          const query = async (text: string, values: readonly string[] = []) => {
            if (lost !== undefined) throw lost.error
            return rowsOf(await send(own, text, values))
          }
          try {
            result = await work({ transaction: proxy, query, revoke })
          } catch (error) {
            // Nobody waits for this any more. postgres.js would send a ROLLBACK on what is closed, and the process die of it.
            if (await isLost()) await new Promise(() => {})
            throw error
          }
        })
      } catch (error) {
        // Its connection may be gone under a callback that is still at work: postgres.js never answers what is sent then.
        lost = { error }
        throw error
      } finally {
        end()
      }
      return result as Result
    },
  }
}

interface Unsafe {
  unsafe(text: string, values?: unknown[]): Promise<unknown>
}

export function postgresJsDriver<Transaction extends object>(
  sql: PostgresJs<Transaction>,
): PostgresDriver<Transaction> {
  return callbackDriver(
    (work) => sql.begin(work),
    (transaction, text, values) => (transaction as unknown as Unsafe).unsafe(text, [...values]),
  )
}

interface Querying {
  query(text: string, values?: unknown[]): Promise<unknown>
}

export function pgliteDriver<Transaction extends object>(pglite: PGliteLike<Transaction>): PostgresDriver<Transaction> {
  return callbackDriver(
    (work) => pglite.transaction(work),
    (transaction, text, values) => (transaction as unknown as Querying).query(text, [...values]),
  )
}

interface Executing {
  executeQuery(query: unknown): Promise<unknown>
}

export function kyselyDriver<Transaction extends object>(kysely: KyselyLike<Transaction>): PostgresDriver<Transaction> {
  return callbackDriver(
    (work) => kysely.transaction().execute(work),
    (transaction, sql, parameters) => {
      // What CompiledQuery.raw makes, so that Kysely need not be imported.
      const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] }
      const queryId = { queryId: 'tidemark' }
      return (transaction as unknown as Executing).executeQuery({ query, queryId, sql, parameters })
    },
  )
}

interface DrizzleExecuting {
  execute(text: string): Promise<unknown>
}

export function drizzleDriver<Transaction extends object>(
  drizzle: DrizzleLike<Transaction>,
): PostgresDriver<Transaction> {
  listenTo((drizzle as { readonly $client?: unknown }).$client)
  return callbackDriver(
    (work) =>
      drizzle.transaction((transaction) => {
        listenTo((transaction as { readonly session?: { readonly client?: unknown } }).session?.client)
        return work(transaction)
      }),
    // Drizzle takes parameters only in objects that its own `sql` makes, and plain text without any.
    (transaction, text, values) => (transaction as unknown as DrizzleExecuting).execute(inlined(text, values)),
  )
}
