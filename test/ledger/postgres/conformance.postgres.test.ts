import { describe, test } from 'vitest'
import type pg from 'pg'
import { postgresLedger } from '../../../src/postgres.ts'
import { ledgerConformance, transactionConformance } from '../../../src/testing.ts'
import { addToAccount, usePostgres, type TestDatabase } from './server.ts'

const { createDatabase } = usePostgres()

describe('every promise of a ledger, with a pool of one connection', () => {
  const cases = ledgerConformance({
    async createLedger({ clock, windowDays }) {
      const pool = (await createDatabase()).pool()
      return postgresLedger({ pool, clock, windowDays })
    },
    modes: ['retry'],
  })
  for (const { name, run } of cases) test(name, run)
})

describe('every promise of a ledger with transactions', () => {
  let database: TestDatabase
  const cases = transactionConformance<pg.PoolClient>({
    inShardOrder: false,
    async createLedger({ clock }) {
      database = await createDatabase()
      await database.query('CREATE TABLE refusals (id text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED)')
      return postgresLedger({ pool: database.pool({ max: 2 }), clock })
    },
    count: (client, counter) => client.query(addToAccount, [counter, 1]),
    refuse: (client) => client.query("INSERT INTO refusals VALUES ('nobody')"),
    async counted(counter) {
      const [row] = await database.query(`SELECT balance::int AS balance FROM accounts WHERE id = '${counter}'`)
      return Number(row?.['balance'] ?? 0)
    },
  })
  for (const { name, run } of cases) test(name, run)
})
