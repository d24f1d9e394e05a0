import type { Clock, Random } from '../../internal/clock.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { choice, integer, knownNames, optional, shape } from '../../internal/validate.ts'
import { defaultWindowDays, windowMs } from '../claim-ledger.ts'
import type { Ledger, LedgerBatch } from '../ledger.ts'
import { completedIn } from './completed.ts'
import {
  databaseNames,
  driverOf,
  type Begins,
  type PostgresDatabase,
  type PostgresJsTransaction,
  type TransactionOf,
  type Transacts,
  type TransactsByBuilder,
} from './database.ts'
import { RecordMarks, type KeeperSetting } from './mark-keeper.ts'
import { PostgresParkingLot } from '../../parking/postgres/postgres-parking-lot.ts'
import { tableNames } from './migration.ts'
import type { PgClientOf, PgPool } from './pg.ts'
import { PostgresSession } from './sessions.ts'
import { PostgresShardLedger } from './shard-ledger.ts'
import { SharedTransaction } from './shared-transaction.ts'
import { SqlStore, type Isolation } from './sql-store.ts'
import { storeError } from './store-error.ts'
import { TransactionSize } from './transaction-size.ts'
import type { PostgresStore } from './store.ts'

/** What every PostgreSQL ledger is made of, beside its database. */
export interface PostgresLedgerSettings {
  /** The schema that the ledger's tables are in. Default: the first of the connection's `search_path`. */
  readonly schema?: string
  /** How strictly transactions are kept apart; conflicts are waited out by running handlers again. Default: the database's. */
  readonly isolation?: Isolation
  /**
   * Days for which a change is remembered where each has a mark of its own; 1 to 3,650. It must outlast the longest time
   * after which a change can come again. @default 7
   */
  readonly windowDays?: number
  /**
   * Records that commit together at most; 1 to 10,000. Where batches that run at once change the same rows, fewer commit
   * together by themselves: half as many after each deadlock or serialization failure, twice as many again after a thousand
   * records without one. @default 100
   */
  readonly maxRecordsPerTransaction?: number
  /** Milliseconds after which a transaction takes no further record in; 1 to 60,000. @default 1,000 */
  readonly maxTransactionMs?: number
  /**
   * Milliseconds after which the server ends a transaction in which nothing is sent, so that an owner that hangs does not
   * keep its locks; 1,000 to 3,600,000. A handler must not wait longer between two statements. @default 60,000
   */
  readonly idleTimeoutMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

const settingNames = [
  ...['schema', 'isolation', 'windowDays', 'maxRecordsPerTransaction', 'maxTransactionMs', 'idleTimeoutMs'],
  ...['clock', 'random'],
]

/** What a PostgreSQL ledger is made of: exactly one database, and how it is used. */
export type PostgresLedgerOptions = PostgresLedgerSettings & PostgresDatabase

/**
 * Effects in PostgreSQL that commit once: `context.transaction` is your driver's own client inside the transaction that
 * also holds the record's mark.
 *
 * Give it a `Pool` of `pg`, a `postgres()` of postgres.js, a PGlite, a Kysely or a Drizzle database. In a worker the mark is
 * one row a shard, under a lock and fenced by the lease's epoch; in Lambda, and where `identity` is not `'record'`, one row a
 * record. Records take effect in transactions of up to 100; their handlers run one at a time, and may run again when their
 * transaction has to be repeated. It uses one connection a shard (or Lambda batch) at a time.
 *
 * With Kysely on a pool of `pg` listen to the pool and to its connections, or the process ends when the server ends one:
 * `pool.on('error', () => {})` and `pool.on('connect', (client) => client.on('error', () => {}))`.
 *
 * The tables: `postgresMigrations()`, or `npx tidemark init postgres`. Promises and what breaks them: docs/guarantees.md.
 */
export function postgresLedger<Pool extends PgPool>(
  options: PostgresLedgerSettings & { readonly pool: Pool },
): Ledger<PgClientOf<Pool>>
export function postgresLedger<Sql extends Begins>(
  options: PostgresLedgerSettings & { readonly sql: Sql },
): Ledger<PostgresJsTransaction<Sql['begin']>>
export function postgresLedger<PGlite extends Transacts>(
  options: PostgresLedgerSettings & { readonly pglite: PGlite },
): Ledger<TransactionOf<PGlite['transaction']>>
export function postgresLedger<Kysely extends TransactsByBuilder>(
  options: PostgresLedgerSettings & { readonly kysely: Kysely },
): Ledger<TransactionOf<ReturnType<Kysely['transaction']>['execute']>>
export function postgresLedger<Drizzle extends Transacts>(
  options: PostgresLedgerSettings & { readonly drizzle: Drizzle },
): Ledger<TransactionOf<Drizzle['transaction']>>
export function postgresLedger(options: PostgresLedgerOptions): Ledger<unknown> {
  shape('postgresLedger options', options)
  knownNames('postgresLedger options', options, [...databaseNames, ...settingNames])
  const { schema } = options
  const tables = tableNames(schema)
  const isolation = optional(options.isolation, (level) =>
    choice('isolation', level, ['read committed', 'repeatable read', 'serializable'] as const),
  )
  const driver = driverOf('postgresLedger', options)
  const { clock = systemClock, random = systemRandom } = options
  const parking = new PostgresParkingLot({ driver, clock, random }, tables)
  const store = new SqlStore({ driver, schema, isolation })
  const ledger = ledgerOn(store, options)
  return {
    ...ledger,
    completed: (shard, entries) =>
      completedIn({ driver, store, tables }, shard, entries, clock.now() - (ledger.windowMs ?? 0)).catch(
        (error: unknown) => {
          throw storeError(error, 'reading what is completed')
        },
      ),
    parking,
  }
}

/** The ledger over any store that does what its statements do. */
function ledgerOn<Transaction>(
  store: PostgresStore<Transaction>,
  options: PostgresLedgerSettings,
): Ledger<Transaction> {
  const { clock = systemClock, random = systemRandom } = options
  const keepMs = windowMs(options.windowDays ?? defaultWindowDays)
  const idleTimeoutMs = integer('idleTimeoutMs', options.idleTimeoutMs ?? 60_000, 1_000, 3_600_000)
  const maxRecords = integer('maxRecordsPerTransaction', options.maxRecordsPerTransaction ?? 100, 1, 10_000)
  const maxMs = integer('maxTransactionMs', options.maxTransactionMs ?? 1_000, 1, 60_000)
  const common = { maxMs, size: new TransactionSize(maxRecords), suspects: new Set<string>() }
  const keeperOf = (consumer: string, remainingMs?: number): KeeperSetting<Transaction> => {
    const keeper = { store, consumer, keepMs, clock, random, idleTimeoutMs }
    return remainingMs === undefined ? keeper : { ...keeper, goneAt: clock.monotonic() + remainingMs }
  }
  return {
    async open({ consumer, entries, remainingMs }: LedgerBatch) {
      const keeper = keeperOf(consumer, remainingMs)
      const keys = entries.map(({ idempotencyKey }) => idempotencyKey)
      const marked = await store.readMarks(consumer, keys, clock.now() - keepMs).catch((error: unknown) => {
        throw storeError(error, 'reading marks')
      })
      const marks = new RecordMarks(keeper)
      const shared = new SharedTransaction({ store, marks, clock, random, ...common })
      return new PostgresSession({ shared, marked, mark: undefined })
    },
    windowMs: keepMs,
    openShard: (shard) => new PostgresShardLedger(shard, { keeper: keeperOf(shard.consumer), ...common }),
  }
}
