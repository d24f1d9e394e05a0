import { CreateTableCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import {
  dynamodbProjection,
  isTombstone,
  type DynamoDBProjectionOptions,
  type DynamoDBSender,
  type ItemProjection,
} from '../../../../src/dynamodb.ts'
import { createConsumer, silentLogger, type ChangeRecord, type ConsumerOptions } from '../../../../src/index.ts'
import { batchOfEvent } from '../../../../src/source/lambda-event.ts'
import { createManualClock, meter } from '../../../../src/testing.ts'
import { deferred } from '../../../support/deferred.ts'
import { changes, lambdaEvent, type Change } from '../../../support/events.ts'
import { awsError, counted, intercept, lostReply } from '../../../support/intercept.ts'
import { localTables } from '../../../support/local-table.ts'
import { Mortal } from '../../../support/mortal.ts'

const tables = localTables()
const hasty = { ...createManualClock(), sleep: () => Promise.resolve() }

let viewCount = 0
async function createView(): Promise<string> {
  const tableName = `view-${(viewCount += 1)}`
  await tables.client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  )
  return tableName
}

type Handle = (record: ChangeRecord, transaction: ItemProjection) => unknown

/** The source item as it is now, and where it came from. */
const mirror: Handle = ({ keys, newImage }, transaction) => {
  const id = String(keys['pk'])
  if (newImage === undefined) transaction.delete({ id })
  else transaction.put({ id, value: newImage['value'] ?? null })
}

interface Setting {
  readonly client?: DynamoDBSender
  readonly name?: string
  readonly tombstones?: DynamoDBProjectionOptions['tombstones']
  readonly handle?: Handle
  readonly options?: Partial<ConsumerOptions>
}

function consumerOf(tableName: string, { client, name = 'view', tombstones, handle = mirror, options }: Setting = {}) {
  return createConsumer({
    ...{ name, logger: silentLogger, retry: { maxAttempts: 1 } },
    ...options,
    ledger: dynamodbProjection({
      ...{ client: client ?? tables.client, tableName, clock: hasty },
      ...(tombstones === undefined ? {} : { tombstones }),
    }),
    handler: (record, { transaction }) => handle(record, transaction),
  })
}

async function deliver(tableName: string, records: readonly Change[], setting?: Setting) {
  return consumerOf(tableName, setting).process(batchOfEvent(lambdaEvent(...records)))
}

async function itemOf(tableName: string, id: string) {
  const { Item } = await tables.client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: id } } }))
  return Item === undefined ? undefined : unmarshall(Item)
}

/** What readers see: id and value of each item that is no tombstone. */
async function visible(tableName: string): Promise<Record<string, unknown>> {
  const { Items = [] } = await tables.client.send(
    new ScanCommand({ TableName: tableName, FilterExpression: 'attribute_not_exists(tidemark.deletedAt)' }),
  )
  const seen = Items.map((item) => unmarshall(item))
  for (const item of seen) expect(isTombstone(item)).toBe(false)
  return Object.fromEntries(seen.map(({ id, value }) => [id as string, value as unknown]))
}

/** What the stream says in the end. */
function stateOf(records: readonly Change[]): Record<string, unknown> {
  const state: Record<string, unknown> = {}
  for (const { key, sequence, event } of records)
    if (event === 'REMOVE') delete state[key]
    else state[key] = sequence
  return state
}

const insert = (key: string, sequence: number): Change => ({ key, sequence })
const remove = (key: string, sequence: number): Change => ({ key, sequence, event: 'REMOVE' })

describe('cost', () => {
  test('100 records: 100 writes of one unit and no read; again: the same, and nothing changes', async () => {
    const tableName = await createView()
    const { client, usage, reset } = meter(tables.client)
    const records = Array.from({ length: 100 }, (_, index) => insert(`item-${index}`, 1_000 + index))
    for (const settlement of ['handled', 'duplicate'] as const) {
      reset()
      const { settlements } = await deliver(tableName, records, { client })
      expect(settlements).toEqual(records.map(() => settlement))
      expect(usage()).toMatchObject({ requests: 100, readUnits: 0, writeUnits: 100 })
      expect(usage().operations).toHaveProperty('PutItem.requests', 100)
    }
  })

  test('no more than `concurrency` writes are on their way at once', async () => {
    let [running, most] = [0, 0]
    const client = intercept(tables.client, async (_command, send) => {
      most = Math.max(most, (running += 1))
      const answer = await send()
      running -= 1
      return answer
    })
    const records = Array.from({ length: 40 }, (_, index) => insert(`item-${index}`, index + 1))
    await deliver(await createView(), records, { client, options: { concurrency: 4 } })
    expect(most).toBe(4)
  })
})

describe('a change', () => {
  test('that is older than what the item holds is superseded: settled, told apart, and without effect', async () => {
    const tableName = await createView()
    const told: string[] = []
    const listen = (message: unknown) => void told.push((message as { sequenceNumber: string }).sequenceNumber)
    await deliver(tableName, changes('A:5'))
    subscribe('tidemark:record:superseded', listen)
    const { settlements } = await deliver(tableName, changes('A:3', 'A:5', 'A:6'))
    unsubscribe('tidemark:record:superseded', listen)
    expect(settlements).toEqual(['duplicate', 'duplicate', 'handled'])
    expect(told).toEqual(['3'])
    expect(await visible(tableName)).toEqual({ A: 6 })
  })

  test('is placed by its number, not by its text', async () => {
    const tableName = await createView()
    await deliver(tableName, changes('A:9', 'A:10'))
    await deliver(tableName, changes('A:9'))
    expect(await visible(tableName)).toEqual({ A: 10 })
  })

  test('of a stream enabled later is later, whatever its number', async () => {
    const tableName = await createView()
    const stream = 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-02-01T00:00:00.000'
    await deliver(tableName, changes('A:500'))
    await deliver(tableName, [{ ...insert('A', 2), stream }])
    await deliver(tableName, changes('A:500'))
    expect(await visible(tableName)).toEqual({ A: 2 })
  })

  test('finds an item that has no position, from before, and takes it over', async () => {
    const tableName = await createView()
    await tables.client.send(
      new PutItemCommand({ TableName: tableName, Item: { id: { S: 'A' }, value: { N: '0' }, note: { S: 'old' } } }),
    )
    await deliver(tableName, changes('A:1'))
    expect(await itemOf(tableName, 'A')).toEqual({ id: 'A', value: 1, tidemark: expect.anything() as unknown })
  })

  test("a zombie's write that arrives after its successor's changes nothing", async () => {
    const tableName = await createView()
    const arrival = deferred()
    const late = intercept(tables.client, async (_command, send) => {
      await arrival.promise
      return send()
    })
    const zombie = deliver(tableName, [insert('A', 1)], { client: late })
    await deliver(tableName, [insert('A', 1), remove('A', 2)])
    arrival.resolve()
    expect((await zombie).settlements).toEqual(['duplicate'])
    expect(await visible(tableName)).toEqual({})
  })
})

describe('a delete', () => {
  test('leaves a tombstone that an older insert, delivered late, does not bring back', async () => {
    const tableName = await createView()
    await deliver(tableName, [insert('A', 1), remove('A', 2)])
    await deliver(tableName, [insert('A', 1)])
    expect(await visible(tableName)).toEqual({})
    const item = await itemOf(tableName, 'A')
    expect(item).toEqual({ id: 'A', tidemark: expect.objectContaining({ deletedAt: hasty.now() }) as unknown })
    expect(isTombstone(item ?? {})).toBe(true)
    const { Item } = await tables.client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: 'A' } } }))
    expect(isTombstone(Item ?? {})).toBe(true)
  })

  test('of an item that was never there leaves one too, and a newer insert replaces it', async () => {
    const tableName = await createView()
    await deliver(tableName, [remove('A', 2)])
    await deliver(tableName, [insert('A', 1)])
    expect(await visible(tableName)).toEqual({})
    await deliver(tableName, [insert('A', 3)])
    expect(await visible(tableName)).toEqual({ A: 3 })
  })

  test('is forgotten after its days; an update that finds the tombstone takes the time away', async () => {
    const tableName = await createView()
    const tombstones = { keepDays: 7, ttlAttribute: 'expiresAt' }
    await deliver(tableName, [remove('A', 1)], { tombstones })
    const expiresAt = Math.ceil(hasty.now() / 1_000) + 7 * 86_400
    expect(await itemOf(tableName, 'A')).toMatchObject({ expiresAt })
    const handle: Handle = (_record, transaction) => transaction.update({ id: 'A' }, { set: { total: 7 } })
    await deliver(tableName, [insert('A', 2)], { tombstones, handle })
    expect(await itemOf(tableName, 'A')).toEqual({
      ...{ id: 'A', total: 7 },
      tidemark: { position: expect.any(String) as unknown, source: expect.any(String) as unknown },
    })
    const own: Handle = (_record, transaction) => transaction.update({ id: 'A' }, { set: { expiresAt: 5 } })
    await deliver(tableName, [insert('A', 3)], { tombstones, handle: own })
    expect(await itemOf(tableName, 'A')).toMatchObject({ expiresAt: 5, total: 7 })
  })
})

test('an update changes what it names, and nothing else', async () => {
  const tableName = await createView()
  const handle: Handle = ({ sequenceNumber }, transaction) => {
    if (sequenceNumber === '1') transaction.put({ id: 'A', total: 1, note: 'n', old: 'o', tags: new Set(['x']) })
    else transaction.update({ id: 'A' }, { set: { total: 2n, note: null }, remove: ['old', 'never'] })
  }
  await deliver(tableName, changes('A:1', 'A:2'), { handle })
  expect(await itemOf(tableName, 'A')).toMatchObject({ id: 'A', total: 2, note: null, tags: new Set(['x']) })
  expect(await itemOf(tableName, 'A')).not.toHaveProperty('old')
})

describe('replies', () => {
  test('that are lost are asked for again, and the write has happened once', async () => {
    const tableName = await createView()
    const lost = new Set<string>()
    const client = intercept(tables.client, (command, send) => {
      const id = JSON.stringify(command.input['Item'])
      if (lost.has(id)) return send()
      lost.add(id)
      return lostReply(command, send)
    })
    const { settlements } = await deliver(tableName, changes('A:1', 'B:2', 'A:3'), { client })
    expect(settlements).toEqual(['duplicate', 'duplicate', 'duplicate'])
    expect(lost.size).toBe(3)
    expect(await visible(tableName)).toEqual({ A: 3, B: 2 })
  })

  test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'InternalServerError'])(
    '%s is waited out',
    async (name) => {
      let refusals = 3
      const client = intercept(tables.client, (_command, send) =>
        refusals-- > 0 ? Promise.reject(awsError(name)) : send(),
      )
      expect((await deliver(await createView(), changes('A:1'), { client })).settlements).toEqual(['handled'])
    },
  )

  test.each(['ThrottlingException', 'AccessDeniedException'])(
    '%s for good is nobody’s fault: systemic',
    async (name) => {
      const client = intercept(tables.client, () => Promise.reject(awsError(name)))
      const { stopped } = await deliver(await createView(), changes('A:1'), { client })
      expect(stopped).toMatchObject([{ reason: 'systemic', error: { code: 'ERR_LEDGER' } }])
    },
  )

  test('a table that is not there is said, with what to do', async () => {
    const { stopped } = await deliver('no-such-view', changes('A:1'))
    expect(stopped).toMatchObject([{ reason: 'systemic', error: { code: 'ERR_LEDGER' } }])
    expect(String(stopped[0]?.error)).toMatch(/no-such-view.*it is a table of yours/s)
  })
})

describe('what a projection is not for is refused, as this record’s failure, and writes nothing', () => {
  const refused = async (tableName: string, records: readonly Change[], setting: Setting, message: RegExp) => {
    const { client, counts } = counted(tables.client)
    const { stopped, settlements } = await deliver(tableName, records, { client, ...setting })
    expect(settlements).toEqual([undefined])
    expect(stopped).toMatchObject([{ reason: 'poison', attempts: 1 }])
    expect(String(stopped[0]?.error)).toMatch(message)
    return counts
  }

  test.each<[string, Handle, RegExp]>([
    ['no write', () => {}, /returned without put, update or delete.*transaction\.skip/],
    ['two writes', (_, t) => (t.put({ id: 'A' }), t.put({ id: 'B' })), /second write of this record/],
    ['skip and a write', (_, t) => (t.skip(), t.delete({ id: 'A' })), /second write/],
    ['two writes, of which the complaint was caught', twoCaught, /second write/],
    ['an attribute of ours', (_, t) => t.put({ id: 'A', tidemark: 1 }), /'tidemark' is the projection's own/],
    ['an update of it', (_, t) => t.update({ id: 'A' }, { remove: ['tidemark'] }), /projection's own/],
    ['an addition', (_, t) => t.update({ id: 'A' }, { add: { n: 1 } } as never), /no 'add' in .* set and remove/],
    ['a value that would be lost', (_, t) => t.put({ id: 'A', at: new Date(0) as never }), /at: expected .* a Date/],
    ['no item', (_, t) => t.put(undefined as never), /expected .* got undefined/],
  ])('%s', async (_what, handle, message) => {
    const tableName = await createView()
    expect(await refused(tableName, changes('A:1'), { handle }, message)).toEqual({})
  })

  test.each<[string, Handle]>([
    ['a key of another type', (_, t) => t.put({ id: 1 })],
    ['no key', (_, t) => t.delete({ key: 'A' })],
    ['a change of the key', (_, t) => t.update({ id: 'A' }, { set: { id: 'B' } })],
    ['an item that is too large', (_, t) => t.put({ id: 'A', text: 'x'.repeat(410_000) })],
  ])('%s', async (_what, handle) => {
    const tableName = await createView()
    await refused(tableName, changes('A:1'), { handle }, /TransactionError: DynamoDB can't take this item/)
    expect(await itemOf(tableName, 'A')).toBeUndefined()
  })

  test('two source items to one projected item', async () => {
    const tableName = await createView()
    const handle: Handle = ({ keys }, transaction) => transaction.put({ id: 'one', from: keys['pk'] ?? null })
    await deliver(tableName, changes('A:1'), { handle })
    await refused(tableName, changes('B:2'), { handle }, /belongs to one source item/)
    expect(await itemOf(tableName, 'one')).toMatchObject({ from: 'A' })
  })

  test.each([
    ['another table', 'arn:aws:dynamodb:eu-central-1:123456789012:table/invoices/stream/2026-02-01T00:00:00.000'],
    ['another region', 'arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-02-01T00:00:00.000'],
  ])('an item of %s, whose positions say nothing here', async (_what, stream) => {
    const tableName = await createView()
    await deliver(tableName, changes('A:1'))
    await refused(tableName, [{ ...insert('A', 2), stream }], {}, /one table of one region/)
  })

  test('another consumer, which would take the other’s position for its own', async () => {
    const tableName = await createView()
    await deliver(tableName, changes('A:1'))
    await refused(tableName, changes('A:1'), { name: 'other' }, /kept by 'view\/.*this record is of 'other\//)
  })

  test('an attribute of that name which is not ours', async () => {
    const tableName = await createView()
    await tables.client.send(
      new PutItemCommand({ TableName: tableName, Item: { id: { S: 'A' }, tidemark: { S: 'mine' } } }),
    )
    await refused(tableName, changes('A:1'), {}, /kept by something else/)
  })

  test('a call after the handler has returned', async () => {
    let after: ItemProjection | undefined
    await deliver(await createView(), changes('A:1'), { handle: (_, t) => ((after = t), t.skip()) })
    expect(() => after?.put({ id: 'A' })).toThrow(/after the handler had returned/)
  })

  test.each(['message', () => 'id'] as const)('an identity (%s)', (identity) => {
    expect(() => consumerOf('view', { options: { identity } })).toThrow(/leave identity out/)
  })
})

function twoCaught(_record: unknown, transaction: ItemProjection): void {
  transaction.put({ id: 'A' })
  try {
    transaction.put({ id: 'B' })
  } catch {
    // as a handler might
  }
}

test('skip writes nothing and settles the record', async () => {
  const tableName = await createView()
  const { client, counts } = counted(tables.client)
  const { settlements } = await deliver(tableName, changes('A:1'), { client, handle: (_, t) => t.skip() })
  expect(settlements).toEqual(['handled'])
  expect(counts).toEqual({})
})

test('a handler that fails has written nothing, and its next attempt begins anew', async () => {
  const tableName = await createView()
  let attempts = 0
  const handle: Handle = (_record, transaction) => {
    attempts += 1
    transaction.put({ id: 'A', value: attempts })
    if (attempts === 1) throw new Error('after the put')
  }
  const options = { retry: { maxAttempts: 2, baseDelayMs: 0 } }
  expect((await deliver(tableName, changes('A:1'), { handle, options })).settlements).toEqual(['handled'])
  expect(await visible(tableName)).toEqual({ A: 2 })
})

test.each([
  [{ tableName: '' }, /tableName must be the name or ARN of a table; got ""/],
  [{ client: {} }, /client\.send must be a function/],
  [
    { tombstones: { keepDays: 1, ttlAttribute: 'ttl' } },
    /tombstones\.keepDays must be a whole number from 2 to 3650; got 1/,
  ],
  [{ tombstones: { keepDays: 7 } }, /tombstones\.ttlAttribute must be the name of an attribute/],
  [{ tombstones: { days: 7 } }, /there is no 'days'/],
  [{ windowDays: 7 }, /there is no 'windowDays'/],
])('the option %o is refused', (wrong, message) => {
  const options = { client: { send() {} }, tableName: 'view', ...wrong }
  expect(() => dynamodbProjection(options as never)).toThrow(message)
})

const history = [
  ...[insert('A', 1), insert('B', 2), insert('A', 3), remove('B', 4), insert('C', 5), remove('A', 6)],
  ...[insert('B', 7), insert('D', 8), insert('A', 9), remove('D', 10)],
]

describe('a crash at any await', () => {
  test.each([history.length, 3, 1])(
    'and redelivery from any place before, %i at a time, end in what the stream says',
    async (chunk) => {
      let deaths = 0
      for (let step = 1; ; step += 1) {
        const tableName = await createView()
        const process = new Mortal(step)
        const setting = { client: process.client(tables.client), options: { concurrency: 2 } }
        if ((await Promise.race([process.death, deliver(tableName, history, setting)])) !== undefined) break
        deaths += 1
        for (let from = 0; from < history.length; from += chunk)
          await deliver(tableName, history.slice(from, from + chunk))
        expect(await visible(tableName)).toEqual(stateOf(history))
      }
      expect(deaths).toBe(history.length * 2)
    },
  )
})

describe('whatever is delivered again, and in whatever order', () => {
  const items = fc.constantFrom('A', 'B', 'C')
  const streams = fc
    .array(fc.tuple(items, fc.boolean()), { minLength: 1, maxLength: 25 })
    .map((entries) =>
      entries.map(([key, isRemoved], index) => (isRemoved ? remove(key, index + 1) : insert(key, index + 1))),
    )

  test('the items end as the stream says, once each record was delivered', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.infiniteStream(fc.nat()), fc.nat({ max: 6 }), async (records, dice, repeats) => {
        const tableName = await createView()
        const roll = (below: number) => (dice.next().value as number) % below
        // Slices from any place, some twice, in any order, some of them side by side as with a zombie.
        const slices: Change[][] = []
        for (let from = 0; from < records.length;) {
          const to = from + 1 + roll(5)
          slices.push(records.slice(from, to))
          from = to
        }
        for (let again = 0; again < repeats; again += 1) {
          const from = roll(records.length)
          slices.push(records.slice(from, from + 1 + roll(records.length)))
        }
        while (slices.length > 0) {
          const side = slices.splice(roll(slices.length), 1 + roll(2))
          await Promise.all(side.map((slice) => deliver(tableName, slice)))
        }
        expect(await visible(tableName)).toEqual(stateOf(records))
      }),
      { numRuns: 25 },
    )
  })
})
