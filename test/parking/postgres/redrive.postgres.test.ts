import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { dynamodbParkingLot, type DynamoDBSender } from '../../../src/dynamodb.ts'
import { createConsumer, silentLogger, type Consumer, type ParkingLot } from '../../../src/index.ts'
import { systemClock } from '../../../src/internal/system.ts'
import { postgresLedger, postgresParkingLot } from '../../../src/postgres.ts'
import { batchOfEvent } from '../../../src/source/lambda-event.ts'
import { createEmbeddedDynamoDB } from '../../../src/testing.ts'
import { createTidemarkTable, createWorker } from '../../../src/worker.ts'
import { addToAccount, usePostgres } from '../../ledger/postgres/server.ts'
import { createTable } from '../../support/bank.ts'
import { changes, lambdaEvent } from '../../support/events.ts'
import { faultyPool, type StatementFault } from '../../support/faulty-pool.ts'

const { createDatabase } = usePostgres()

const effect = addToAccount

// At one statement of so many a connection is lost; with CRASH_EVERY=1 at all of them.
const every = Number(process.env['CRASH_EVERY'] ?? 3)

/** A consumer that counts each item's records in PostgreSQL and is sick of one until it is cured. */
async function world() {
  const database = await createDatabase()
  const state: { isSick: boolean; fault: StatementFault } = { isSick: true, fault: (_text, _client, send) => send() }
  const pool = faultyPool(database.pool({ max: 3 }), (text, client, send) => state.fault(text, client, send))
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 1 }, onFailure: 'park' },
    ledger: postgresLedger({ pool }),
    async handler({ keys, sequenceNumber }, { transaction }) {
      if (sequenceNumber === '1' && state.isSick) throw new Error('sick')
      await transaction.query(effect, [keys['pk'], 1])
    },
  })
  const deliver = async (...texts: string[]) =>
    (await consumer.process(batchOfEvent(lambdaEvent(...changes(...texts))))).settlements
  return { database, state, consumer, deliver }
}

const lane = { consumer: 'bank', tableName: 'orders', laneKey: 'S2:pk1:A' }

const later = { ...systemClock, now: () => systemClock.now() + 120_000 }

describe('a redriven record', () => {
  test('leaves the lot in the transaction that has its effect', async () => {
    const { database, consumer, state, deliver } = await world()
    expect(await deliver('A:1', 'A:2', 'B:3')).toEqual(['parked', 'parked', 'handled'])
    state.isSick = false
    const sent: string[] = []
    state.fault = (text, client, send) => {
      const { processID } = client as unknown as { processID: number }
      sent.push(`${processID} ${text.includes('DELETE FROM tidemark_parked_records') ? 'TAKEN' : text}`)
      return send()
    }
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 2, lanes: [{ outcome: 'open' }] })
    const connection = sent.find((one) => one.endsWith(effect))?.split(' ')[0] ?? ''
    const there = sent.filter((one) => one.startsWith(`${connection} `)).map((one) => one.slice(connection.length + 1))
    const first = there.slice(there.indexOf(effect))
    expect(first.indexOf('TAKEN')).toBeGreaterThan(0)
    expect(first.indexOf('TAKEN')).toBeLessThan(first.indexOf('COMMIT'))
    expect(await database.balances()).toBe('A=2 B=1')
    expect(await deliver('A:1', 'A:2', 'A:4')).toEqual(['duplicate', 'duplicate', 'handled'])
  })

  test('takes no effect for who has lost its lane, and stays for who has it', async () => {
    const { database, consumer, state, deliver } = await world()
    await deliver('A:1')
    state.isSick = false
    const thief = postgresParkingLot({ pool: database.pool(), clock: later })
    state.fault = async (text, _client, send) => {
      // In the middle of its transaction another takes the lane: the redriver has stood still for too long.
      if (text === effect) expect(await thief.hold(lane, 'thief', later.now() + 60_000)).toBe('held')
      return send()
    }
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 0, lanes: [{ outcome: 'lost' }] })
    expect(await database.balances()).toBe('')
    expect((await consumer.parked.lanes())[0]?.recordCount).toBe(1)
  })

  test('takes no effect either for who comes too late with one that was dropped meanwhile', async () => {
    const { database, consumer, state, deliver } = await world()
    await deliver('A:1')
    state.isSick = false
    const thief = postgresParkingLot({ pool: database.pool(), clock: later })
    state.fault = async (text, _client, send) => {
      if (text === effect) await dropFirst(thief)
      return send()
    }
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 0 })
    expect(await database.balances()).toBe('')
    expect(await consumer.parked.past(lane)).toMatchObject([{ outcome: 'dropped' }])
  })

  test('whose COMMIT is not answered counts once, and is out of the lot', async () => {
    const { database, consumer, state, deliver } = await world()
    await deliver('A:1')
    state.isSick = false
    let isInEffect = false
    state.fault = async (text, _client, send) => {
      isInEffect ||= text === effect
      const answer = await send()
      if (text !== 'COMMIT' || !isInEffect) return answer
      isInEffect = false
      throw new Error('Connection terminated unexpectedly')
    }
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 1, lanes: [{ outcome: 'open' }] })
    expect(await database.balances()).toBe('A=1')
  })
})

test(
  'whichever statement of a redrive the connection is lost at, before the server did it or after, each record counts once',
  { timeout: 60_000 },
  async () => {
    const database = await createDatabase()
    const [pool, administrator] = [database.pool({ max: 3 }), database.pool()]
    for (const when of ['before', 'after'] as const) {
      for (let lost = when === 'before' ? 1 : 2, isOver = false; !isOver; lost += every) {
        const name = `${when}-${lost}`
        const state = { isSick: true, isRedriving: false, sent: 0 }
        const faulty = faultyPool(pool, async (text, client, send) => {
          if (!state.isRedriving || text === 'ROLLBACK' || ++state.sent !== lost) return send()
          const { processID } = client as unknown as { processID: number }
          if (when === 'after') await send()
          await administrator.query('SELECT pg_terminate_backend($1)', [processID])
          if (when === 'after') throw new Error('Connection terminated unexpectedly')
          return send()
        })
        const consumer = createConsumer({
          ...{ name, logger: silentLogger, retry: { maxAttempts: 1 }, onFailure: 'park' },
          ledger: postgresLedger({ pool: faulty }),
          async handler(_record, { transaction }) {
            if (state.isSick) throw new Error('sick')
            await transaction.query(effect, [name, 1])
          },
        })
        await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'A:2'))))
        state.isSick = false
        state.isRedriving = true
        // It may say that the ledger could not be read; what it had taken it has let go.
        await consumer.redrive().catch(() => {})
        state.isRedriving = false
        await consumer.redrive()
        expect(await consumer.parked.lanes(), name).toEqual([])
        const { rows } = await administrator.query('SELECT balance::int AS balance FROM accounts WHERE id = $1', [name])
        expect(rows, name).toEqual([{ balance: 2 }])
        isOver = state.sent < lost
      }
    }
  },
)

async function dropFirst(lot: ParkingLot): Promise<void> {
  const held = { lane, token: 'thief' }
  const [record] = await lot.records(lane, { limit: 1 })
  if (record === undefined) return
  await lot.hold(lane, 'thief', later.now() + 60_000)
  await lot.settle(held, record.position, { outcome: 'dropped', at: later.now(), by: 'thief', reason: 'a test' })
  await lot.letGo(held)
}

/** A table with its stream, and workers that count its changes in PostgreSQL and are sick of some. */
async function shardWorld(lotOf: (pool: pg.Pool, client: DynamoDBSender) => ParkingLot | undefined) {
  const database = await createDatabase()
  const client = createEmbeddedDynamoDB({ streams: { initialShardCount: 1 } }) as unknown as DynamoDBSender
  await createTable(client, 'orders', true)
  await createTidemarkTable({ client, tableName: 'lot' })
  const state = { isSick: true }
  const pool = database.pool({ max: 4 })
  const lot = lotOf(pool, client)
  const consumer = createConsumer({
    ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 1 }, onFailure: 'park' },
    ledger: postgresLedger({ pool }),
    ...(lot === undefined ? {} : { parking: { lot } }),
    async handler({ keys, newImage }, { transaction }) {
      await transaction.query(effect, [keys['id'], 1])
      if (newImage?.['bad'] === true && state.isSick) throw new Error('sick')
    },
  })
  const put = (id: string, round: number, bad: boolean) =>
    client.send(
      new PutItemCommand({
        TableName: 'orders',
        Item: { id: { S: id }, round: { N: `${round}` }, bad: { BOOL: bad } },
      }),
    )
  const work = async (coordinationTableName: string, expected: string) => {
    await createTidemarkTable({ client, tableName: coordinationTableName })
    const worker = createWorker(consumer, {
      ...{ tableName: 'orders', dynamodb: client, streams: client as never, coordinationTableName },
      ...{ logger: silentLogger, idlePollMs: 20, maxReadsPerSecond: 100, leaseDurationMs: 1_000 },
    })
    await worker.start()
    await until(async () => (await database.balances()) === expected)
    return worker
  }
  return { database, state, consumer, put, work }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function parkedCount(consumer: Consumer): Promise<number> {
  return (await consumer.parked.lanes()).reduce((sum, { recordCount }) => sum + recordCount, 0)
}

describe.each([
  ['the ledger’s own lot', () => undefined],
  ['a lot in DynamoDB', (_pool: pg.Pool, client: DynamoDBSender) => dynamodbParkingLot({ client, tableName: 'lot' })],
])('in a worker with %s', (_name, lotOf) => {
  test('a record that the mark of its shard has passed counts once, whoever reads the shard again', async () => {
    const { database, state, consumer, put, work } = await shardWorld((pool, client) => lotOf(pool, client))
    await put('A', 1, true)
    await put('B', 1, false)
    await put('A', 2, false)
    await put('B', 2, false)
    const worker = await work('tidemark', 'B=2')
    await until(async () => (await parkedCount(consumer)) === 2)
    state.isSick = false
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 2, lanes: [{ outcome: 'open' }] })
    expect(await database.balances()).toBe('A=2 B=2')
    await put('A', 3, false)
    await until(async () => (await database.balances()) === 'A=3 B=2')
    await worker.stop()
    // Workers that know nothing of its checkpoints: all of the shard comes again.
    await put('C', 1, false)
    const other = await work('elsewhere', 'A=3 B=2 C=1')
    await other.stop()
    expect(await database.balances()).toBe('A=3 B=2 C=1')
    expect(await parkedCount(consumer)).toBe(0)
  })
})

test('while nothing fails parking costs one read a batch in Lambda', async () => {
  const statementsOf = async (onFailure: 'park' | 'stop') => {
    const database = await createDatabase()
    const sent: string[] = []
    const pool = faultyPool(database.pool(), (text, _client, send) => {
      sent.push(text)
      return send()
    })
    const consumer = createConsumer({
      ...{ name: 'bank', logger: silentLogger, onFailure, ledger: postgresLedger({ pool }) },
      async handler({ keys }, { transaction }) {
        await transaction.query(effect, [keys['pk'], 1])
      },
    })
    const texts = Array.from({ length: 200 }, (_, n) => `K${n % 50}:${n + 1}`)
    const { stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes(...texts))))
    expect(stopped).toEqual([])
    return sent.filter((text) => !/^(BEGIN|COMMIT)$/.test(text) && text !== effect)
  }
  const [parking, stopping] = [await statementsOf('park'), await statementsOf('stop')]
  // By what they say: in how many transactions the records commit depends on how fast they come, and old marks are
  // forgotten now and then.
  const more = parking.filter((text) => !stopping.includes(text) && !text.startsWith('DELETE FROM tidemark_marks'))
  expect(more).toEqual([expect.stringMatching(/^SELECT .*parked/)])
})
