import { expect, test } from 'vitest'
import { createConsumer, silentLogger } from '../../../src/index.ts'
import { createLambdaHandler } from '../../../src/lambda.ts'
import { postgresLedger } from '../../../src/postgres.ts'
import { createEmbeddedDynamoDB } from '../../../src/testing.ts'
import { createTable, deliverAll, expectedAccounts, putTransfers, transfers } from '../../support/bank.ts'
import { usePostgres } from './server.ts'

const { createDatabase } = usePostgres()

const move =
  'INSERT INTO bank AS b VALUES ($1, $2::int, $3::int, $4::int) ON CONFLICT (id) DO UPDATE SET ' +
  'balance = b.balance + $2::int, sent = b.sent + $3::int, received = b.received + $4::int'

// All transfers between the same twelve accounts, twice.
const rounds = [1, 2]
const many = rounds.flatMap((round) => transfers.map((transfer) => ({ ...transfer, id: `${transfer.id}-${round}` })))

test('ten batches at once on the same few rows come to commit few records at a time, and run few of them again', async () => {
  const database = await createDatabase()
  await database.query('CREATE TABLE bank (id text PRIMARY KEY, balance int, sent int, received int)')
  const engine = createEmbeddedDynamoDB({ streams: { initialShardCount: 1 } })
  const streamArn = await createTable(engine, 'transfers', true)
  await putTransfers(engine, 'transfers', many)
  let runs = 0
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger },
    ledger: postgresLedger({ pool: database.pool({ max: 10 }) }),
    async handler({ newImage }, { transaction }) {
      const { from, to, amount } = newImage as { from: string; to: string; amount: number }
      runs += 1
      await transaction.query(move, [from, -amount, 1, 0])
      await transaction.query(move, [to, amount, 0, 1])
    },
  })
  await deliverAll({ streams: engine, streamArn }, createLambdaHandler(consumer))
  const rows = await database.query('SELECT * FROM bank')
  const each = Object.entries(expectedAccounts())
  const all = each.map(([id, figures]) => [id, figures.map((figure) => figure * rounds.length)])
  const found = rows.map(({ id, balance, sent, received }) => [id, [balance, sent, received]])
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(all))
  // Were transactions as large again after each conflict, it would be more than half as many again.
  expect(runs).toBeLessThan(1.3 * many.length)
}, 60_000)
