import { describe, expect, test } from 'vitest'
import type { Settlement } from '../../src/checkpoint/settlement.ts'
import {
  ConfigurationError,
  createConsumer,
  LedgerError,
  memoryLedger,
  silentLogger,
  TerminalError,
  type ConsumerOptions,
} from '../../src/index.ts'
import { dynamodbLedger, type DynamoDBSender } from '../../src/dynamodb.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import type { DeadLetter } from '../../src/parking/dead-letter.ts'
import { MemoryParkingLot } from '../../src/parking/memory-parking-lot.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { createTidemarkTable } from '../../src/worker.ts'
import { deferred, turns } from '../support/deferred.ts'
import { changes, lambdaEvent } from '../support/events.ts'

/** A consumer over a lot and a ledger, which is sick of the sequence numbers in `sick`. */
function world(options: Partial<ConsumerOptions> = {}) {
  const clock = createManualClock()
  const ledger = memoryLedger({ clock })
  const sick = new Set<string>()
  const effects: string[] = []
  const consumer = createConsumer({
    ...{ name: 'c', logger: silentLogger, retry: { maxAttempts: 1 }, clock, ledger, onFailure: 'park' },
    async handler({ keys, sequenceNumber }) {
      if (sick.has(sequenceNumber)) throw new Error(`sick of ${sequenceNumber}`)
      effects.push(`${String(keys['pk'])}:${sequenceNumber}`)
    },
    ...options,
  })
  const deliver = async (...texts: string[]): Promise<readonly (Settlement | undefined)[]> =>
    (await consumer.process(batchOfEvent(lambdaEvent(...changes(...texts))))).settlements
  return { clock, ledger, sick, effects, consumer, deliver }
}

async function parkedOf({ consumer }: Pick<ReturnType<typeof world>, 'consumer'>): Promise<string[]> {
  const lanes = await consumer.parked.lanes()
  const records = await Promise.all(lanes.map(({ laneId }) => consumer.parked.records(laneId)))
  return records.flat().map(({ eventId }) => eventId)
}

describe('parking', () => {
  test('a poison record is parked, what follows of its item queues behind it, and other items never notice', async () => {
    const { sick, effects, deliver, consumer } = world()
    sick.add('101')
    expect(await deliver('A:100', 'A:101', 'B:102', 'A:103')).toEqual(['handled', 'parked', 'handled', 'parked'])
    expect(await deliver('A:104', 'B:105')).toEqual(['parked', 'handled'])
    expect(effects).toEqual(['A:100', 'B:102', 'B:105'])
    expect(await parkedOf({ consumer })).toEqual(['event-101', 'event-103', 'event-104'])
    const [lane] = await consumer.parked.lanes()
    const records = await consumer.parked.records(lane?.laneId ?? '')
    expect(records.map(({ error, attempts }) => [error?.message, attempts])).toEqual([
      ['sick of 101', 1],
      [undefined, 0],
      [undefined, 0],
    ])
    expect(records[0]?.record).toMatchObject({ eventID: 'event-101', dynamodb: { NewImage: { pk: { S: 'A' } } } })
  })

  test('what is delivered again is not parked twice, and what took effect before stays a duplicate', async () => {
    const { sick, deliver, consumer } = world()
    sick.add('101')
    await deliver('A:100', 'A:101', 'A:103')
    expect(await deliver('A:100', 'A:101', 'A:103')).toEqual(['duplicate', 'parked', 'parked'])
    expect(await parkedOf({ consumer })).toEqual(['event-101', 'event-103'])
  })

  test('an item of another table with the same key is another lane, also in one batch', async () => {
    const { sick, effects, consumer } = world()
    const batch = (...texts: string[]) => batchOfEvent(lambdaEvent(...changes(...texts)))
    const elsewhere = ({ records }: ReturnType<typeof batch>) =>
      records.map((record) => ({ ...record, eventSourceARN: record.eventSourceARN?.replace('/orders/', '/returns/') }))
    sick.add('1')
    await consumer.process({ records: elsewhere(batch('A:1')) })
    sick.clear()
    const both = { records: [...elsewhere(batch('A:2')), ...batch('A:3').records] }
    expect((await consumer.process(both)).settlements).toEqual(['parked', 'handled'])
    expect(effects).toEqual(['A:3'])
  })

  test('a record that can not be read is parked as it came', async () => {
    const { deliver, consumer } = world()
    const event = lambdaEvent(...changes('A:1', 'A:2'))
    const [broken] = event.Records as unknown as [{ dynamodb: { NewImage: unknown } }]
    broken.dynamodb.NewImage = { n: { N: 'many' } }
    expect((await consumer.process(batchOfEvent(event))).settlements).toEqual(['parked', 'parked'])
    expect(await deliver('B:3')).toEqual(['handled'])
    const [lane] = await consumer.parked.lanes()
    expect(lane?.error?.name).toBe('DecodeError')
  })

  test('whatever is thrown is parked, also what can not be looked at', async () => {
    const closed = Proxy.revocable({}, {})
    closed.revoke()
    const nameless = Object.defineProperty(new Error('who?'), 'name', {
      get() {
        throw new Error('it has no name')
      },
    })
    for (const thrown of [closed.proxy, nameless, Symbol('symbol'), null, Object.create(null)] as unknown[]) {
      const { deliver } = world({
        handler() {
          throw thrown
        },
      })
      expect(await deliver('A:1', 'B:2')).toEqual(['parked', 'parked'])
    }
  })

  test('a systemic failure parks nothing', async () => {
    const { deliver, consumer } = world({
      handler: () => {
        throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
      },
    })
    expect(await deliver('A:1')).toEqual([undefined])
    expect(await parkedOf({ consumer })).toEqual([])
  })

  test('a record that could not be stored is not settled', async () => {
    const lot = new MemoryParkingLot()
    lot.park = () => Promise.reject(new LedgerError('away', { retryable: true }))
    const { sick, deliver } = world({ parking: { lot } })
    sick.add('1')
    expect((await deliver('A:1'))[0]).toBeUndefined()
  })

  test('a full lane stops, and so does a full consumer', async () => {
    const { sick, deliver } = world({ parking: { maxPerLane: 2, maxPerConsumer: 3 } })
    sick.add('1').add('4').add('6')
    expect(await deliver('A:1', 'A:2', 'A:3')).toEqual(['parked', 'parked', undefined])
    expect(await deliver('B:4', 'C:6')).toEqual(['parked', undefined])
  })

  test('a consumer that has not counted yet lets nobody in', async () => {
    const parking = { lot: new MemoryParkingLot(), maxPerConsumer: 1 }
    const before = world({ parking })
    before.sick.add('1')
    expect(await before.deliver('A:1')).toEqual(['parked'])
    const { sick, deliver } = world({ parking })
    sick.add('2').add('3')
    expect(await deliver('B:2', 'C:3')).toEqual([undefined, undefined])
  })

  test('a count that failed is made again before anything is parked', async () => {
    const lot = new MemoryParkingLot()
    const parking = { lot, maxPerConsumer: 1 }
    const before = world({ parking })
    before.sick.add('1')
    expect(await before.deliver('A:1')).toEqual(['parked'])
    const list = lot.list.bind(lot)
    lot.list = () => {
      lot.list = list
      return Promise.reject(new LedgerError('away', { retryable: true }))
    }
    const { sick, deliver } = world({ parking })
    sick.add('2')
    expect(await deliver('B:2')).toEqual([undefined])
    expect(await deliver('B:2')).toEqual([undefined])
    expect(await parkedOf(before)).toEqual(['event-1'])
  })

  test('a claim whose owner went silent is parked with what a person has to do', async () => {
    const clock = createManualClock()
    const ledger = memoryLedger({ clock, uncertain: 'park' })
    const gate = deferred()
    const dying = world({ clock, ledger, handler: () => gate.promise })
    void dying.deliver('A:1')
    await turns()
    await clock.advance(3_600_000)
    const { deliver, consumer, effects } = world({ clock, ledger })
    expect(await deliver('A:1', 'A:2')).toEqual(['parked', 'parked'])
    expect((await consumer.parked.lanes())[0]?.error?.name).toBe('UncertainOutcomeError')
    // Nobody knows more of it than before: what is forced is only that the ledger may have forgotten it.
    const [stopped] = (await consumer.redrive({ force: true })).lanes
    expect(stopped).toMatchObject({ redrivenCount: 0, stopped: { reason: 'failed' } })
    expect(effects).toEqual([])
    // Its claim is forgotten a week after it was made, which is before a week after it was parked.
    await clock.advance(7 * 86_400_000 - 1_800_000)
    expect((await consumer.redrive()).lanes[0]?.stopped?.reason).toBe('too-old')
    expect(effects).toEqual([])
    gate.resolve()
  })

  test("without a place to park in, 'park' is refused where it is used", () => {
    const { consumer } = world({ ledger: { open: memoryLedger().open } })
    expect(() => createLambdaHandler(consumer)).toThrow(/no place to park records in/)
  })
})

describe('the circuit', () => {
  const twelve = Array.from({ length: 12 }, (_, index) => `item-${index}:${100 + index}`)

  test('when most items fail alike, nothing more is parked, and one at a time is tried until one succeeds', async () => {
    let isDown = true
    const ran: string[] = []
    const { deliver, clock, consumer } = world({
      handler: ({ sequenceNumber }) => {
        ran.push(sequenceNumber)
        if (isDown) throw new TypeError('the database is away')
      },
    })
    const first = deliver(...twelve)
    await turns()
    expect(ran).toHaveLength(10)
    await clock.advance(2_000)
    expect((await first).map((settlement) => settlement ?? 'open')).toEqual([
      ...Array.from({ length: 9 }, () => 'parked'),
      ...['open', 'open', 'open'],
    ])
    expect(ran).toHaveLength(11)
    isDown = false
    const last = deliver(...twelve.slice(9))
    await turns()
    await clock.advance(4_000)
    await last
    expect(await deliver(...twelve.slice(9))).not.toContain(undefined)
    expect(await parkedOf({ consumer })).toHaveLength(9)
  })

  test('open, it parks what fails for another reason: nothing else may be left that could succeed', async () => {
    const { deliver, clock, consumer } = world({
      handler: ({ sequenceNumber }) => {
        throw sequenceNumber === '200' ? new RangeError('no such amount') : new TypeError('the database is away')
      },
    })
    const first = deliver(...twelve)
    await turns()
    await clock.advance(2_000)
    await first
    const alone = deliver('other:200')
    await turns()
    await clock.advance(10_000)
    expect(await alone).toEqual(['parked'])
    expect(await parkedOf({ consumer })).toHaveLength(10)
  })

  test('open, it soon takes an outage that changes its error for what it is', async () => {
    const forty = Array.from({ length: 40 }, (_, index) => `item-${index}:${100 + index}`)
    let error: Error = new TypeError('the database is away')
    const { deliver, clock, consumer } = world({
      handler: () => {
        throw error
      },
    })
    const deliverForty = async () => {
      const outcome = deliver(...forty)
      await turns()
      await clock.advance(120_000)
      await outcome
    }
    await deliverForty()
    error = new RangeError('the database is still away')
    for (let delivery = 0; delivery < 100; delivery += 1) await deliverForty()
    expect(await parkedOf({ consumer }), 'nine of each').toHaveLength(18)
  })

  test('records that fail each in its own way, or seldom, are parked', async () => {
    const { deliver } = world({
      handler: ({ sequenceNumber }) => {
        throw Object.assign(new Error('no'), { name: `Error${sequenceNumber}` })
      },
    })
    expect(new Set(await deliver(...twelve))).toEqual(new Set(['parked']))
  })
})

describe('attempts that end the process', () => {
  test('count, so that the record is parked by the process after the last permitted one', async () => {
    const clock = createManualClock(Date.parse('2026-01-01T01:00:00Z'))
    const lot = new MemoryParkingLot(clock)
    const started: string[] = []
    /** A process: it stands still for ever at record 2. */
    const born = () =>
      world({
        ...{ clock, parking: { lot }, retry: { maxAttempts: 2 }, ledger: memoryLedger({ clock }) },
        handler: ({ sequenceNumber }) => {
          started.push(sequenceNumber)
          return sequenceNumber === '2' ? new Promise(() => {}) : undefined
        },
      })
    for (let death = 0; death < 2; death += 1) {
      void born().deliver('A:1', 'B:2')
      await turns()
    }
    const { deliver, consumer } = born()
    expect(await deliver('A:1', 'B:2')).toEqual(['handled', 'parked'])
    expect(started.filter((sequence) => sequence === '2')).toHaveLength(2)
    expect((await consumer.parked.lanes())[0]?.error?.message).toMatch(/never heard of again/)
  })

  test('do not count against a record that only ran before the one that ended it', async () => {
    const clock = createManualClock(Date.parse('2026-01-01T00:01:30Z')) // late, so that all of the batch is suspected
    const client = createEmbeddedDynamoDB() as unknown as DynamoDBSender
    await createTidemarkTable({ client, tableName: 'tidemark' })
    const lot = new MemoryParkingLot(clock)
    /** A process: it stands still for ever at record 2. */
    const born = (begun = () => {}) =>
      world({
        ...{ clock, parking: { lot }, retry: { maxAttempts: 3 } },
        ledger: dynamodbLedger({ client, tableName: 'tidemark' }), // its marks are sent some time after the handler
        handler: ({ sequenceNumber }) => (sequenceNumber === '2' ? new Promise(() => begun()) : undefined),
      })
    for (let death = 0; death < 3; death += 1)
      await new Promise<void>((resolve) => void born(resolve).deliver('A:1', 'B:2'))
    expect(await born().deliver('A:1', 'B:2')).toEqual(['duplicate', 'parked'])
  })

  test('cost nothing where the first attempt succeeds, and are forgotten where a later one does', async () => {
    const lot = new MemoryParkingLot()
    const noted: number[] = []
    const { note } = lot
    lot.note = (lane, attempts) => {
      noted.push(attempts.count)
      return note.call(lot, lane, attempts)
    }
    let failures = 2
    const { deliver, clock } = world({
      ...{ parking: { lot }, retry: { maxAttempts: 3, baseDelayMs: 0 } },
      handler: ({ sequenceNumber }) => {
        if (sequenceNumber === '2' && failures-- > 0) throw new Error('again')
      },
    })
    const outcome = deliver('A:1', 'B:2')
    await turns()
    await clock.advance(1_000)
    expect(await outcome).toEqual(['handled', 'handled'])
    expect(noted).toEqual([2, 3])
    expect(await lot.list('c')).toEqual([])
  })
})

describe('redrive', () => {
  test('works a lane off in its order, and then the lane is handled as ever', async () => {
    const { sick, effects, deliver, consumer } = world()
    sick.add('101')
    await deliver('A:100', 'A:101', 'A:103')
    sick.clear()
    expect(await consumer.redrive()).toMatchObject({
      redrivenCount: 2,
      lanes: [{ laneKey: 'S2:pk1:A', outcome: 'open', redrivenCount: 2 }],
    })
    expect(await deliver('A:104')).toEqual(['handled'])
    expect(effects).toEqual(['A:100', 'A:101', 'A:103', 'A:104'])
    expect(await consumer.parked.lanes()).toEqual([])
  })

  test('a record that fails again leaves its lane parked, with its new error and all its attempts', async () => {
    const { sick, effects, deliver, consumer } = world()
    sick.add('102')
    await deliver('A:101', 'A:102', 'A:103')
    const { lanes } = await consumer.redrive()
    expect(lanes).toMatchObject([{ outcome: 'parked', redrivenCount: 0, stopped: { reason: 'failed' } }])
    expect(await parkedOf({ consumer })).toEqual(['event-102', 'event-103'])
    expect((await consumer.parked.records(lanes[0]?.laneId ?? ''))[0]?.attempts).toBe(2)
    expect(effects).toEqual(['A:101'])
  })

  test('what arrives while a lane is redriven queues behind, and is redriven in the same go', async () => {
    const gate = deferred()
    const effects: string[] = []
    let isSick = true
    const { deliver, consumer } = world({
      async handler({ sequenceNumber }) {
        if (isSick) throw new TerminalError('sick')
        if (sequenceNumber === '1') await gate.promise
        effects.push(sequenceNumber)
      },
    })
    await deliver('A:1')
    isSick = false
    const redriven = consumer.redrive()
    await turns()
    expect(await deliver('A:2')).toEqual(['parked'])
    gate.resolve()
    expect(await redriven).toMatchObject({ redrivenCount: 2, lanes: [{ outcome: 'open' }] })
    expect(await deliver('A:3')).toEqual(['handled'])
    expect(effects).toEqual(['1', '2', '3'])
  })

  test('a record that is delivered again after it was redriven is a duplicate, also without a mark', async () => {
    const lot = new MemoryParkingLot()
    const { deliver, consumer, sick, effects } = world({
      ledger: { open: (batch) => memoryLedger().open(batch) },
      parking: { lot },
    })
    sick.add('1')
    await deliver('A:1', 'A:2')
    sick.clear()
    await consumer.redrive()
    expect(await deliver('A:1', 'A:2', 'A:3')).toEqual(['duplicate', 'duplicate', 'handled'])
    expect(effects).toEqual(['A:1', 'A:2', 'A:3'])
  })

  test('what took effect before it could be taken out of the lot does not run again', async () => {
    const { sick, effects, deliver, consumer, ledger } = world()
    sick.add('1')
    await deliver('A:1')
    sick.clear()
    const { parking } = ledger
    if (parking === undefined) throw new Error('a memory ledger parks')
    const { settle } = parking
    parking.settle = () => Promise.reject(new LedgerError('died here', { retryable: true }))
    await expect(consumer.redrive()).rejects.toThrow('died here')
    parking.settle = settle
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 1, lanes: [{ outcome: 'open' }] })
    expect(effects).toEqual(['A:1'])
  })

  test('a limit, a lane and what is older than the ledger remembers', async () => {
    const { sick, deliver, consumer, clock, effects } = world()
    sick.add('1').add('2')
    await deliver('A:1', 'A:3')
    await clock.advance(1)
    await deliver('B:2')
    sick.clear()
    const [a, b] = await consumer.parked.lanes()
    expect(await consumer.redrive({ lane: a?.laneId ?? '', limit: 1 })).toMatchObject({ redrivenCount: 1 })
    expect(effects).toEqual(['A:1'])
    await clock.advance(8 * 86_400_000)
    expect((await consumer.redrive()).lanes.map(({ stopped }) => stopped?.reason)).toEqual(['too-old', 'too-old'])
    expect(await consumer.redrive({ lane: b?.laneId ?? '', force: true })).toMatchObject({ redrivenCount: 1 })
    expect(effects).toEqual(['A:1', 'B:2'])
  })

  test('of a beginning that two lanes have is refused: the other one was not asked for', async () => {
    const { sick, deliver, consumer, effects } = world()
    // So many lanes that two of them begin with the same digit.
    const records = Array.from({ length: 17 }, (_, index) => `K${index}:${index + 1}`)
    for (let sequence = 1; sequence <= 17; sequence += 1) sick.add(String(sequence))
    for (const record of records) {
      await deliver(record)
      await deliver(`well:${Number(record.split(':')[1]) + 100}`, `well:${Number(record.split(':')[1]) + 200}`)
    }
    sick.clear()
    effects.length = 0
    const beginnings = (await consumer.parked.lanes()).map(({ laneId }) => laneId.slice(0, 1))
    const shared = beginnings.find((one, index) => beginnings.indexOf(one) !== index) ?? ''
    await expect(consumer.redrive({ lane: shared })).rejects.toThrow(/is the beginning of \d+ parked lanes; give more/)
    expect(effects).toEqual([])
  })

  test('checks what it is given before anything runs', async () => {
    const { sick, deliver, consumer, effects } = world()
    sick.add('1')
    await deliver('A:1')
    sick.clear()
    for (const wrong of [
      { lane: 7 },
      { force: 'no' },
      { by: 7 },
      { by: '' },
      { signal: {} },
      { limit: 0 },
      { line: '' },
    ])
      await expect(consumer.redrive(wrong as never)).rejects.toThrow(ConfigurationError)
    expect(effects).toEqual([])
  })

  test('ends where the lane counts a record that is not there', async () => {
    const { sick, deliver, consumer, ledger } = world()
    sick.add('1')
    await deliver('A:1')
    const { parking } = ledger
    if (parking === undefined) throw new Error('a memory ledger parks')
    parking.records = () => Promise.resolve([]) // somebody has deleted its row by hand
    expect(await consumer.redrive()).toMatchObject({ redrivenCount: 0, lanes: [{ outcome: 'parked' }] })
  })

  test('an edited record runs under its own idempotency key, and the original stays beside it until then', async () => {
    const seen: unknown[] = []
    const { deliver, consumer } = world({
      handler({ newImage }: { newImage?: Record<string, unknown> }, { idempotencyKey }: { idempotencyKey: string }) {
        seen.push(idempotencyKey)
        if (newImage?.['value'] === 1) throw new TerminalError('not a one')
        seen.push(newImage?.['value'])
      },
    } as never)
    await deliver('A:1')
    const [lane] = await consumer.parked.lanes()
    const laneId = lane?.laneId ?? ''
    const answer = await consumer.parked.edit(laneId.slice(0, 6), 'event-1', (record) => ({
      ...record,
      dynamodb: { ...record.dynamodb, NewImage: { pk: { S: 'A' }, value: { N: '7' } } },
    }))
    expect(answer).toBe('done')
    const record = await consumer.parked.get(laneId, 'event-1')
    expect(record?.original?.dynamodb?.NewImage?.['value']).toEqual({ N: '1' })
    await expect(
      consumer.parked.edit(laneId, 'event-1', (raw) => ({
        ...raw,
        dynamodb: { ...raw.dynamodb, Keys: { pk: { S: 'B' } } },
      })),
    ).rejects.toThrow(/keeps its dynamodb.Keys/)
    for (const image of [{ pk: { S: 'B' }, value: { N: '7' } }, { value: { N: '7' } }])
      await expect(
        consumer.parked.edit(laneId, 'event-1', (raw) => ({ ...raw, dynamodb: { ...raw.dynamodb, NewImage: image } })),
      ).rejects.toThrow(/dynamodb.NewImage.pk/)
    await expect(consumer.parked.edit(laneId, 'event-1', (() => undefined) as never)).rejects.toThrow(/a stream record/)
    await consumer.redrive()
    expect(seen).toEqual([seen[0], seen[0], 7])
  })

  test('a dropped record is not handled; why is kept, and what was behind it is redriven', async () => {
    const { sick, effects, deliver, consumer } = world()
    sick.add('1')
    await deliver('A:1', 'A:2')
    const [lane] = await consumer.parked.lanes()
    const { laneId = '', tableName = '', laneKey = '' } = lane ?? {}
    expect(() => consumer.parked.drop(laneId, 'event-1', { reason: ' ' })).toThrow(/with a reason/)
    for (const wrong of [{ reason: 'x'.repeat(1_001) }, { reason: 'x', by: 7 }] as { reason: string }[])
      expect(() => consumer.parked.drop(laneId, 'event-1', wrong)).toThrow(/a text of at most 1,000 characters/)
    expect(await consumer.parked.drop(laneId, 'event-9', { reason: 'x' })).toBe('not-found')
    expect(await consumer.parked.drop(laneId, 'event-1', { reason: 'a test order', by: 'ann' })).toBe('done')
    expect(await deliver('A:1', 'A:3')).toEqual(['duplicate', 'parked'])
    await consumer.redrive()
    expect(effects).toEqual(['A:2', 'A:3'])
    const past = await consumer.parked.past({ tableName, laneKey })
    expect(past.at(-1)).toMatchObject({ eventId: 'event-1', outcome: 'dropped', reason: 'a test order', by: 'ann' })
  })
})

describe('sinks of parking', () => {
  /** A sink that is out of order as long as it is told to be. */
  function sink() {
    const letters: DeadLetter[] = []
    const state = { isDown: false }
    const deliver = async (letter: DeadLetter) => {
      if (state.isDown) throw new Error('the queue does not answer')
      letters.push(letter)
    }
    return { letters, state, deliver }
  }

  test('are told of what failed, whole and with its error, and not of what waits behind it', async () => {
    const [queue, archive] = [sink(), sink()]
    const { sick, deliver } = world({ parking: { sinks: [queue, archive] } })
    sick.add('101')
    expect(await deliver('A:100', 'A:101', 'B:102', 'A:103')).toEqual(['handled', 'parked', 'handled', 'parked'])
    await deliver('A:101', 'A:103', 'A:104')
    expect(archive.letters).toEqual(queue.letters)
    expect(queue.letters).toMatchObject([
      { consumer: 'c', sequenceNumber: '101', attempts: 1, error: { message: 'sick of 101' } },
    ])
    expect(queue.letters[0]?.record).toMatchObject({ eventID: 'event-101', dynamodb: { NewImage: { pk: { S: 'A' } } } })
  })

  test('while one does not answer, the lane stops and the others go on; nothing is parked untold', async () => {
    const queue = sink()
    const { sick, effects, deliver, consumer } = world({ parking: { sinks: [queue] } })
    sick.add('101')
    queue.state.isDown = true
    expect(await deliver('A:101', 'B:102', 'A:103')).toEqual([undefined, 'handled', undefined])
    expect(await parkedOf({ consumer })).toEqual([])
    queue.state.isDown = false
    expect(await deliver('A:101', 'A:103')).toEqual(['parked', 'parked'])
    expect(queue.letters.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['101'])
    expect(await parkedOf({ consumer })).toEqual(['event-101', 'event-103'])
    expect(effects).toEqual(['B:102'])
  })

  test('are checked when the consumer is made', () => {
    // @ts-expect-error a client is no sink
    expect(() => world({ parking: { sinks: [{ send() {} }] } })).toThrow(
      /parking\.sinks\[0\]\.deliver must be a function/,
    )
    // @ts-expect-error one sink is no list
    expect(() => world({ parking: { sinks: sink() } })).toThrow(/parking\.sinks must be a list/)
  })
})
