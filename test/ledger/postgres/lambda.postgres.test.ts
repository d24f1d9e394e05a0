import { describe, expect, test } from 'vitest'
import { createConsumer, silentLogger, type Ledger } from '../../../src/index.ts'
import { postgresLedger } from '../../../src/postgres.ts'
import { batchOfEvent } from '../../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { addToAccount, usePostgres } from './server.ts'
import type pg from 'pg'

const { createDatabase } = usePostgres()

const base = { name: 'bank', logger: silentLogger, retry: { maxAttempts: 3, baseDelayMs: 0 } }

describe('in Lambda', () => {
  test('a change takes effect once, however often it is delivered', async () => {
    const database = await createDatabase()
    const consumer = createConsumer({
      ...base,
      ledger: postgresLedger({ pool: database.pool() }),
      async handler({ keys }, { transaction }) {
        await transaction.query(addToAccount, [keys['pk'], 1])
      },
    })
    const batch = batchOfEvent(lambdaEvent(...changes('A:1', 'B:2', 'A:3')))

    expect((await consumer.process(batch)).settlements).toEqual(['handled', 'handled', 'handled'])
    expect((await consumer.process(batch)).settlements).toEqual(['duplicate', 'duplicate', 'duplicate'])
    expect(await database.balances()).toBe('A=2 B=1')
  })

  test('a record that fails does not undo the others, and leaves nothing itself', async () => {
    const database = await createDatabase()
    const consumer = createConsumer({
      ...base,
      ledger: postgresLedger({ pool: database.pool() }),
      async handler({ keys, sequenceNumber }, { transaction }) {
        await transaction.query(addToAccount, [keys['pk'], 1])
        if (sequenceNumber === '3') throw new Error('no')
      },
    })
    const batch = batchOfEvent(lambdaEvent(...changes('A:1', 'B:2', 'C:3', 'D:4', 'C:5', 'A:6')))
    const { settlements, stopped } = await consumer.process(batch)
    expect(settlements).toEqual(['handled', 'handled', undefined, 'handled', undefined, 'handled'])
    expect(stopped).toMatchObject([{ position: 2, reason: 'poison', attempts: 3 }])
    expect(await database.balances()).toBe('A=2 B=1 D=1')
  })

  test('behind a record whose COMMIT is refused nothing of its item takes effect, though it had been begun', async () => {
    const database = await createDatabase()
    await database.query('CREATE TABLE refusals (id text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED)')
    const consumer = createConsumer({
      ...base,
      ledger: postgresLedger({ pool: database.pool(), maxRecordsPerTransaction: 1 }),
      async handler({ keys, sequenceNumber }, { transaction }) {
        await transaction.query(addToAccount, [keys['pk'], 1])
        if (sequenceNumber === '2') await transaction.query("INSERT INTO refusals VALUES ('nobody')")
      },
    })
    const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'A:2', 'A:3'))))
    expect(settlements).toEqual(['handled', undefined, undefined])
    expect(await database.balances()).toBe('A=1')
  })

  test('a change that comes twice is no duplicate of one whose COMMIT is refused', async () => {
    const database = await createDatabase()
    await database.query('CREATE TABLE refusals (id text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED)')
    const consumer = createConsumer({
      ...base,
      identity: 'message',
      ledger: postgresLedger({ pool: database.pool() }),
      async handler(_record, { transaction }) {
        await transaction.query("INSERT INTO refusals VALUES ('nobody')")
      },
    })
    const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'A:2'))))
    expect(settlements).toEqual([undefined, undefined])
  })

  test('of two invocations at once with the same records each record is one’s', async () => {
    const database = await createDatabase()
    const consumerOf = (ledger: Ledger<pg.PoolClient>) =>
      createConsumer({
        ...base,
        ledger,
        async handler({ keys }, { transaction }) {
          await transaction.query(addToAccount, [keys['pk'], 1])
        },
      })
    const batch = batchOfEvent(lambdaEvent(...changes(...Array.from({ length: 150 }, (_, n) => `K${n % 7}:${n + 1}`))))
    const ends = await Promise.all(
      [1, 2, 3].map(() => consumerOf(postgresLedger({ pool: database.pool() })).process(batch)),
    )
    for (const { frontier } of ends) expect(frontier).toBe(150)
    const [sum] = await database.query('SELECT sum(balance)::text AS sum FROM accounts')
    expect(sum).toEqual({ sum: '150' })
    const handled = ends.flatMap(({ settlements }) => settlements.filter((one) => one === 'handled'))
    expect(handled).toHaveLength(150)
  })
})
