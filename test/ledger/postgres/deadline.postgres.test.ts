import { PGlite } from '@electric-sql/pglite'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { createConsumer, silentLogger } from '../../../src/index.ts'
import { createLambdaHandler, type LambdaHandler } from '../../../src/lambda.ts'
import { postgresLedger, postgresMigrations } from '../../../src/postgres.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { addToAccount, usePostgres, type TestDatabase } from './server.ts'

const { createDatabase } = usePostgres()

// A setting is text with a unit.
const msOf = (setting: string) => `(1000 * extract(epoch FROM current_setting('${setting}')::interval))::int`
const timeouts =
  `SELECT ${msOf('idle_in_transaction_session_timeout')} AS idle, ${msOf('transaction_timeout')} AS transaction, ` +
  `${msOf('statement_timeout')} AS statement`

const base = { name: 'bank', logger: silentLogger, retry: { maxAttempts: 1 } }

/** Invokes it as Lambda does, with so much time. */
function invoke(handler: LambdaHandler, timeMs: number, ...names: `${string}:${number}`[]) {
  const deadline = performance.now() + timeMs
  return handler(lambdaEvent(...changes(...names)), { getRemainingTimeInMillis: () => deadline - performance.now() })
}

/** The pool of a process that is frozen at its answer: a connection that it wants to close stays open. */
function neverClosing(pool: pg.Pool): { connect(): Promise<pg.PoolClient> } {
  return {
    async connect() {
      const client = await pool.connect()
      return new Proxy(client, {
        get(target, name) {
          if (name === 'release') return (destroy?: boolean) => destroy !== true && target.release()
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
    },
  }
}

/** A person's session, in which a transaction holds the account A. */
async function holdA(database: TestDatabase): Promise<pg.Client> {
  const holder = new pg.Client(database.config)
  holder.on('error', () => {}) // where the case has failed, and the server ends it
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query(addToAccount, ['A', 100])
  return holder
}

// Before PostgreSQL 17 there is no `transaction_timeout`, and where somebody else has set it there is none for the ledger.
describe.each([
  ['ends transactions', ''],
  ['ends statements only, as before PostgreSQL 17', ' -c transaction_timeout=1h'],
])('a server that %s', (_what, option) => {
  test('does not let a transaction wait for a lock for long after its invocation', async () => {
    const database = await createDatabase()
    await database.query("INSERT INTO accounts VALUES ('A', 0)")
    const holder = await holdA(database)
    const frozen = neverClosing(database.pool({ options: database.config.options + option }))
    const ledger = postgresLedger({ pool: frozen })
    const consumer = createConsumer({
      ...{ ...base, ledger },
      handler: ({ keys }, { transaction }) => transaction.query(addToAccount, [keys['pk'], 1]),
    })
    const answer = await invoke(createLambdaHandler(consumer), 800, 'B:1', 'A:2')
    expect(answer.batchItemFailures).toHaveLength(1)

    await noneWaits(database)
    await holder.query('COMMIT')
    await holder.end()
    expect(await database.balances()).toBe('A=100')
  })
})

// The server is told of no end here: somebody else has limited both transactions and statements.
test('nothing waits for a lock any more when an invocation answers', async () => {
  const database = await createDatabase()
  const holder = await holdA(database)
  const options = `${database.config.options} -c transaction_timeout=1h -c statement_timeout=1h`
  const pool = database.pool({ options })
  const kysely = new Kysely<object>({ dialect: new PostgresDialect({ pool: database.pool({ options, max: 2 }) }) })
  const consumers = [
    createConsumer({
      ...{ ...base, ledger: postgresLedger({ pool }) },
      handler: (_record, { transaction }) => transaction.query(addToAccount, ['A', 1]),
    }),
    createConsumer({
      ...{ ...base, name: 'shop', ledger: postgresLedger({ kysely }) },
      handler: (_record, { transaction }) => transaction.executeQuery(CompiledQuery.raw(addToAccount, ['A', 1])),
    }),
  ]
  for (const consumer of consumers) {
    const answer = await invoke(createLambdaHandler(consumer), 1_500, 'B:1')
    expect(answer.batchItemFailures).toHaveLength(1)
    expect(await database.query(whoWaits)).toEqual([])
  }
  await holder.end()
})

const whoWaits = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

/** Nobody waits for a lock any more, while the lock is still held. */
async function noneWaits({ query }: TestDatabase): Promise<void> {
  await expect.poll(() => query(whoWaits), { timeout: 15_000 }).toEqual([])
}

test('a server is told when the time of an invocation is over', async () => {
  const database = await createDatabase()
  const told: unknown[] = []
  const consumer = createConsumer({
    ...{ ...base, ledger: postgresLedger({ pool: database.pool() }) },
    async handler(_record, { transaction }) {
      told.push(...(await transaction.query(timeouts)).rows)
    },
  })
  await invoke(createLambdaHandler(consumer), 5_000, 'A:1')
  const within = expect.toSatisfy((ms: number) => ms > 4_000 && ms <= 5_000)
  expect(told).toEqual([{ idle: within, transaction: within, statement: 0 }])
})

test(
  'a PGlite, which hangs where a server would end a connection, is told nothing of it',
  { timeout: 60_000 },
  async () => {
    const pglite = await PGlite.create()
    for (const migration of postgresMigrations()) await pglite.exec(migration.sql)
    const told: unknown[] = []
    const consumer = createConsumer({
      ...{ ...base, ledger: postgresLedger({ pglite }) },
      async handler(_record, { transaction }) {
        told.push(...(await transaction.query(timeouts)).rows)
      },
    })
    await invoke(createLambdaHandler(consumer), 5_000, 'A:1')
    expect(told).toEqual([{ idle: 0, transaction: 0, statement: 0 }])
    await pglite.close()
  },
)
