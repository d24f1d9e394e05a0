import { expect, test } from 'vitest'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { postgresLedger } from '../../src/postgres.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { usePostgres } from '../ledger/postgres/server.ts'
import { changes, lambdaEvent } from '../support/events.ts'

const { createDatabase } = usePostgres()

test('a record whose COMMIT is refused after an attempt that was noted is not taken for one that ends the process', async () => {
  const database = await createDatabase()
  await database.query('CREATE TABLE effects (place text UNIQUE DEFERRABLE INITIALLY DEFERRED)')
  await database.query("INSERT INTO effects VALUES ('taken')")
  let runCount = 0
  const consumer = createConsumer({
    ...{ name: 'c', logger: silentLogger, retry: { maxAttempts: 2, baseDelayMs: 1 }, onFailure: 'park' },
    ledger: postgresLedger({ pool: database.pool({ max: 4 }) }),
    async handler(_record, { transaction }) {
      runCount += 1
      if (runCount === 1) throw new Error('transient')
      await transaction.query("INSERT INTO effects VALUES ('taken')")
    },
  })
  const deliver = async () => (await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))).settlements
  expect(await deliver()).toEqual([undefined])
  await database.query('DELETE FROM effects')
  expect(await deliver()).toEqual(['handled'])
})
