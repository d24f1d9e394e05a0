import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, expect, test } from 'vitest'
import { createConsumer, silentLogger, type Ledger } from '../../../src/index.ts'
import { postgresLedger } from '../../../src/postgres.ts'
import { batchOfEvent } from '../../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { addToAccount, usePostgres, type TestDatabase } from './server.ts'

const { createDatabase } = usePostgres()

const ends: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(ends.map((end) => end())))

interface Subject<Transaction> {
  readonly database: TestDatabase
  readonly ledger: Ledger<Transaction>
  add(transaction: Transaction): Promise<unknown>
  sleep(transaction: Transaction): Promise<unknown>
}

const sleep = 'SELECT pg_sleep(30)'
const endOf = (which: string) => `SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE ${which}`

/** A pool as a user makes it. */
function poolOf({ config }: TestDatabase): pg.Pool {
  const pool = new pg.Pool({ ...config, max: 1 })
  ends.push(() => pool.end())
  return pool
}

/**
 * The server ends the connection of a handler, once for each record: between two statements, which says nothing of it, and at
 * one. Then it ends those that are not used.
 */
async function prove<Transaction>({ database, ledger, add, sleep }: Subject<Transaction>): Promise<void> {
  const failed = new Set<string>()
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 3, baseDelayMs: 0 }, ledger },
    async handler({ eventId, keys }, { transaction }) {
      await add(transaction)
      if (failed.has(eventId)) return
      failed.add(eventId)
      if (keys['pk'] === 'at one') setTimeout(() => void database.query(endOf("query LIKE 'SELECT pg_sleep%'")), 200)
      else await database.query(endOf("state LIKE 'idle in transaction%'"))
      if (keys['pk'] === 'at one') await sleep(transaction)
      await new Promise((resolve) => setTimeout(resolve, 50))
      await add(transaction)
    },
  })
  const batch = batchOfEvent(lambdaEvent(...changes('between:1', 'at one:2', 'between:3')))
  const { settlements } = await consumer.process(batch)
  expect(settlements).toEqual(['handled', 'handled', 'handled'])
  expect(await database.balances()).toBe('A=3')
  await database.query(endOf("state = 'idle'"))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await consumer.process(batch)).settlements).toEqual(['duplicate', 'duplicate', 'duplicate'])
}

// An event `error` that nobody hears would end the process, and this run with it.

test('pg', async () => {
  const database = await createDatabase()
  const ledger = postgresLedger({ pool: poolOf(database) })
  await prove({
    ...{ database, ledger },
    add: (client) => client.query(addToAccount, ['A', 1]),
    sleep: (client) => client.query(sleep),
  })
})

test('postgres.js', async () => {
  const database = await createDatabase()
  const { host, port, user, database: name, schema } = { ...database.config, schema: database.schema }
  const sql = postgres({ host, port, user, database: name, max: 1, connection: { search_path: schema } })
  ends.push(() => sql.end())
  await prove({
    ...{ database, ledger: postgresLedger({ sql }) },
    add: (tx) => tx.unsafe(addToAccount, ['A', 1]),
    sleep: (tx) => tx.unsafe(sleep),
  })
})

test('Drizzle', async () => {
  const database = await createDatabase()
  const ledger = postgresLedger({ drizzle: drizzle({ client: poolOf(database) }) })
  const add = drizzleSql`INSERT INTO accounts AS a VALUES ('A', 1) ON CONFLICT (id) DO UPDATE SET balance = a.balance + 1`
  await prove({ database, ledger, add: (tx) => tx.execute(add), sleep: (tx) => tx.execute(sleep) })
})

test('Kysely, whose pool has to listen to its connections', async () => {
  const database = await createDatabase()
  const pool = poolOf(database)
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const ledger = postgresLedger({ kysely: new Kysely<object>({ dialect: new PostgresDialect({ pool }) }) })
  await prove({
    ...{ database, ledger },
    add: (trx) => trx.executeQuery(CompiledQuery.raw(addToAccount, ['A', 1])),
    sleep: (trx) => trx.executeQuery(CompiledQuery.raw(sleep)),
  })
})
