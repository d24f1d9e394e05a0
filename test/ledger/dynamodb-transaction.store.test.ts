import { CreateTableCommand, GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { dynamodbTransactionLedger, type DynamoDBSender, type DynamoDBTransaction } from '../../src/dynamodb.ts'
import { ConditionFailedError, createConsumer, silentLogger, type HandlerContext } from '../../src/index.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { systemClock } from '../../src/internal/system.ts'
import { changes, lambdaEvent } from '../support/events.ts'
import { awsError, intercept, lostReply, type Fault } from '../support/intercept.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()
let effectTables = 0

// Retries wait by a clock; this one never lets anybody wait long.
const hasty = { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) }

async function effectTable(client: DynamoDBClient): Promise<string> {
  const TableName = `effects-${(effectTables += 1)}`
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  return TableName
}

interface World {
  readonly ledgerTable: string
  readonly effects: string
}

type Handle = (change: { key: string; sequence: string }, context: HandlerContext<DynamoDBTransaction>) => unknown

async function world(): Promise<World> {
  return { ledgerTable: await tables.create(), effects: await effectTable(tables.client) }
}

function consumerOf({ ledgerTable }: World, handle: Handle, client: DynamoDBSender = tables.client) {
  return createConsumer({
    name: 'c',
    logger: silentLogger,
    retry: { maxAttempts: 3, baseDelayMs: 0 },
    clock: hasty,
    ledger: dynamodbTransactionLedger({ client, tableName: ledgerTable, clock: hasty }),
    handler: ({ keys, sequenceNumber }, context) =>
      handle({ key: String(keys['pk']), sequence: sequenceNumber }, context),
  })
}

async function balance({ effects }: World, id: string): Promise<number> {
  const { Item } = await tables.client.send(
    new GetItemCommand({ TableName: effects, Key: { id: { S: id } }, ConsistentRead: true }),
  )
  return Number(Item?.['balance']?.N ?? 0)
}

function once(name: string, fault: Fault): Fault {
  let left = 1
  return (command, send) => (command.name === name && left-- > 0 ? fault(command, send) : send())
}

/** How a batch of `A:1`-like changes is worked: as in Lambda, or as a page of a worker's shard. */
const hosts = {
  async lambda(consumer: ReturnType<typeof consumerOf>, records: readonly string[]) {
    return (await consumer.process(batchOfEvent(lambdaEvent(...changes(...records))))).settlements
  },
  async worker(consumer: ReturnType<typeof consumerOf>, records: readonly string[], epoch = 1) {
    const flow = consumer.flow(shardHost(epoch))
    const settled: (string | undefined)[] = records.map(() => undefined)
    const batch = batchOfEvent(lambdaEvent(...changes(...records)))
    await flow.admit(
      batch,
      () => false,
      (position, settlement) => (settled[position] = settlement),
    )
    const done = async () => {
      while (settled.includes(undefined)) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const failed = await Promise.race([flow.failed, done(), new Promise((resolve) => setTimeout(resolve, 1_500))])
    await flow.drain(0, 0)
    if (failed !== undefined) expect.fail(String(failed))
    return settled
  },
}

function shardHost(epoch: number, leaseCreatedAt = 0) {
  const condition = {
    TableName: 't',
    Key: { pk: { S: 'p' }, sk: { S: 's' } },
    ConditionExpression: '',
    ExpressionAttributeNames: {},
    ExpressionAttributeValues: {},
  }
  return {
    lease: { shardId: 'shardId-0', epoch, owner: `worker-${epoch}`, condition },
    tableName: 'orders',
    streamLabel: 'label',
    leaseCreatedAt,
    mayWork: () => true,
  }
}

const many = Array.from({ length: 150 }, (_, n) => `item-${n % 60}:${100 + n}`)

describe.each(['lambda', 'worker'] as const)('effects commit once (%s)', (host) => {
  const run = hosts[host]
  const add =
    (effects: string): Handle =>
    ({ key }, { transaction }) =>
      transaction.update(effects, { id: key }, { add: { balance: 1 } })

  test('each change takes effect, and a delivery of all again takes none', async () => {
    const place = await world()
    const consumer = consumerOf(place, add(place.effects))
    expect(await run(consumer, many)).toEqual(many.map(() => 'handled'))
    expect(await run(consumer, many)).toEqual(many.map(() => 'duplicate'))
    for (let item = 0; item < 60; item += 1)
      expect(await balance(place, `item-${item}`)).toBe(many.filter((one) => one.startsWith(`item-${item}:`)).length)
  })

  test('records that touch one item are committed apart', async () => {
    const place = await world()
    const consumer = consumerOf(place, (_change, { transaction }) =>
      transaction.update(place.effects, { id: 'sum' }, { add: { balance: 1 } }),
    )
    const records = ['A:1', 'B:2', 'C:3', 'D:4']
    expect(await run(consumer, records)).toEqual(records.map(() => 'handled'))
    expect(await balance(place, 'sum')).toBe(4)
  })

  test.each([
    ['the reply to the commit is lost', lostReply],
    ['the server fails before it', () => Promise.reject(awsError('InternalServerError'))],
    ['it is throttled', () => Promise.reject(awsError('ThrottlingException'))],
  ] satisfies [string, Fault][])('and once also when %s', async (_name, fault) => {
    const place = await world()
    const client = intercept(tables.client, once('TransactWriteItemsCommand', fault))
    expect(await run(consumerOf(place, add(place.effects), client), ['A:1', 'B:2'])).toEqual(['handled', 'handled'])
    expect(await balance(place, 'A')).toBe(1)
    expect(await balance(place, 'B')).toBe(1)
  })

  test('a condition that does not hold fails its record, with the item, and no other', async () => {
    const place = await world()
    const consumer = consumerOf(place, ({ key }, { transaction, attempt }) => {
      if (key !== 'B') return transaction.put(place.effects, { id: key, balance: 1 })
      transaction.update(
        place.effects,
        { id: 'A' },
        { add: { balance: -5 }, condition: { where: { balance: { atLeast: attempt > 1 ? 0 : 5 } } }, returnItem: true },
      )
    })
    expect(await run(consumer, ['A:1', 'C:3'])).toEqual(['handled', 'handled'])
    expect(await run(consumer, ['B:4', 'D:5'])).toEqual(['handled', 'handled'])
    expect(await balance(place, 'A')).toBe(-4)
    expect(await balance(place, 'D')).toBe(1)
  })

  test('what DynamoDB refuses as invalid is the failure of its record alone', async () => {
    const place = await world()
    const consumer = consumerOf(place, ({ key }, { transaction }) =>
      key === 'B'
        ? transaction.update(place.effects, { wrong: key }, { add: { balance: 1 } })
        : transaction.update(place.effects, { id: key }, { add: { balance: 1 } }),
    )
    expect(await run(consumer, ['A:1', 'B:2', 'C:3'])).toEqual(['handled', undefined, 'handled'])
  })
})

test('the error of a condition has the item, its table and its key', async () => {
  const place = await world()
  const seed = consumerOf(place, (_change, { transaction }) => transaction.put(place.effects, { id: 'A', balance: 3 }))
  await hosts.lambda(seed, ['A:1'])
  const consumer = consumerOf(place, (_change, { transaction }) =>
    transaction.check(place.effects, { id: 'A' }, { where: { balance: { moreThan: 3 } } }, { returnItem: true }),
  )
  const { stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:2'))))
  expect(stopped[0]?.error).toBeInstanceOf(ConditionFailedError)
  expect(stopped[0]).toMatchObject({
    attempts: 3,
    error: { tableName: place.effects, key: { id: 'A' }, item: { id: 'A', balance: 3 } },
  })
})
