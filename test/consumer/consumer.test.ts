import { describe, expect, test } from 'vitest'
import { createConsumer, memoryLedger, RetryableError, silentLogger, TerminalError } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { deferred, turns } from '../support/deferred.ts'
import { changes, lambdaEvent, streamArn } from '../support/events.ts'

const quick = { logger: silentLogger, retry: { baseDelayMs: 0 } }

function identifiers(response: { batchItemFailures: readonly { itemIdentifier: string }[] }): string[] {
  return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

describe('order', () => {
  for (const uncertain of ['retry', 'park'] as const) {
    test(`a failed record lets nothing later of its item pass (uncertain: '${uncertain}')`, async () => {
      const applied: string[] = []
      let failures = 1
      const handler = createLambdaHandler(
        createConsumer({
          ...quick,
          name: 'projection',
          retry: { maxAttempts: 1 },
          ledger: memoryLedger({ uncertain }),
          async handler({ keys, sequenceNumber }) {
            if (sequenceNumber === '101' && failures-- > 0) throw new Error('transient')
            applied.push(`${String(keys['pk'])}:${sequenceNumber}`)
          },
        }),
      )
      const all = changes('A:100', 'A:101', 'B:102', 'A:103')
      expect(identifiers(await handler(lambdaEvent(...all)))).toEqual(['101'])
      expect(identifiers(await handler(lambdaEvent(...all.slice(1))))).toEqual([])
      expect(applied).toEqual(['A:100', 'B:102', 'A:101', 'A:103'])
    })
  }

  test('records of one item run one after the other, items side by side up to the concurrency', async () => {
    const gates = new Map<string, ReturnType<typeof deferred<void>>>()
    const started: string[] = []
    const consumer = createConsumer({
      ...quick,
      name: 'c',
      concurrency: 2,
      async handler({ keys, sequenceNumber }) {
        started.push(`${String(keys['pk'])}:${sequenceNumber}`)
        const gate = deferred()
        gates.set(sequenceNumber, gate)
        await gate.promise
      },
    })
    const outcome = consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'A:2', 'B:3', 'C:4'))))
    await turns()
    expect(started).toEqual(['A:1', 'B:3'])
    gates.get('3')?.resolve()
    await turns()
    expect(started).toEqual(['A:1', 'B:3', 'C:4'])
    gates.get('1')?.resolve()
    gates.get('4')?.resolve()
    await turns()
    expect(started).toEqual(['A:1', 'B:3', 'C:4', 'A:2'])
    gates.get('2')?.resolve()
    expect((await outcome).frontier).toBe(4)
  })
})

describe('failures', () => {
  test('an ordinary error is tried again with growing waits, and the attempt is told', async () => {
    const clock = createManualClock()
    const attempts: number[] = []
    const consumer = createConsumer({
      name: 'c',
      logger: silentLogger,
      clock,
      random: { next: () => 0.5, id: () => 'id' },
      async handler(_record, { attempt }) {
        attempts.push(attempt)
        if (attempt < 3) throw new Error('again')
      },
    })
    const outcome = consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    await clock.advance(49)
    expect(attempts).toEqual([1])
    await clock.advance(1)
    expect(attempts).toEqual([1, 2])
    await clock.advance(100)
    expect(attempts).toEqual([1, 2, 3])
    expect((await outcome).settlements).toEqual(['handled'])
  })

  test('a terminal error is not tried again', async () => {
    let runs = 0
    const consumer = createConsumer({
      ...quick,
      name: 'c',
      async handler() {
        runs += 1
        throw new TerminalError('never')
      },
    })
    const { stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    expect(runs).toBe(1)
    expect(stopped).toMatchObject([{ position: 0, reason: 'poison', attempts: 1 }])
  })

  test('a retryable error sets its own wait', async () => {
    const clock = createManualClock()
    let runs = 0
    const consumer = createConsumer({
      name: 'c',
      logger: silentLogger,
      clock,
      async handler() {
        runs += 1
        if (runs === 1) throw new RetryableError({ retryAfterMs: 5_000 })
      },
    })
    const outcome = consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    await clock.advance(4_999)
    expect(runs).toBe(1)
    await clock.advance(1)
    expect((await outcome).settlements).toEqual(['handled'])
  })

  test('throttling is never held against the record', async () => {
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
    const consumer = createConsumer({ ...quick, name: 'c', handler: () => Promise.reject(throttled) })
    const { stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    expect(stopped).toMatchObject([{ reason: 'systemic', attempts: 3 }])
  })

  test('a record that waits for its next attempt keeps no slot from others', async () => {
    const clock = createManualClock()
    const ran: string[] = []
    const consumer = createConsumer({
      name: 'c',
      logger: silentLogger,
      clock,
      concurrency: 1,
      retry: { baseDelayMs: 1_000 },
      async handler({ keys }, { attempt }) {
        if (keys['pk'] === 'A' && attempt === 1) throw new RetryableError({ retryAfterMs: 1_000 })
        ran.push(String(keys['pk']))
      },
    })
    const outcome = consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2'))))
    await clock.advance(1)
    expect(ran).toEqual(['B'])
    await clock.advance(1_000)
    expect((await outcome).frontier).toBe(2)
  })
})

describe('identity', () => {
  test("'record' counts every change, also two inserts of one key", async () => {
    let runs = 0
    const handler = createLambdaHandler(
      createConsumer({ ...quick, name: 'c', ledger: memoryLedger(), handler: () => void (runs += 1) }),
    )
    await handler(lambdaEvent(...changes('A:1', 'A:2')))
    await handler(lambdaEvent(...changes('A:1', 'A:2')))
    expect(runs).toBe(2)
  })

  test("'message' counts a key once, however often it is inserted", async () => {
    let runs = 0
    const handler = createLambdaHandler(
      createConsumer({
        ...quick,
        name: 'c',
        identity: 'message',
        ledger: memoryLedger(),
        handler: () => void (runs += 1),
      }),
    )
    expect(identifiers(await handler(lambdaEvent(...changes('A:1', 'A:2', 'B:3'))))).toEqual([])
    await handler(lambdaEvent(...changes('A:4')))
    expect(runs).toBe(2)
  })

  test('a business id is counted once even where it comes in two items of one batch', async () => {
    const seen: string[] = []
    const consumer = createConsumer({
      ...quick,
      name: 'c',
      identity: (record) => String(record.newImage?.['order']),
      ledger: memoryLedger(),
      async handler({ sequenceNumber }) {
        await turns()
        seen.push(sequenceNumber)
      },
    })
    const order = { order: { S: 'o-1' } }
    const event = lambdaEvent({ key: 'A', sequence: 1, image: order }, { key: 'B', sequence: 2, image: order })
    const { settlements } = await consumer.process(batchOfEvent(event))
    expect(seen).toEqual(['1'])
    expect(settlements).toEqual(['handled', 'duplicate'])
  })

  test('an identity that can not be told makes its record poison and no other', async () => {
    const consumer = createConsumer({
      ...quick,
      name: 'c',
      ledger: memoryLedger(),
      identity: (record) => (record.keys['pk'] === 'A' ? '' : 'fine'),
      handler: () => {},
    })
    const { settlements, stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2'))))
    expect(settlements).toEqual([undefined, 'handled'])
    expect(stopped).toMatchObject([{ reason: 'poison', error: { code: 'ERR_TERMINAL' } }])
  })

  test('the idempotency key is stable over deliveries and consumers do not share it', async () => {
    const keys: string[] = []
    for (const name of ['one', 'one', 'two']) {
      const consumer = createConsumer({
        ...quick,
        name,
        handler: (_record, { idempotencyKey }) => void keys.push(idempotencyKey),
      })
      await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    }
    expect(keys[0]).toMatch(/^[\w-]{22}$/)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
  })
})

describe('what is wrong with a record', () => {
  test('a value that would be rounded is poison, not rounded', async () => {
    const consumer = createConsumer({ ...quick, name: 'c', handler: () => {} })
    const image = { total: { N: '9007199254740993' } }
    const event = lambdaEvent({ key: 'A', sequence: 1, image }, { key: 'B', sequence: 2 })
    const { settlements, stopped } = await consumer.process(batchOfEvent(event))
    expect(settlements).toEqual([undefined, 'handled'])
    expect(stopped).toMatchObject([{ reason: 'poison', error: { path: 'dynamodb.NewImage.total.N' } }])
  })

  test('nothing behind a record that does not say its item may run', async () => {
    const seen: string[] = []
    const consumer = createConsumer({ ...quick, name: 'c', handler: (r) => void seen.push(r.sequenceNumber) })
    const records = [...lambdaEvent(...changes('A:1', 'B:2', 'C:3')).Records]
    records[1] = { ...records[1], dynamodb: { ...records[1]?.dynamodb, Keys: {} } }
    const { frontier, stopped } = await consumer.process(batchOfEvent({ Records: records }))
    expect(seen).toEqual(['1'])
    expect(frontier).toBe(1)
    expect(stopped).toMatchObject([{ position: 1, reason: 'poison' }])
  })

  test('a record without an event name is not taken for one that nobody wants', async () => {
    const consumer = createConsumer({ ...quick, name: 'c', select: { eventName: ['INSERT'] }, handler: () => {} })
    const records = [...lambdaEvent(...changes('A:1', 'B:2')).Records]
    records[0] = { ...records[0], eventName: 'SOMETHING_NEW' }
    const { settlements } = await consumer.process(batchOfEvent({ Records: records }))
    expect(settlements).toEqual([undefined, 'handled'])
  })

  test('a record that can not be located fails the batch with an error that says where', async () => {
    const consumer = createConsumer({ ...quick, name: 'c', handler: () => {} })
    for (const broken of [null, 1, 'x', [], {}, { dynamodb: {} }, { dynamodb: { SequenceNumber: '' } }])
      await expect(consumer.process({ records: [broken as never] })).rejects.toMatchObject({ code: 'ERR_DECODE' })
  })
})

describe('what the stream must carry', () => {
  const keysOnly = () => {
    const [record] = lambdaEvent(...changes('A:1')).Records
    const { NewImage: _image, ...change } = (record?.dynamodb ?? {}) as { readonly NewImage?: unknown }
    return { records: [{ ...record, dynamodb: { ...change, StreamViewType: 'KEYS_ONLY' } }] as never }
  }

  test('a schema for an image on a keys-only stream is a configuration error, and no record is blamed', async () => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const
    const consumer = createConsumer({ ...quick, name: 'c', schema: { newImage: schema }, handler: () => {} })
    await expect(consumer.process(keysOnly())).rejects.toThrow(/needs the newImage \(schema\.newImage\).*KEYS_ONLY/)
  })

  test('so is a pattern that looks at one, for it would drop every record without a word', async () => {
    const select = { dynamodb: { NewImage: { state: { S: ['open'] } } } }
    const consumer = createConsumer({ ...quick, name: 'c', select, handler: () => {} })
    await expect(consumer.process(keysOnly())).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })

  test('and a declared view type', async () => {
    const consumer = createConsumer({ ...quick, name: 'c', viewType: 'NEW_IMAGE', handler: () => {} })
    await expect(consumer.process(keysOnly())).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })

  test('keys alone are fine where nothing else is asked for', async () => {
    const consumer = createConsumer({ ...quick, name: 'c', viewType: 'KEYS_ONLY', handler: () => {} })
    expect((await consumer.process(keysOnly())).settlements).toEqual(['handled'])
  })
})

describe('a ledger that fails', () => {
  test('stops everything: no further handler runs whose effect could not be noted', async () => {
    const ran: string[] = []
    const failing = memoryLedger()
    const consumer = createConsumer({
      ...quick,
      name: 'c',
      concurrency: 1,
      ledger: {
        async open(batch) {
          const session = await failing.open(batch)
          return {
            ...{ laneWaits: true, commitsAlone: true },
            claim: (entry) => session.claim(entry),
            complete: () => Promise.reject(new Error('no table')),
            release: (claim) => session.release(claim),
            flush: () => session.flush(),
            close() {},
          }
        },
      },
      handler: ({ sequenceNumber }) => void ran.push(sequenceNumber),
    })
    const { settlements, stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'A:2', 'B:3'))))
    expect(ran).toEqual(['1'])
    expect(settlements).toEqual([undefined, undefined, undefined])
    expect(stopped.map(({ reason }) => reason)).toEqual(['systemic', 'systemic'])
  })
})

test('batches of several streams and of one table name are told apart', async () => {
  const seen: string[] = []
  const consumer = createConsumer({
    ...quick,
    name: 'c',
    ledger: memoryLedger(),
    handler: ({ streamArn: arn, sequenceNumber }) => void seen.push(`${arn === streamArn}:${sequenceNumber}`),
  })
  const stream = streamArn.replace('2026-01-01', '2026-02-01')
  const event = lambdaEvent({ key: 'A', sequence: 1 }, { key: 'A', sequence: 1, stream })
  expect((await consumer.process(batchOfEvent(event))).frontier).toBe(2)
  expect(seen).toEqual(['true:1', 'false:1'])
})
