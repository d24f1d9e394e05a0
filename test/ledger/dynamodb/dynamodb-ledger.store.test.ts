import { CreateTableCommand, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { createTidemarkTable, dynamodbLedger, type DynamoDBSender } from '../../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../../src/index.ts'
import { createLambdaHandler } from '../../../src/lambda.ts'
import type { LedgerEntry } from '../../../src/ledger/ledger.ts'
import { parseSequenceNumber } from '../../../src/record/sequence-number.ts'
import { meter } from '../../../src/testing/capacity-meter.ts'
import { ledgerConformance } from '../../../src/testing/ledger-conformance.ts'
import { createManualClock } from '../../../src/testing/manual-clock.ts'
import { awsError, counted, intercept, lostReply, type Fault } from '../../support/intercept.ts'
import { lambdaEvent } from '../../support/events.ts'
import { localTables } from '../../support/local-table.ts'

const tables = localTables()

// Retries wait by a clock; this one never lets anybody wait.
const hasty = { ...createManualClock(), sleep: () => Promise.resolve() }

function entry(idempotencyKey: string, laneKey = idempotencyKey): LedgerEntry {
  return {
    idempotencyKey,
    laneKey,
    eventId: `event-${idempotencyKey}`,
    streamArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
    sequenceNumber: parseSequenceNumber('1', 'test'),
  }
}

async function complete(client: DynamoDBSender, tableName: string, ...entries: LedgerEntry[]): Promise<void> {
  const session = await dynamodbLedger({ client, tableName, clock: hasty }).open({ consumer: 'c', entries })
  const durable: unknown[] = []
  for (const one of entries) {
    const outcome = await session.claim(one)
    if (outcome.status === 'claimed') durable.push(session.complete(outcome.claim))
  }
  await session.flush()
  await Promise.all(durable)
}

async function statusOf(tableName: string, one: LedgerEntry, options = {}): Promise<string> {
  const ledger = dynamodbLedger({ client: tables.client, tableName, clock: hasty, ...options })
  return (await (await ledger.open({ consumer: 'c', entries: [one] })).claim(one)).status
}

/** Lets the fault bite once, at the first request of that name. */
function once(name: string, fault: Fault): Fault {
  let left = 1
  return (command, send) => (command.name === name && left-- > 0 ? fault(command, send) : send())
}

describe('conformance', () => {
  const cases = ledgerConformance({
    createLedger: async (options) =>
      dynamodbLedger({ client: tables.client, tableName: await tables.create(), ...options }),
  })
  for (const { name, run } of cases) test(name, run)
})

describe('cost', () => {
  const event = lambdaEvent(...Array.from({ length: 100 }, (_, n) => ({ key: `message-${n}`, sequence: 1_000 + n })))

  test('100 fresh records: 1 BatchGetItem and 4 BatchWriteItem, 100 read and 100 write units; again: 1 read request, no handler', async () => {
    const measured = meter(tables.client)
    let runs = 0
    const handler = createLambdaHandler(
      createConsumer({
        name: 'receipts',
        logger: silentLogger,
        ledger: dynamodbLedger({ client: measured.client, tableName: await tables.create() }),
        handler: () => void (runs += 1),
      }),
    )
    expect(await handler(event)).toEqual({ batchItemFailures: [] })
    const fresh = measured.usage()
    expect(fresh.operations['BatchGetItem']?.requests).toBe(1)
    expect(fresh.operations['BatchWriteItem']?.requests).toBe(4)
    expect(fresh).toMatchObject({ requests: 5, readUnits: 100, writeUnits: 100 })
    measured.reset()
    expect(await handler(event)).toEqual({ batchItemFailures: [] })
    expect(measured.usage()).toMatchObject({ requests: 1, readUnits: 100, writeUnits: 0 })
    expect(runs).toBe(100)
  })

  test("'park' costs one claim a record more, and a redelivery still costs one request", async () => {
    const measured = meter(tables.client)
    const handler = createLambdaHandler(
      createConsumer({
        name: 'receipts',
        logger: silentLogger,
        ledger: dynamodbLedger({ client: measured.client, tableName: await tables.create(), uncertain: 'park' }),
        handler: () => {},
      }),
    )
    await handler(event)
    expect(measured.usage()).toMatchObject({ readUnits: 100, writeUnits: 200 })
    measured.reset()
    await handler(event)
    expect(measured.usage()).toMatchObject({ requests: 1, writeUnits: 0 })
  })
})

describe('what DynamoDB leaves over', () => {
  test('unprocessed items are sent again, all of them', async () => {
    const tableName = await tables.create()
    let leftOver = 0
    const client = intercept(tables.client, async ({ name, input }, send) => {
      if (name !== 'BatchWriteItemCommand') return send()
      const puts = (input['RequestItems'] as Record<string, unknown[]>)[tableName] ?? []
      const [first, ...rest] = puts
      if (rest.length === 0) return send()
      leftOver += rest.length
      await send({ RequestItems: { [tableName]: [first] } })
      return { UnprocessedItems: { [tableName]: rest } }
    })
    const entries = Array.from({ length: 6 }, (_, n) => entry(`k${n}`))
    await complete(client, tableName, ...entries)
    expect(leftOver).toBe(15)
    for (const one of entries) expect(await statusOf(tableName, one)).toBe('completed')
  })

  test('when it leaves them over for good, the marks fail and say that capacity is short', async () => {
    const tableName = await tables.create()
    const client = intercept(tables.client, async ({ name, input }, send) =>
      name === 'BatchWriteItemCommand' ? { UnprocessedItems: input['RequestItems'] } : send(),
    )
    await expect(complete(client, tableName, entry('a'))).rejects.toThrow(/short of capacity/)
    expect(await statusOf(tableName, entry('a'))).toBe('claimed')
  })

  test('unprocessed keys are read again: a mark left over is not a mark missing', async () => {
    const tableName = await tables.create()
    const entries = Array.from({ length: 4 }, (_, n) => entry(`k${n}`))
    await complete(tables.client, tableName, ...entries)
    const client = intercept(tables.client, async ({ name, input }, send) => {
      if (name !== 'BatchGetItemCommand') return send()
      const request = (input['RequestItems'] as Record<string, { Keys: unknown[] }>)[tableName]
      const [first, ...rest] = request?.Keys ?? []
      if (rest.length === 0) return send()
      const answer = (await send({ RequestItems: { [tableName]: { ...request, Keys: [first] } } })) as object
      return { ...answer, UnprocessedKeys: { [tableName]: { ...request, Keys: rest } } }
    })
    const session = await dynamodbLedger({ client, tableName, clock: hasty }).open({ consumer: 'c', entries })
    for (const one of entries) expect((await session.claim(one)).status).toBe('completed')
  })
})

describe('throttling and broken connections', () => {
  test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'InternalServerError'])(
    '%s is waited out, for reads, marks and claims',
    async (errorName) => {
      const tableName = await tables.create()
      const refused = new Set<string>()
      const client = intercept(tables.client, ({ name }, send) => {
        if (refused.has(name)) return send()
        refused.add(name)
        return Promise.reject(awsError(errorName))
      })
      const ledger = dynamodbLedger({ client, tableName, uncertain: 'park', clock: hasty })
      const session = await ledger.open({ consumer: 'c', entries: [entry('a')] })
      const outcome = await session.claim(entry('a'))
      if (outcome.status !== 'claimed') throw new Error(outcome.status)
      const durable = session.complete(outcome.claim)
      await session.flush()
      await durable
      expect([...refused].toSorted()).toEqual(['BatchGetItemCommand', 'BatchWriteItemCommand', 'UpdateItemCommand'])
      expect(await statusOf(tableName, entry('a'))).toBe('completed')
    },
  )

  test('a claim whose reply was lost is recognised as ours', async () => {
    const tableName = await tables.create()
    const client = intercept(tables.client, once('UpdateItemCommand', lostReply))
    expect(await statusOf(tableName, entry('a'), { client, uncertain: 'park' })).toBe('claimed')
    expect(await statusOf(tableName, entry('a'), { uncertain: 'park' })).toBe('in-progress')
  })

  test('a claim that was lost on its way, and taken by another meanwhile, is not ours', async () => {
    const tableName = await tables.create()
    const client = intercept(
      tables.client,
      once('UpdateItemCommand', async () => {
        expect(await statusOf(tableName, entry('a'), { uncertain: 'park' })).toBe('claimed')
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      }),
    )
    expect(await statusOf(tableName, entry('a'), { client, uncertain: 'park' })).toBe('in-progress')
  })

  test('a release whose reply was lost has released, and does so once', async () => {
    const tableName = await tables.create()
    const ledger = (client: DynamoDBSender) => dynamodbLedger({ client, tableName, uncertain: 'park', clock: hasty })
    let updates = 0
    const client = intercept(tables.client, (command, send) => {
      if (command.name !== 'UpdateItemCommand') return send()
      updates += 1
      return updates === 2 ? lostReply(command, send) : send()
    })
    const session = await ledger(client).open({ consumer: 'c', entries: [entry('a')] })
    const outcome = await session.claim(entry('a'))
    if (outcome.status !== 'claimed') throw new Error(outcome.status)
    await session.release(outcome.claim)
    expect(updates).toBe(3)
    expect(await statusOf(tableName, entry('a'), { uncertain: 'park' })).toBe('claimed')
  })

  test('marks whose reply was lost are written again and stay what they are', async () => {
    const tableName = await tables.create()
    const client = intercept(tables.client, once('BatchWriteItemCommand', lostReply))
    await complete(client, tableName, entry('a'), entry('b'))
    expect(await statusOf(tableName, entry('a'))).toBe('completed')
    const { Count } = await tables.client.send(new ScanCommand({ TableName: tableName }))
    expect(Count).toBe(2)
  })
})

describe('rows', () => {
  test('a mark says what took effect and is forgotten by time to live after the window', async () => {
    const tableName = await tables.create()
    await complete(tables.client, tableName, entry('a'))
    const key = { pk: { S: 'ledger#c#a' }, sk: { S: 'mark' } }
    const { Item } = await tables.client.send(new GetItemCommand({ TableName: tableName, Key: key }))
    const expiresAt = String(hasty.now() / 1_000 + 7 * 86_400)
    expect(Item).toMatchObject({ ...key, eventId: { S: 'event-a' }, expiresAt: { N: expiresAt } })
  })

  test('a claim counts how often it was granted', async () => {
    const tableName = await tables.create()
    const ledger = dynamodbLedger({ client: tables.client, tableName, uncertain: 'park', clock: hasty })
    for (let round = 0; round < 3; round += 1) {
      const session = await ledger.open({ consumer: 'c', entries: [entry('a')] })
      const outcome = await session.claim(entry('a'))
      if (outcome.status === 'claimed') await session.release(outcome.claim)
    }
    const key = { pk: { S: 'ledger#c#a' }, sk: { S: 'claim' } }
    const { Item } = await tables.client.send(new GetItemCommand({ TableName: tableName, Key: key }))
    expect(Item).toMatchObject({ attempt: { N: '3' } })
  })

  test('an uncertain record says which row to delete to run it again, and that is so', async () => {
    const tableName = await tables.create()
    const options = { client: tables.client, tableName, uncertain: 'park' } as const
    await statusOf(tableName, entry('a'), { uncertain: 'park' })
    const later = { ...hasty, now: () => hasty.now() + 3_600_000 }
    const session = await dynamodbLedger({ ...options, clock: later }).open({ consumer: 'c', entries: [entry('a')] })
    const outcome = await session.claim(entry('a'))
    expect(outcome).toMatchObject({ status: 'uncertain', since: hasty.now() })
    expect((outcome as { remedy?: string }).remedy).toContain(`delete the row { pk: 'ledger#c#a', sk: 'claim' }`)
  })
})

describe('the table', () => {
  test('is made once, however often and by however many it is asked for', async () => {
    const { client } = tables
    const options = { client, tableName: 'made-at-once' }
    await Promise.all([createTidemarkTable(options), createTidemarkTable(options)])
    await createTidemarkTable(options)
    expect(await statusOf('made-at-once', entry('a'))).toBe('claimed')
  })

  test('with another key is refused, with both keys in the message', async () => {
    const { client } = tables
    await client.send(
      new CreateTableCommand({
        TableName: 'another-key',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }),
    )
    await expect(createTidemarkTable({ client, tableName: 'another-key' })).rejects.toThrow(
      /\(id HASH S\).*\(pk HASH S/,
    )
    await expect(statusOf('another-key', entry('a'))).rejects.toThrow(/needs the key schema pk/)
  })

  test('that is missing is named, with what to do', async () => {
    const { client, counts } = counted(tables.client)
    await expect(statusOf('no-such-table', entry('a'), { client })).rejects.toThrow(
      /no-such-table.*createTidemarkTable/,
    )
    expect(counts).toEqual({ BatchGetItemCommand: 1 })
  })
})

describe('options', () => {
  test.each([
    [{ tableName: '' }, /tableName must be the name or ARN of a table; got ""/],
    [{ client: {} }, /client\.send must be a function/],
    [{ windowDays: 0 }, /windowDays must be a whole number from 1 to 3650; got 0/],
    [{ uncertain: 'maybe' }, /uncertain must be 'retry' or 'park'; got "maybe"/],
    [{ window: 1 }, /there is no 'window'/],
  ])('%o is refused', (wrong, message) => {
    const options = { client: { send() {} }, tableName: 'tidemark', ...wrong }
    expect(() => dynamodbLedger(options as never)).toThrow(message)
  })
})
