import { PGlite, type Transaction as PGliteTransaction } from '@electric-sql/pglite'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/node-postgres'
import { sql as drizzleSql } from 'drizzle-orm'
import {
  CamelCasePlugin,
  Kysely,
  PostgresDialect,
  sql as kyselySql,
  type Transaction as KyselyTransaction,
} from 'kysely'
import type pg from 'pg'
import postgres from 'postgres'
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest'
import { createConsumer, silentLogger, type Ledger } from '../../../src/index.ts'
import { postgresLedger, postgresMigrations } from '../../../src/postgres.ts'
import { batchOfEvent } from '../../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { addToAccount, usePostgres } from './server.ts'

const { createDatabase } = usePostgres()

const accounts = pgTable('accounts', { id: text().primaryKey(), balance: bigint({ mode: 'number' }).notNull() })

interface Tables {
  accounts: { id: string; balance: number }
}

const ends: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(ends.map((end) => end())))

interface Subject<Transaction> {
  readonly ledger: Ledger<Transaction>
  add(transaction: Transaction, id: string): Promise<unknown>
  balances(): Promise<string>
}

/** Each change counts once; a record that fails after its statement leaves nothing; a straggler can do nothing more. */
async function prove<Transaction>({ ledger, add, balances }: Subject<Transaction>): Promise<void> {
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 2, baseDelayMs: 0 }, ledger },
    async handler({ keys, sequenceNumber }, { transaction }) {
      await add(transaction, String(keys['pk']))
      if (sequenceNumber === '4') throw new Error('no')
    },
  })
  const batch = batchOfEvent(lambdaEvent(...changes('A:1', "B'\\$1:2", 'A:3', 'C:4', 'D:5')))
  const settled = ['handled', 'handled', 'handled', undefined, 'handled']
  expect((await consumer.process(batch)).settlements).toEqual(settled)
  const again = settled.map((settlement) => settlement && 'duplicate')
  expect((await consumer.process(batch)).settlements).toEqual(again)
  expect(await balances()).toBe("A=2 B'\\$1=1 D=1")
  await proveRevoked({ ledger, add, balances })
  expect(await balances()).toBe("A=2 B'\\$1=1 D=1")
}

/** The handler outlives its batch; what it sends then must not take effect. */
async function proveRevoked<Transaction>({ ledger, add }: Subject<Transaction>): Promise<void> {
  let goOn = () => {}
  const answered = new Promise<void>((resolve) => (goOn = resolve))
  let late: Promise<unknown> = Promise.resolve()
  const consumer = createConsumer({
    ...{ name: 'late', logger: silentLogger, ledger },
    async handler(_record, { transaction }) {
      await add(transaction, 'late')
      await answered
      late = (async () => add(transaction, 'late'))()
      await late.catch(() => {})
    },
  })
  const limits = { startWithinMs: 60, handleWithinMs: 80, answerWithinMs: 120, goneWithinMs: 10_000 }
  const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('Z:1'))), limits)
  expect(settlements).toEqual([undefined])
  goOn()
  await new Promise((resolve) => setTimeout(resolve, 100))
  await expect(late).rejects.toThrow()
}

describe('effects commit once through', () => {
  test('pg', async () => {
    const database = await createDatabase()
    const ledger = postgresLedger({ pool: database.pool() })
    expectTypeOf(ledger).toEqualTypeOf<Ledger<pg.PoolClient>>()
    await prove({ ledger, add: (client, id) => client.query(addToAccount, [id, 1]), balances: database.balances })
  })

  test('postgres.js', async () => {
    const database = await createDatabase()
    const { host, port, user, database: name } = database.config
    const sql = postgres({ host, port, user, database: name, max: 1, connection: { search_path: database.schema } })
    ends.push(() => sql.end())
    const ledger = postgresLedger({ sql })
    expectTypeOf(ledger).toEqualTypeOf<Ledger<postgres.TransactionSql<{}>>>()
    await prove({
      ledger,
      add: async (tx, id) =>
        tx`INSERT INTO accounts AS a VALUES (${id}, 1) ON CONFLICT (id) DO UPDATE SET balance = a.balance + 1`,
      balances: database.balances,
    })
  })

  test('PGlite', { timeout: 60_000 }, async () => {
    const pglite = await PGlite.create()
    ends.push(() => pglite.close())
    for (const migration of postgresMigrations()) await pglite.exec(migration.sql)
    await pglite.exec('CREATE TABLE accounts (id text PRIMARY KEY, balance bigint NOT NULL)')
    const ledger = postgresLedger({ pglite })
    expectTypeOf(ledger).toEqualTypeOf<Ledger<PGliteTransaction>>()
    await prove({
      ledger,
      add: (tx, id) => tx.query(addToAccount, [id, 1]),
      async balances() {
        const { rows } = await pglite.query<{ id: string; balance: number }>('SELECT * FROM accounts ORDER BY id')
        return rows.map(({ id, balance }) => `${id}=${balance}`).join(' ')
      },
    })
  })

  test('Kysely, also with a plugin that renames columns', async () => {
    const database = await createDatabase()
    const plugins = [new CamelCasePlugin()]
    const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool() }), plugins })
    const ledger = postgresLedger({ kysely })
    expectTypeOf(ledger).toEqualTypeOf<Ledger<KyselyTransaction<Tables>>>()
    await prove({
      ledger,
      add: (trx, id) =>
        trx
          .insertInto('accounts')
          .values({ id, balance: 1 })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ balance: kyselySql`accounts.balance + 1` }))
          .execute(),
      balances: database.balances,
    })
  })

  test('Drizzle', async () => {
    const database = await createDatabase()
    const db = drizzle({ client: database.pool() })
    const ledger = postgresLedger({ drizzle: db })
    await prove({
      ledger,
      add: async (tx, id) =>
        tx
          .insert(accounts)
          .values({ id, balance: 1 })
          .onConflictDoUpdate({ target: accounts.id, set: { balance: drizzleSql`${accounts.balance} + 1` } }),
      balances: database.balances,
    })
  })
})
