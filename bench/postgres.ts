import { unmarshall } from '@aws-sdk/util-dynamodb'
import pg from 'pg'
import { createConsumer, silentLogger } from 'tidemark'
import { postgresLedger, postgresMigrations } from 'tidemark/postgres'
import { createTidemarkTable, createWorker } from 'tidemark/worker'
import { admin, startPostgres } from '../test/support/postgres-server.ts'
import { Span } from './support/span.ts'
import {
  filledWithOrders,
  order,
  pagesReadAhead,
  serveStream,
  startStreamService,
  type StreamService,
} from './support/stream-service.ts'
import { printTable, shown } from './support/table.ts'
import { medians, takeTurns, type Timing } from './support/timing.ts'

// One shard's changes applied to a table of PostgreSQL, by a worker with postgresLedger, and by the best that can be written
// without any memory of what was done: the same pages read from the same stream, a page ahead, decoded by the SDK's
// unmarshall, and the same statements one after the other on one connection, a transaction for each 100.
//
// The stream is served over HTTP by an engine in a process of its own; PostgreSQL is a server on this machine, without fsync.
// The time is that from the first statement to the end of the last COMMIT: neither the worker's start nor its end is in it.

const recordCount = Number(process.env['RECORDS'] ?? 20_000)
const statement =
  'INSERT INTO totals AS t VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = t.total + excluded.total'
let runs = 0

/** A pool of one connection that tells the span from the first statement of an effect to the last COMMIT. */
function observedPool(config: pg.PoolConfig, span: Span): pg.Pool {
  const pool = new pg.Pool({ ...config, max: 1 })
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...parameters: readonly unknown[]) => Promise<unknown>
    const watched = (...parameters: readonly unknown[]) => {
      const answer = query(...parameters)
      if (parameters[0] === statement) span.begun()
      if (parameters[0] === 'COMMIT') void answer.then(() => span.ended())
      return answer
    }
    client.query = watched as never
  })
  return pool
}

async function bare(pool: pg.Pool, { streams, streamArn }: StreamService): Promise<void> {
  const client = await pool.connect()
  for await (const records of pagesReadAhead(streams, streamArn))
    for (let at = 0; at < records.length; at += 100) {
      await client.query('BEGIN')
      for (const { dynamodb } of records.slice(at, at + 100)) {
        const image = unmarshall(dynamodb?.NewImage ?? {})
        await client.query(statement, [image['pk'], Number(image['total'])])
      }
      await client.query('COMMIT')
    }
  client.release()
}

async function worker(pool: pg.Pool, { dynamodb, streams }: StreamService): Promise<void> {
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
    ...{ tableName: 'orders', dynamodb, streams, coordinationTableName: 'tidemark' },
    ...{ maxReadsPerSecond: Infinity, logger: silentLogger },
  })
  await run.start()
  await all
  await run.stop() // what has been handled is committed by then
}

function rate({ wallMs }: Timing): string {
  return shown(Math.round(recordCount / (wallMs / 1_000)))
}

function cpuEach({ cpuMs }: Timing): string {
  return `${((cpuMs * 1_000) / recordCount).toFixed(1)} µs`
}

async function compare(service: StreamService): Promise<void> {
  const server = await startPostgres()
  try {
    for (const { sql } of postgresMigrations()) await admin(server.config, sql)
    await admin(server.config, 'CREATE TABLE totals (id text PRIMARY KEY, total bigint NOT NULL)')
    await createTidemarkTable({ client: service.dynamodb, tableName: 'tidemark' })
    const spans = { bare: [] as Timing[], worker: [] as Timing[] }
    const rounds = await takeTurns(['bare', 'worker'] as const, { rounds: 5, seconds: 60 }, async (name) => {
      await admin(server.config, 'TRUNCATE totals')
      const span = new Span()
      const pool = observedPool(server.config, span)
      await { bare, worker }[name](pool, service)
      spans[name].push(span.timing)
      await pool.end()
      const [row] = await admin(server.config, 'SELECT count(*)::int AS count FROM totals')
      if (row?.['count'] !== recordCount) throw new Error(`${name} left ${String(row?.['count'])} rows`)
    })
    const [plain, ours] = [medians(spans.bare), medians(spans.worker)]
    printTable(
      `${shown(recordCount)} records of one shard, a statement each in PostgreSQL, records a second`,
      ['', 'bare transactions', 'worker', 'ratio', 'CPU each, bare', 'worker'],
      [
        [
          'effects that commit once',
          ...[rate(plain), rate(ours), `${(plain.wallMs / ours.wallMs).toFixed(2)} x`],
          ...[cpuEach(plain), cpuEach(ours)],
        ],
      ],
      [
        `From the first statement to the last COMMIT, medians of ${rounds} rounds in turns. Bare: the same reading, a page`,
        'ahead, unmarshall, transactions of 100 on one connection, and nothing that remembers them.',
      ],
    )
  } finally {
    await server.stop()
  }
}

if (process.argv[2] === 'serve') await serveStream(filledWithOrders(1, recordCount, order))
else {
  const service = await startStreamService()
  try {
    await compare(service)
  } finally {
    await service.end()
  }
}
