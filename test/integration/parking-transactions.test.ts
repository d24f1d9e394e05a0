import { CreateTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import {
  createTidemarkTable,
  dynamodbParkingLot,
  dynamodbTransactionLedger,
  type DynamoDBSender,
} from '../../src/dynamodb.ts'
import { createConsumer, ParkedRecords, silentLogger } from '../../src/index.ts'
import { systemClock } from '../../src/internal/system.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { changes, lambdaEvent } from '../support/events.ts'
import { intercept } from '../support/intercept.ts'

/** A consumer that counts each item's records in a table, one transaction a record. */
async function world() {
  const engine = createEmbeddedDynamoDB()
  const client = engine as unknown as DynamoDBSender
  await createTidemarkTable({ client, tableName: 'tidemark' })
  const counts = new CreateTableCommand({
    TableName: 'counts',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  })
  await client.send(counts)
  const state = {
    isSick: true,
    meanwhile: async () => {},
    fault: async (_names: string, send: () => Promise<unknown>) => send(),
  }
  const faulty = intercept(client, ({ input }, send) => state.fault(JSON.stringify(input), send))
  const consumer = createConsumer({
    ...{ name: 'c', logger: silentLogger, retry: { maxAttempts: 1 }, onFailure: 'park' },
    ledger: dynamodbTransactionLedger({ client: faulty, tableName: 'tidemark' }),
    async handler({ keys, sequenceNumber }, { transaction }) {
      if (sequenceNumber === '1' && state.isSick) throw new Error('sick')
      await state.meanwhile()
      transaction.update('counts', { id: String(keys['pk']) }, { add: { count: 1 }, set: { last: sequenceNumber } })
    },
  })
  const deliver = async (...texts: string[]) =>
    (await consumer.process(batchOfEvent(lambdaEvent(...changes(...texts))))).settlements
  const rows = async (TableName: string) => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName }))
    return Items
  }
  return { consumer, state, deliver, rows, client }
}

test('a redriven record leaves the lot in the transaction that has its effect', async () => {
  const { consumer, state, deliver, rows } = await world()
  expect(await deliver('A:1', 'A:2', 'B:3')).toEqual(['parked', 'parked', 'handled'])
  state.isSick = false
  const commits: string[] = []
  state.fault = (input, send) => {
    if (input.includes('"counts"')) commits.push(input)
    return send()
  }
  expect(await consumer.redrive()).toMatchObject({ redrivenCount: 2, lanes: [{ outcome: 'open' }] })
  expect(commits).toHaveLength(2)
  for (const commit of commits) expect(commit).toMatch(/"Delete".*record#.*past#/)
  const [a] = (await rows('counts')).filter(({ id }) => id?.S === 'A')
  expect([a?.['count']?.N, a?.['last']?.S]).toEqual(['2', '2'])
  expect(await deliver('A:1', 'A:2', 'A:4')).toEqual(['duplicate', 'duplicate', 'handled'])
})

test('who has lost the lane commits no effect, and leaves the record to who has it', async () => {
  const { consumer, state, deliver, rows, client } = await world()
  await deliver('A:1')
  state.isSick = false
  const lane = { consumer: 'c', tableName: 'orders', laneKey: 'S2:pk1:A' }
  const later = { ...systemClock, now: () => systemClock.now() + 120_000 }
  const thief = dynamodbParkingLot({ client, tableName: 'tidemark', clock: later })
  state.fault = async (input, send) => {
    // Right before the commit arrives, another takes the lane: the redriver has stood still for too long.
    if (input.includes('"counts"')) expect(await thief.hold(lane, 'thief', later.now() + 60_000)).toBe('held')
    return send()
  }
  expect(await consumer.redrive()).toMatchObject({ redrivenCount: 0, lanes: [{ outcome: 'lost' }] })
  expect(await rows('counts')).toEqual([])
  expect((await consumer.parked.lanes())[0]?.recordCount).toBe(1)
})

test('who comes too late with a record that was dropped meanwhile commits no effect', async () => {
  const { consumer, state, deliver, rows, client } = await world()
  await deliver('A:1')
  state.isSick = false
  const later = { ...systemClock, now: () => systemClock.now() + 120_000 }
  const lot = dynamodbParkingLot({ client, tableName: 'tidemark', clock: later })
  const thief = new ParkedRecords({ consumer: 'c', lot, clock: later })
  state.meanwhile = async () => {
    const [lane] = await thief.lanes()
    expect(await thief.drop(lane?.laneId ?? '', 'event-1', { reason: 'a test' })).toBe('done')
  }
  expect(await consumer.redrive()).toMatchObject({ redrivenCount: 0 })
  expect(await rows('counts')).toEqual([])
})
