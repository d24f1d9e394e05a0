import pg from 'pg'
import { postgresMigrations } from '../../src/postgres.ts'
import type { Bank, Move } from './bank.ts'
import type { Account } from './transfers.ts'

/** How the fleet's PostgreSQL is reached. */
export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

const schema = `
CREATE TABLE accounts (id text PRIMARY KEY, balance bigint NOT NULL, sent int NOT NULL, received int NOT NULL);
CREATE TABLE receipts (key text NOT NULL, n int NOT NULL, epoch int NOT NULL, shard_id text NOT NULL, worker text NOT NULL, sent_at float8 NOT NULL);
`
const add =
  'INSERT INTO accounts AS a VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET balance = a.balance + excluded.balance, ' +
  'sent = a.sent + excluded.sent, received = a.received + excluded.received'

/** Nothing but the ledger keeps it from being carried out twice: it adds as often as it is let, and a receipt has no key. */
export const moveInPostgres: Move<pg.ClientBase> = async (transaction, { from, to, amount }, receipt) => {
  const { key, n, epoch, shardId, worker, sentAt } = receipt
  await transaction.query(add, [from, -amount, 1, 0])
  await transaction.query(add, [to, amount, 0, 1])
  await transaction.query('INSERT INTO receipts VALUES ($1, $2, $3, $4, $5, $6)', [
    key,
    n,
    epoch,
    shardId,
    worker,
    sentAt,
  ])
}

/** Makes the tables of the accounts and of the ledger, and reads them; while the server is down it waits. */
export async function postgresBank(address: PostgresAddress): Promise<Bank> {
  const pool = new pg.Pool({ ...address, max: 2 })
  pool.on('error', () => {}) // an idle connection, when the server is killed
  await pool.query(schema)
  for (const { sql } of postgresMigrations()) await pool.query(sql)
  const accountsWhere = async (condition: string, values: readonly unknown[]) =>
    (await pool.query<AccountRow>(`SELECT * FROM accounts ${condition}`, [...values])).rows
  return {
    // One statement sees one moment.
    look: (ids) =>
      accountsWhere('WHERE id = ANY($1)', [ids]).then(
        (rows) => rows.map(accountOf),
        () => undefined,
      ),
    accounts: async () => new Map((await accountsWhere('', [])).map((row) => [row.id, accountOf(row)])),
    receipts: async () =>
      (await pool.query<ReceiptRow>('SELECT * FROM receipts')).rows.map(({ shard_id, sent_at, ...row }) => ({
        ...row,
        shardId: shard_id,
        sentAt: sent_at,
      })),
    close: () => pool.end(),
  }
}

interface AccountRow {
  readonly id: string
  readonly balance: string
  readonly sent: number
  readonly received: number
}

interface ReceiptRow {
  readonly key: string
  readonly n: number
  readonly epoch: number
  readonly shard_id: string
  readonly worker: string
  readonly sent_at: number
}

function accountOf({ balance, sent, received }: AccountRow): Account {
  return { balance: Number(balance), sent, received }
}
