import pg from 'pg'
import { createConsumer, silentLogger } from 'tidemark'
import { postgresLedger, postgresMigrations } from 'tidemark/postgres'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB } from 'tidemark/testing'
import { createTidemarkTable, createWorker } from 'tidemark/worker'
import { admin, startPostgres } from '../test/support/postgres-server.ts'
import { printTable, shown } from './support/table.ts'
import { median, takeTurns } from './support/timing.ts'

// One shard's changes applied to a table of PostgreSQL, by a worker with postgresLedger, and by the least that anybody can do:
// the same statements, one after the other on one connection, a transaction for each 100, with nothing that remembers them.
// The stream is the embedded engine's, in this process; PostgreSQL is a server of its own on this machine, without fsync.

const recordCount = Number(process.env['RECORDS'] ?? 20_000)
const statement =
  'INSERT INTO totals AS t VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = t.total + excluded.total'
let runs = 0

function orders(): EmbeddedDynamoDB {
  const embedded = createEmbeddedDynamoDB({ streams: { initialShardCount: 1 } })
  embedded.execute('CreateTable', {
    TableName: 'orders',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
  })
  for (let n = 0; n < recordCount; n += 1)
    embedded.execute('PutItem', {
      TableName: 'orders',
      Item: { pk: { S: `order-${n}` }, total: { N: String(n % 100) } },
    })
  return embedded
}

async function bare(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  for (let n = 0; n < recordCount; n += 100) {
    await client.query('BEGIN')
    for (let index = n; index < Math.min(n + 100, recordCount); index += 1)
      await client.query(statement, [`order-${index}`, index % 100])
    await client.query('COMMIT')
  }
  client.release()
}

async function worker(pool: pg.Pool, embedded: EmbeddedDynamoDB): Promise<void> {
  await createTidemarkTable({ client: embedded, tableName: 'tidemark' })
  let handled = 0
  let finish = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const consumer = createConsumer({
    name: `bench-${(runs += 1)}`,
    logger: silentLogger,
    ledger: postgresLedger({ pool }),
    async handler({ newImage }, { transaction }) {
      await transaction.query(statement, [newImage?.['pk'], Number(newImage?.['total'])])
      if ((handled += 1) === recordCount) finish()
    },
  })
  const run = createWorker(consumer, {
    ...{ tableName: 'orders', dynamodb: embedded, streams: embedded, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop() // what has been handled is committed by then
}

const server = await startPostgres()
try {
  for (const { sql } of postgresMigrations()) await admin(server.config, sql)
  await admin(server.config, 'CREATE TABLE totals (id text PRIMARY KEY, total bigint NOT NULL)')
  const rates = { bare: [] as number[], worker: [] as number[] }
  const contestants = ['bare', 'worker'] as const
  const rounds = await takeTurns(contestants, { rounds: 5, seconds: 60 }, async (name) => {
    await admin(server.config, 'TRUNCATE totals')
    const pool = new pg.Pool({ ...server.config, max: 1 })
    const embedded = orders()
    const start = performance.now()
    await (name === 'bare' ? bare(pool) : worker(pool, embedded))
    rates[name].push(recordCount / ((performance.now() - start) / 1_000))
    await Promise.all([pool.end(), embedded.close()])
    const [row] = await admin(server.config, 'SELECT count(*)::int AS count FROM totals')
    if (row?.['count'] !== recordCount) throw new Error(`${name} left ${String(row?.['count'])} rows`)
  })
  const [plain, ours] = [median(rates.bare), median(rates.worker)]
  printTable(
    `${shown(recordCount)} records of one shard, a statement each in PostgreSQL, records a second`,
    ['', 'bare transactions', 'worker', 'ratio'],
    [['effects that commit once', shown(Math.round(plain)), shown(Math.round(ours)), `${(ours / plain).toFixed(2)} x`]],
    [`Medians of ${rounds} rounds. Bare: transactions of 100, no reading of the stream and no dedupe.`],
  )
} finally {
  await server.stop()
}
