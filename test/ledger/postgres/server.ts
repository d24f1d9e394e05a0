import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { postgresMigrations } from '../../../src/postgres.ts'
import { admin, startPostgres, type PostgresServer } from '../../support/postgres-server.ts'

interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly options: string
}

/** A database with the ledger's tables, and two of an application. */
export interface TestDatabase {
  readonly config: Connection
  /** What it is in; the first of its connections' search path. */
  readonly schema: string
  /** A pool that ends with the test file. */
  pool(options?: pg.PoolConfig): pg.Pool
  query(statement: string): Promise<readonly Record<string, unknown>[]>
  /** `id=balance` of every account, in order. */
  balances(): Promise<string>
}

/** One server for a test file, and a database a test. */
export function usePostgres(): { createDatabase(): Promise<TestDatabase>; server(): PostgresServer } {
  let server: PostgresServer | undefined
  let count = 0
  const pools: pg.Pool[] = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    // Not waited for: a case may leave a transaction open, and its client lent. The server ends the connection.
    for (const pool of pools) void pool.end()
    await server?.stop()
  })
  const started = () => {
    if (server === undefined) throw new Error('the server has not been started')
    return server
  }
  return {
    server: started,
    async createDatabase() {
      const schema = `test_${++count}`
      const database = started().config
      await admin(database, `CREATE SCHEMA ${schema}`)
      const config = { ...database, options: `-c search_path=${schema}` }
      for (const { sql } of postgresMigrations()) await admin(config, sql)
      await admin(config, 'CREATE TABLE accounts (id text PRIMARY KEY, balance bigint NOT NULL)')
      const query = (statement: string) => admin(config, statement)
      return {
        config,
        schema,
        query,
        pool(options) {
          const pool = new pg.Pool({ max: 1, ...config, ...options })
          pool.on('error', () => {}) // an idle connection that a test has ended
          pools.push(pool)
          return pool
        },
        async balances() {
          const rows = await query('SELECT id, balance FROM accounts ORDER BY id')
          return rows.map(({ id, balance }) => `${String(id)}=${String(balance)}`).join(' ')
        },
      }
    },
  }
}

/** Adds to an account, which need not exist yet. */
export const addToAccount =
  'INSERT INTO accounts AS a VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET balance = a.balance + excluded.balance'
