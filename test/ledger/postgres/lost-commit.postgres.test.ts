import { expect, describe, test } from 'vitest'
import type pg from 'pg'
import { HalfOpenProxy } from '../../../scripts/fleet/half-open-proxy.ts'
import { createConsumer, silentLogger } from '../../../src/index.ts'
import { pgDriver } from '../../../src/ledger/postgres/pg.ts'
import { SqlStore } from '../../../src/ledger/postgres/sql-store.ts'
import { postgresLedger } from '../../../src/postgres.ts'
import { batchOfEvent } from '../../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { faultyPool } from '../../support/faulty-pool.ts'
import { addToAccount, usePostgres, type TestDatabase } from './server.ts'

const { createDatabase, server } = usePostgres()

const batch = batchOfEvent(lambdaEvent(...changes('A:1', 'B:2', 'A:3')))

function consumerOf(database: TestDatabase, pool: pg.Pool | ReturnType<typeof faultyPool>, ran: string[] = []) {
  return createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 1 } },
    ledger: postgresLedger({ pool }),
    async handler({ keys, sequenceNumber }, { transaction }) {
      ran.push(sequenceNumber)
      await transaction.query(addToAccount, [keys['pk'], 1])
    },
  })
}

describe('a COMMIT whose answer is lost', () => {
  test('is over, if the server has forgotten its transaction in a crash', async () => {
    const database = await createDatabase()
    const store = new SqlStore({ driver: pgDriver(database.pool()), schema: undefined, isolation: undefined })
    await expect(store.settle({ xid: '4000000000', pid: '1' })).resolves.toBeUndefined()
  })

  test('was applied: its marks say so, and nothing is run again', async () => {
    const database = await createDatabase()
    let lose = true
    const ran: string[] = []
    const pool = faultyPool(database.pool(), async (text, _client, send) => {
      const answer = await send()
      if (text === 'COMMIT' && ran.length > 0 && lose) {
        lose = false
        throw new Error('Connection terminated unexpectedly')
      }
      return answer
    })
    const { settlements } = await consumerOf(database, pool, ran).process(batch)
    expect(settlements).toEqual(['handled', 'handled', 'handled'])
    expect(ran).toEqual(['1', '2', '3'])
    expect(await database.balances()).toBe('A=2 B=1')
  })

  test('never arrived, and its connection hangs with its locks: it is ended, and all is run again', async () => {
    const database = await createDatabase()
    let lose = true
    const ran: string[] = []
    const pool = faultyPool(database.pool({ max: 2 }), async (text, _client, send) => {
      if (text === 'COMMIT' && ran.length > 0 && lose) {
        lose = false
        throw new Error('Connection terminated unexpectedly')
      }
      if (text === 'ROLLBACK') throw new Error('Connection terminated unexpectedly')
      return send()
    })
    const { settlements } = await consumerOf(database, pool, ran).process(batch)
    expect(settlements).toEqual(['handled', 'handled', 'handled'])
    expect(ran).toEqual(['1', '2', '3', '1', '2', '3'])
    expect(await database.balances()).toBe('A=2 B=1')
  })
})

test(
  'whichever statement the server ends the connection at, each change counts once',
  { timeout: 60_000 },
  async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1, isOver = false; !isOver; at += 1) {
        const database = await createDatabase()
        let sent = 0
        const pool = faultyPool(database.pool({ max: 2 }), async (_text, client, send) => {
          sent += 1
          if (sent !== at) return send()
          const { processID } = client as unknown as { processID: number }
          if (when === 'after') await send()
          await database.query(`SELECT pg_terminate_backend(${processID})`)
          if (when === 'after') throw new Error('Connection terminated unexpectedly')
          return send()
        })
        await consumerOf(database, pool)
          .process(batch)
          .catch(() => {})
        isOver = sent < at
        const { settlements } = await consumerOf(database, database.pool()).process(batch)
        expect(settlements, `${when} ${at}`).not.toContain(undefined)
        expect(await database.balances(), `${when} ${at}`).toBe('A=2 B=1')
      }
    }
  },
)

test('when the network is cut in both directions the batch fails, and the next delivery finds what is true', async () => {
  const proxy = await HalfOpenProxy.start(server().config.port)
  try {
    for (const direction of ['toServer', 'toClient'] as const) {
      const database = await createDatabase()
      const pool = database.pool({ port: proxy.port, max: 2, connectionTimeoutMillis: 200 })
      const consumer = createConsumer({
        ...{ name: 'bank', logger: silentLogger },
        ledger: postgresLedger({ pool }),
        async handler({ keys, sequenceNumber }, { transaction }) {
          if (sequenceNumber === '3') proxy.blackHole(direction)
          await transaction.query(addToAccount, [keys['pk'], 1])
        },
      })
      const limits = { startWithinMs: 300, handleWithinMs: 400, answerWithinMs: 500, goneWithinMs: 1_000 }
      await consumer.process(batch, limits).catch(() => {})
      proxy.heal('reset')
      const { settlements } = await consumerOf(database, database.pool()).process(batch)
      expect(settlements).not.toContain(undefined)
      expect(await database.balances()).toBe('A=2 B=1')
    }
  } finally {
    await proxy.close()
  }
})

test('a server that is killed in the middle loses nothing and doubles nothing', async () => {
  const database = await createDatabase()
  const pool = database.pool()
  let handled = 0
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 1 } },
    ledger: postgresLedger({ pool }),
    async handler({ keys }, { transaction }) {
      await transaction.query(addToAccount, [keys['pk'], 1])
      handled += 1
      if (handled === 2) await server().kill()
    },
  })
  await consumer.process(batch).catch(() => {})
  await server().start()
  const { settlements } = await consumer.process(batch)
  expect(settlements).toEqual(['handled', 'handled', 'handled'])
  expect(await database.balances()).toBe('A=2 B=1')
})

test('without its tables the ledger says what to run', async () => {
  const database = await createDatabase()
  await database.query('DROP TABLE tidemark_marks')
  await expect(consumerOf(database, database.pool()).process(batch)).rejects.toMatchObject({
    code: 'ERR_LEDGER',
    retryable: false,
    message: expect.stringContaining('tidemark init postgres') as unknown,
  })
})
