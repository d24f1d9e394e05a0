import { unmarshall } from '@aws-sdk/util-dynamodb'
import pg from 'pg'
import { createConsumer, silentLogger } from 'tidemark'
import { postgresLedger, postgresMigrations } from 'tidemark/postgres'
import { createTidemarkTable } from 'tidemark/worker'
import { admin, startPostgres } from '../test/support/postgres-server.ts'
import { compareEffects, effectsHeader, effectsNotes, recordCount, serveOrCompare, workAll } from './support/effects.ts'
import type { Span } from './support/span.ts'
import { pagesReadAhead, type StreamService } from './support/stream-service.ts'
import { printTable, shown } from './support/table.ts'

// Effects in PostgreSQL: a statement for each record, one after the other on one connection, as handlers that await them
// send them. The server is one on this machine, without fsync.

const statement =
  'INSERT INTO totals AS t VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = t.total + excluded.total'

/** A pool of one connection that tells the span from the first statement of an effect to the last COMMIT. */
function observedPool(config: pg.PoolConfig, span: Span): pg.Pool {
  const pool = new pg.Pool({ ...config, max: 1 })
  pool.on('error', () => {}) // of a connection that is being closed while its server is
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

function worker(pool: pg.Pool, service: StreamService): Promise<void> {
  return workAll(service, (name, handled) =>
    createConsumer({
      name,
      logger: silentLogger,
      ledger: postgresLedger({ pool }),
      async handler({ newImage }, { transaction }) {
        await transaction.query(statement, [newImage?.['pk'], Number(newImage?.['total'])])
        handled()
      },
    }),
  )
}

await serveOrCompare(async (service) => {
  const server = await startPostgres()
  try {
    for (const { sql } of postgresMigrations()) await admin(server.config, sql)
    await admin(server.config, 'CREATE TABLE totals (id text PRIMARY KEY, total bigint NOT NULL)')
    await createTidemarkTable({ client: service.dynamodb, tableName: 'tidemark' })
    const row = await compareEffects('effects that commit once', async (name, span) => {
      await admin(server.config, 'TRUNCATE totals')
      const pool = observedPool(server.config, span)
      await { bare, worker }[name](pool, service)
      await pool.end()
      const [counted] = await admin(server.config, 'SELECT count(*)::int AS count FROM totals')
      if (counted?.['count'] !== recordCount) throw new Error(`${name} left ${String(counted?.['count'])} rows`)
    })
    const title = `${shown(recordCount)} records of one shard, a statement each in PostgreSQL, records a second`
    printTable(title, effectsHeader, [row], effectsNotes)
  } finally {
    await server.stop()
  }
})
