import { describe, expect, test } from 'vitest'
import { createConsumer, silentLogger } from '../../../src/index.ts'
import type { LedgerEntry, LedgerShard, ShardLedger } from '../../../src/ledger/ledger.ts'
import { postgresLedger } from '../../../src/postgres.ts'
import { parseSequenceNumber } from '../../../src/record/sequence-number.ts'
import { batchOfEvent } from '../../../src/source/lambda-event.ts'
import { deferred } from '../../support/deferred.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { faultyPool } from '../../support/faulty-pool.ts'
import { addToAccount, usePostgres, type TestDatabase } from './server.ts'
import type pg from 'pg'

const { createDatabase } = usePostgres()

const shard: LedgerShard = {
  ...{ consumer: 'bank', tableName: 'orders', streamLabel: '2026', shardId: 'shard-1' },
  ...{ epoch: 1, leaseCreatedAt: 1, owner: 'worker-1', recurs: false },
}

const condition = {
  ...{ TableName: 'tidemark', Key: { pk: { S: 'p' }, sk: { S: 's' } }, ConditionExpression: '' },
  ...{ ExpressionAttributeNames: {}, ExpressionAttributeValues: {} },
}

const host = {
  ...{ lease: { shardId: 'shard-1', epoch: 1, owner: 'worker-1', condition }, tableName: 'orders' },
  ...{ streamLabel: '2026', leaseCreatedAt: 1, mayWork: () => true },
}

const connectionLost = new Error('Connection terminated unexpectedly')

/** A server that is gone from a statement on, until it is started. */
function mortalServer(database: TestDatabase) {
  const state: { isDown: boolean; goesDownAt?: string } = { isDown: false }
  const pool = faultyPool(database.pool(), async (text, _client, send) => {
    if (state.goesDownAt !== undefined && text.startsWith(state.goesDownAt)) state.isDown = true
    if (state.isDown) throw connectionLost
    return send()
  })
  const start = () => {
    state.isDown = false
    delete state.goesDownAt
  }
  return { pool, state, start }
}

/** A consumer that adds one to an account, in one flow of the shard after the other. */
function bankOn(pool: ReturnType<typeof faultyPool>) {
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 1 } },
    ledger: postgresLedger({ pool }),
    async handler({ keys }, { transaction }) {
      await transaction.query(addToAccount, [keys['pk'], 1])
    },
  })
  return async function begin() {
    const flow = consumer.flow(host)
    const settled = deferred<string>()
    const note = (_position: number, settlement: string) => settled.resolve(settlement)
    await flow.admit(batchOfEvent(lambdaEvent(...changes('A:1'))), () => false, note)
    return { flow, settled: settled.promise }
  }
}

/** Accounts that must be even at each COMMIT; whether they must can be changed. */
async function demandEven(database: TestDatabase) {
  await database.query(
    "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it is odd' USING ERRCODE = '23514'; END $$",
  )
  await database.query(
    'CREATE CONSTRAINT TRIGGER even AFTER INSERT OR UPDATE ON accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW ' +
      'WHEN (NEW.balance % 2 = 1) EXECUTE FUNCTION odd()',
  )
}

describe('a shard is begun again', () => {
  test('when a record that runs alone could not be committed: repeated in place it would fail for ever', async () => {
    const database = await createDatabase()
    const server = mortalServer(database)
    const begin = bankOn(server.pool)
    await demandEven(database)
    const { flow: refused } = await begin()
    expect(String(await refused.failed)).toMatch('it is odd')
    await refused.drain(0, 0)
    server.state.goesDownAt = 'UPDATE tidemark_shards'
    const { flow: cutOff } = await begin()
    expect(await cutOff.failed).toMatchObject({ code: 'ERR_LEDGER', retryable: true })
    await cutOff.drain(0, 0)
    server.start()
    await database.query('DROP TRIGGER even ON accounts')
    const { flow, settled } = await begin()
    expect(await settled).toBe('handled')
    await flow.drain(0, 0)
    expect(await database.balances()).toBe('A=1')
  })

  test('when its row is gone, although nothing waits for a commit', async () => {
    const database = await createDatabase()
    const isDeleted = deferred()
    const pool = faultyPool(database.pool(), async (text, _client, send) => {
      if (text.startsWith('SELECT session')) await isDeleted.promise
      return send()
    })
    const begin = bankOn(pool)
    const { flow: earlier } = await begin()
    await database.query('DELETE FROM tidemark_shards')
    isDeleted.resolve()
    expect(String(await earlier.failed)).toMatch('taken by another pass, or deleted')
    await earlier.drain(0, 0)
    const { flow, settled } = await begin()
    expect(await settled).toBe('handled')
    await flow.drain(0, 0)
    expect(await database.balances()).toBe('A=1')
  })
})

test('a flush comes to its end when what it was to commit is lost under an attempt that failed', async () => {
  const database = await createDatabase()
  const { pool, state } = mortalServer(database)
  const mine = postgresLedger({ pool }).openShard?.(shard) as ShardLedger<pg.PoolClient>
  const [first, second] = [entry(1), entry(2)]
  const session = await mine.open({ consumer: 'bank', entries: [first, second] })
  await session.attempt?.({ entry: first, token: '' }, (client) => client.query(addToAccount, ['A', 1]))
  const completion = expect(session.complete({ entry: first, token: '' })).rejects.toMatchObject({ code: 'ERR_LEDGER' })
  let flushed: Promise<void> | undefined
  const failing = session.attempt?.({ entry: second, token: '' }, () => {
    flushed = session.flush()
    state.isDown = true
    throw new Error('it fails')
  })
  await expect(failing).rejects.toThrow()
  await completion
  await expect(flushed).resolves.toBeUndefined()
  await expect(mine.failed).resolves.toMatchObject({ code: 'ERR_LEDGER' })
})

function entry(sequence: number): LedgerEntry {
  return {
    ...{ idempotencyKey: `key-${sequence}`, laneKey: `lane-${sequence}`, eventId: `event-${sequence}` },
    ...{ streamArn: 'stream', sequenceNumber: parseSequenceNumber(String(sequence), 'entry') },
  }
}
