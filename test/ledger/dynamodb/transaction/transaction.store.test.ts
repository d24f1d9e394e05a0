import { GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { dynamodbTransactionLedger } from '../../../../src/dynamodb.ts'
import { ConditionFailedError, TransactionError } from '../../../../src/index.ts'
import { batchOfEvent } from '../../../../src/source/lambda-event.ts'
import { meter } from '../../../../src/testing/capacity-meter.ts'
import { ledgerConformance } from '../../../../src/testing/ledger-conformance.ts'
import { transactionConformance } from '../../../../src/testing/transaction-conformance.ts'
import { changes, lambdaEvent } from '../../../support/events.ts'
import { awsError, intercept, lostReply, type Fault } from '../../../support/intercept.ts'
import { localTables } from '../../../support/local-table.ts'
import {
  expectedLogs,
  lambdaBatch,
  TransactionWorld,
  workerPage,
  type Handle,
} from '../../../support/transaction-world.ts'

const tables = localTables()

const hosts = {
  lambda: lambdaBatch,
  worker: async (...[consumer, records]: Parameters<typeof lambdaBatch>) =>
    (await workerPage(consumer, records, 1, 1_500)).settled,
}

async function stoppedAt(world: TransactionWorld, handle: Handle) {
  const { stopped } = await world.consumer(handle).process(batchOfEvent(lambdaEvent(...changes('A:1'))))
  return stopped[0]
}

function once(name: string, fault: Fault): Fault {
  let left = 1
  return (command, send) => (command.name === name && left-- > 0 ? fault(command, send) : send())
}

describe('conformance', () => {
  const cases = ledgerConformance({
    createLedger: async ({ clock, windowDays }) =>
      dynamodbTransactionLedger({ client: tables.client, tableName: await tables.create(), clock, windowDays }),
    modes: ['retry'],
  })
  for (const { name, run } of cases) test(name, run)
})

describe('conformance of transactions', () => {
  let world: TransactionWorld
  const cases = transactionConformance({
    async createLedger({ clock }) {
      world = await TransactionWorld.create(tables)
      return dynamodbTransactionLedger({ client: tables.client, tableName: world.ledgerTable, clock })
    },
    count: (transaction, counter) => transaction.update(world.effects, { id: counter }, { add: { count: 1 } }),
    refuse: (transaction) => transaction.check(world.effects, { id: 'nobody' }, { exists: true }),
    async counted(counter) {
      const read = new GetItemCommand({ TableName: world.effects, Key: { id: { S: counter } }, ConsistentRead: true })
      return Number((await tables.client.send(read)).Item?.['count']?.N ?? 0)
    },
  })
  for (const { name, run } of cases) test(name, run)
})

describe.each(['lambda', 'worker'] as const)('effects commit once (%s)', (host) => {
  const run = hosts[host]
  const many = Array.from({ length: 150 }, (_, n) => `item-${n % 60}:${100 + n}`)

  test('each change takes effect, and a delivery of all again takes none', async () => {
    const world = await TransactionWorld.create(tables)
    expect(await run(world.consumer(world.log), many)).toEqual(many.map(() => 'handled'))
    expect(await run(world.consumer(world.log), many)).toEqual(many.map(() => 'duplicate'))
    expect(await world.logs()).toEqual(expectedLogs(many))
  })

  test('records that touch one item are committed apart', async () => {
    const world = await TransactionWorld.create(tables)
    const consumer = world.consumer((_change, { transaction }) =>
      transaction.update(world.effects, { id: 'sum' }, { add: { count: 1 } }),
    )
    const records = ['A:1', 'B:2', 'C:3', 'D:4']
    expect(await run(consumer, records)).toEqual(records.map(() => 'handled'))
    const { Items } = await tables.client.send(new ScanCommand({ TableName: world.effects }))
    expect(Items).toEqual([{ id: { S: 'sum' }, count: { N: '4' } }])
  })

  test.each([
    ['the reply to the commit is lost', lostReply],
    ['the server fails before it', () => Promise.reject(awsError('InternalServerError'))],
    ['it is throttled', () => Promise.reject(awsError('ThrottlingException'))],
    ['another transaction has an item', () => Promise.reject(conflict())],
  ] satisfies [string, Fault][])('and once also when %s', async (_name, fault) => {
    const world = await TransactionWorld.create(tables)
    const client = intercept(tables.client, once('TransactWriteItemsCommand', fault))
    const records = ['A:1', 'B:2', 'A:3']
    expect(await run(world.consumer(world.log, client), records)).toEqual(records.map(() => 'handled'))
    expect(await world.logs()).toEqual(expectedLogs(records))
  })

  test('a condition that does not hold fails its record and no other; the handler may see and decide otherwise', async () => {
    const world = await TransactionWorld.create(tables)
    const consumer = world.consumer((change, context) => {
      world.log(change, context)
      if (change.key === 'B' && context.attempt < 3)
        context.transaction.check(world.effects, { id: 'nobody' }, { exists: true })
    })
    const records = ['A:1', 'B:2', 'C:3', 'B:4']
    expect(await run(consumer, records)).toEqual(records.map(() => 'handled'))
    expect(await world.logs()).toEqual(expectedLogs(records))
  })

  test('what DynamoDB refuses as invalid is the failure of its record alone', async () => {
    const world = await TransactionWorld.create(tables)
    const consumer = world.consumer((change, context) =>
      change.key === 'B'
        ? context.transaction.update(world.effects, { wrong: 'B' }, { add: { count: 1 } })
        : world.log(change, context),
    )
    const records = ['A:1', 'B:2', 'C:3', 'D:4']
    expect(await run(consumer, records)).toEqual(['handled', undefined, 'handled', 'handled'])
    expect(await world.logs()).toEqual(expectedLogs(['A:1', 'C:3', 'D:4']))
  })
})

function conflict(): Error {
  const CancellationReasons = [{ Code: 'TransactionConflict', Message: 'made by the test' }, { Code: 'None' }]
  return Object.assign(awsError('TransactionCanceledException'), { CancellationReasons })
}

describe('the error of a refused commit', () => {
  test('a condition: table, key and, when asked for, the item as it is', async () => {
    const world = await TransactionWorld.create(tables)
    const Item = { id: { S: 'A' }, balance: { N: '3' } }
    await tables.client.send(new PutItemCommand({ TableName: world.effects, Item }))
    const stopped = await stoppedAt(world, (_change, { transaction }) =>
      transaction.check(world.effects, { id: 'A' }, { where: { balance: { moreThan: 3 } } }, { returnItem: true }),
    )
    expect(stopped?.error).toBeInstanceOf(ConditionFailedError)
    expect(stopped).toMatchObject({
      attempts: 3,
      reason: 'poison',
      error: { tableName: world.effects, key: { id: 'A' }, item: { id: 'A', balance: 3 } },
    })
  })

  test('a missing table is not the fault of the record', async () => {
    const world = await TransactionWorld.create(tables)
    const stopped = await stoppedAt(world, (_change, { transaction }) =>
      transaction.delete('no-such-table', { id: 'A' }),
    )
    expect(stopped).toMatchObject({ reason: 'systemic', error: { name: 'ResourceNotFoundException' } })
  })
})

describe('what can never be committed is an error at the call', () => {
  test.each<[string, RegExp, Handle]>([
    [
      'an item twice',
      /put 'effects-\d+': item \{"id":\{"S":"A"\}\} is touched twice \(before: update 'effects/,
      (_change, { transaction }) => {
        transaction.update('effects-x', { id: 'A' }, { add: { n: 1 } })
        transaction.put('effects-x', { id: 'A' })
      },
    ],
    [
      'a hundredth operation',
      /at most 99 operations/,
      (_change, { transaction }) => {
        for (let n = 0; n < 100; n += 1) transaction.delete('effects-x', { id: `${n}` })
      },
    ],
    [
      'more than 4 MB',
      /the record's transaction has \d+ bytes/,
      (_change, { transaction }) => {
        for (let n = 0; n < 11; n += 1) transaction.put('effects-x', { id: `${n}`, text: 'x'.repeat(390_000) })
      },
    ],
    [
      'an item without its key',
      /lacks 'id', an attribute of its key/,
      (_c, { transaction }) => transaction.put('effects-x', { n: 1 }),
    ],
    [
      'a condition of nothing',
      /its condition says nothing/,
      (_c, { transaction }) => transaction.check('effects-x', { id: 'A' }, {}),
    ],
    [
      'an update of nothing',
      /changes nothing/,
      (_c, { transaction }) => transaction.update('effects-x', { id: 'A' }, {}),
    ],
  ])('%s', async (_name, message, handle) => {
    const world = await TransactionWorld.create(tables)
    const named: Handle = (change, context) => {
      const { transaction } = context
      const table = world.effects
      const own: typeof transaction = {
        put: (_table, ...rest) => transaction.put(table, ...rest),
        update: (_table, ...rest) => transaction.update(table, ...rest),
        delete: (_table, ...rest) => transaction.delete(table, ...rest),
        check: (_table, ...rest) => transaction.check(table, ...rest),
      }
      return handle(change, { ...context, transaction: own })
    }
    const stopped = await stoppedAt(world, named)
    expect(stopped).toMatchObject({ reason: 'poison', attempts: 1 })
    expect(String(stopped?.error)).toMatch(message)
    // …also when the handler catches it: half of what it wanted must not be committed
    const caught: Handle = async (change, context) => {
      try {
        await named(change, context)
      } catch {}
    }
    expect(await stoppedAt(world, caught)).toMatchObject({ reason: 'poison' })
    expect(await world.logs()).toEqual({})
  })

  test('a call after the handler has returned', async () => {
    const world = await TransactionWorld.create(tables)
    let late: (() => void) | undefined
    const consumer = world.consumer((_change, { transaction }) => {
      late = () => transaction.delete(world.effects, { id: 'A' })
    })
    await lambdaBatch(consumer, ['A:1'])
    expect(() => late?.()).toThrow(TransactionError)
    expect(() => late?.()).toThrow(/the handler has returned/)
  })
})

describe('options', () => {
  test.each<[object, RegExp]>([
    [{ tableName: 'tidemark' }, /client must be an object/],
    [{ client: {}, tableName: 'tidemark' }, /client\.send must be a function/],
    [{ client: { send() {} }, tableName: 'x' }, /tableName must be/],
    [{ client: { send() {} }, tableName: 'tidemark', table: 1 }, /there is no 'table'/],
    [
      { client: { send() {} }, tableName: 'tidemark', tables: { orders: {} } },
      /tables\['orders'\]\.partitionKey must be/,
    ],
    [{ client: { send() {} }, tableName: 'tidemark', windowDays: 0 }, /windowDays/],
  ])('%o is refused', (options, message) => {
    expect(() => dynamodbTransactionLedger(options as never)).toThrow(message)
  })

  test('keys that may not be asked for can be given', async () => {
    const world = await TransactionWorld.create(tables)
    const client = intercept(tables.client, ({ name }, send) =>
      name === 'DescribeTableCommand' ? Promise.reject(awsError('AccessDeniedException')) : send(),
    )
    const put: Handle = ({ key }, { transaction }) =>
      transaction.put(world.effects, { id: key }, { condition: { exists: false } })
    const { stopped } = await world.consumer(put, client).process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    expect(stopped[0]).toMatchObject({ reason: 'systemic', error: { code: 'ERR_CONFIGURATION' } })
    expect(String(stopped[0]?.error)).toMatch(/allow dynamodb:DescribeTable on it, or say it in/)
    const given = { [world.effects]: { partitionKey: 'id' } }
    expect(await lambdaBatch(world.consumer(put, client, 'record', given), ['A:1'])).toEqual(['handled'])
    expect(await world.logs()).toEqual({ A: [] })
  })
})

describe('cost in a worker', () => {
  test('100 records: at most 0.02 requests and 0.05 write units a record more than their bare transactions', async () => {
    const world = await TransactionWorld.create(tables)
    const measured = meter(tables.client)
    const records = Array.from({ length: 100 }, (_, n) => `item-${n}:${n + 1}`)
    const { settled } = await workerPage(world.consumer(world.log, measured.client), records)
    expect(settled).toEqual(records.map(() => 'handled'))
    const { requests, writeUnits } = measured.usage()
    const bare = { requests: 1, writeUnits: 200 } // 100 updates of small items in one TransactWriteItems
    expect((requests - bare.requests) / 100).toBeLessThanOrEqual(0.02)
    expect((writeUnits - bare.writeUnits) / 100).toBeLessThanOrEqual(0.05)
  })
})
