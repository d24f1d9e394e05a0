import type { DynamoDBStreamEvent, DynamoDBStreamHandler } from 'aws-lambda'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createConsumer, memoryLedger, silentLogger, type ConsumerOptions } from '../src/index.ts'
import { createLambdaHandler, type LambdaContext, type LambdaStreamEvent } from '../src/lambda.ts'
import { createManualClock, type ManualClock } from '../src/testing/manual-clock.ts'
import { deferred, turns } from './support/deferred.ts'
import { changes, lambdaEvent, streamArn } from './support/events.ts'

function handlerOf(options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'handler'>, lambdaOptions = {}) {
  return createLambdaHandler(
    createConsumer({ name: 'c', logger: silentLogger, retry: { maxAttempts: 1 }, ...options }),
    lambdaOptions,
  )
}

/** A Lambda context with this much time, by the test's clock. */
function contextOf(clock: ManualClock, remainingMs: number): LambdaContext {
  const deadline = clock.monotonic() + remainingMs
  return { getRemainingTimeInMillis: () => deadline - clock.monotonic() }
}

const fails = (...sequences: string[]) => ({
  handler({ sequenceNumber }: { readonly sequenceNumber: string }) {
    if (sequences.includes(sequenceNumber)) throw new Error('no')
  },
})

describe('the answer', () => {
  test('is empty when all is settled, whether handled, filtered or seen before', async () => {
    const handler = handlerOf({ select: { eventName: ['INSERT'] }, ledger: memoryLedger(), handler: () => {} })
    const event = lambdaEvent({ key: 'A', sequence: 1 }, { key: 'B', sequence: 2, event: 'MODIFY' })
    expect(await handler(event)).toEqual({ batchItemFailures: [] })
    expect(await handler(event)).toEqual({ batchItemFailures: [] })
  })

  test('names exactly one record, the first that is not settled, however many failed', async () => {
    const handler = handlerOf(fails('2', '3', '5'))
    const event = lambdaEvent(...changes('A:1', 'B:2', 'C:3', 'D:4', 'E:5'))
    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] })
  })

  test('for an empty batch is empty', async () => {
    expect(await handlerOf({ handler: () => {} })({ Records: [] })).toEqual({ batchItemFailures: [] })
  })

  test('goes by the number where a batch is out of order, as Lambda does', async () => {
    const handler = handlerOf(fails('9', '10'))
    const event = lambdaEvent(...changes('A:10', 'B:9', 'C:8'))
    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '9' }] })
  })

  test('goes by the place in the batch where several streams are mixed', async () => {
    const handler = handlerOf(fails('7', '20'))
    const stream = streamArn.replace('orders', 'users')
    const event = lambdaEvent({ key: 'A', sequence: 3 }, { key: 'B', sequence: 20 }, { key: 'C', sequence: 7, stream })
    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '20' }] })
  })

  test('is an error instead where the mapping does not read answers', async () => {
    const handler = handlerOf(fails('2'), { reportBatchItemFailures: false })
    expect(await handler(lambdaEvent(...changes('A:1')))).toEqual({ batchItemFailures: [] })
    await expect(handler(lambdaEvent(...changes('A:1', 'B:2')))).rejects.toMatchObject({
      code: 'ERR_BATCH_INCOMPLETE',
      message: expect.stringContaining('up to record 2'),
      cause: expect.objectContaining({ message: 'no' }),
    })
  })
})

describe('a tumbling window', () => {
  const window = { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z' }

  test('gets its state back untouched, with the answer', async () => {
    const state = { total: 3, nested: { deep: [1] } }
    const event = { ...lambdaEvent(...changes('A:1', 'B:2')), window, state, isFinalInvokeForWindow: false }
    const handler = handlerOf(fails('2'))
    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }], state })
  })

  test('without a state yet, and at its end without records, gets an empty one', async () => {
    const handler = handlerOf({ handler: () => {} })
    const last = { Records: [], window, isFinalInvokeForWindow: true, isWindowTerminatedEarly: false }
    expect(await handler(last)).toEqual({ batchItemFailures: [], state: {} })
  })

  test('is told from a plain event, whose answer has no state', async () => {
    expect(await handlerOf({ handler: () => {} })(lambdaEvent(...changes('A:1')))).not.toHaveProperty('state')
  })
})

describe('the deadline', () => {
  test('starts nothing more, aborts what runs, keeps what is settled and names the first that is not', async () => {
    const clock = createManualClock()
    const started: string[] = []
    const ledger = memoryLedger({ clock })
    const handler = handlerOf({
      clock,
      ledger,
      concurrency: 1,
      async handler({ sequenceNumber }, { signal }) {
        started.push(sequenceNumber)
        await clock.sleep(2_800, signal)
        signal.throwIfAborted()
      },
    })
    const all = lambdaEvent(...changes('A:1', 'B:2', 'C:3', 'D:4', 'E:5'))
    const answer = handler(all, contextOf(clock, 10_000))
    await clock.advance(9_000) // 10 % of ten seconds are in reserve
    expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '4' }] })
    expect(started).toEqual(['1', '2', '3', '4']) // 4 was under way when it was aborted
    const again = handler(all, contextOf(clock, 60_000))
    await clock.advance(30_000)
    expect(await again).toEqual({ batchItemFailures: [] })
    expect(started).toEqual(['1', '2', '3', '4', '4', '5'])
  })

  test('answers in time although a handler does not heed its signal, and its item then waits for it', async () => {
    const clock = createManualClock()
    const gate = deferred()
    const log: string[] = []
    const handler = handlerOf({
      clock,
      ledger: memoryLedger({ clock }),
      async handler({ sequenceNumber }, { attempt }) {
        log.push(`${sequenceNumber} starts`)
        if (log.length === 1 && attempt === 1) await gate.promise
        log.push(`${sequenceNumber} ends`)
      },
    })
    const event = lambdaEvent(...changes('A:1', 'A:2'))
    const answer = handler(event, contextOf(clock, 10_000))
    await clock.advance(9_999)
    expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] })
    const again = handler(event, contextOf(clock, 10_000))
    await clock.advance(1_000)
    expect(log).toEqual(['1 starts'])
    gate.resolve()
    await turns()
    expect(await again).toEqual({ batchItemFailures: [] })
    // 1 had taken effect after its batch was answered: that is known, and it is not done again.
    expect(log).toEqual(['1 starts', '1 ends', '2 starts', '2 ends'])
  })

  test('comes at half the time at the latest, so that a short function gets on too', async () => {
    const clock = createManualClock()
    const handler = handlerOf({ clock, concurrency: 1, handler: () => clock.sleep(60) })
    const answer = handler(lambdaEvent(...changes('A:1', 'B:2', 'C:3')), contextOf(clock, 200))
    await clock.advance(200)
    expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '3' }] })
  })

  test('is where it is set to be', async () => {
    for (const [deadlineReserveMs, failures] of [
      [1_000, []],
      [5_000, [{ itemIdentifier: '4' }]],
    ] as const) {
      const clock = createManualClock()
      const options = { clock, concurrency: 1, handler: () => clock.sleep(1_800) }
      const handler = handlerOf(options, { deadlineReserveMs })
      const answer = handler(lambdaEvent(...changes('A:1', 'B:2', 'C:3', 'D:4')), contextOf(clock, 10_000))
      await clock.advance(10_000)
      expect(await answer).toEqual({ batchItemFailures: failures })
    }
  })

  test('ends a wait between two attempts', async () => {
    const clock = createManualClock()
    const handler = handlerOf({
      clock,
      retry: { maxAttempts: 10, baseDelayMs: 60_000, maxDelayMs: 60_000 },
      ...fails('1'),
    })
    const answer = handler(lambdaEvent(...changes('A:1')), contextOf(clock, 10_000))
    await clock.advance(9_000)
    expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] })
  })

  test('nor after a schema that took its time', async () => {
    const clock = createManualClock()
    let runs = 0
    const validate = async (value: unknown) => {
      await clock.sleep(9_200)
      return { value }
    }
    const handler = handlerOf({
      clock,
      schema: { keys: { '~standard': { version: 1, vendor: 'test', validate } } },
      handler: () => void (runs += 1),
    })
    const answer = handler(lambdaEvent(...changes('A:1')), contextOf(clock, 10_000))
    await clock.advance(10_000)
    expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] })
    expect(runs).toBe(0)
  })

  test('a claim that is granted after it is given back, and its handler is not started', async () => {
    const clock = createManualClock()
    const calls: string[] = []
    const handler = handlerOf({
      clock,
      ledger: {
        open: async () => ({
          laneWaits: false,
          async claim(entry) {
            await clock.sleep(9_200)
            return { status: 'claimed', claim: { entry, token: 't', transaction: undefined } }
          },
          complete: () => void calls.push('complete'),
          release: () => void calls.push('release'),
          flush: async () => {},
          close: () => void calls.push('close'),
        }),
      },
      handler: () => void calls.push('handler'),
    })
    const answer = handler(lambdaEvent(...changes('A:1', 'A:2')), contextOf(clock, 10_000))
    await clock.advance(10_000)
    expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] })
    expect(calls).toEqual(['release', 'close'])
  })

  test('a ledger that does not answer by then fails the batch with an error that says so', async () => {
    const clock = createManualClock()
    const handler = handlerOf({ clock, ledger: { open: () => new Promise(() => {}) }, handler: () => {} })
    const answer = handler(lambdaEvent(...changes('A:1')), contextOf(clock, 10_000))
    const failed = expect(answer).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    await clock.advance(10_000)
    await failed
  })
})

describe("two invocations at once, under 'park'", () => {
  test('run each handler once between them, and both can answer that all is settled', async () => {
    const clock = createManualClock()
    const ledger = memoryLedger({ clock, uncertain: 'park' })
    const runs: string[] = []
    const handler = () =>
      handlerOf({
        clock,
        ledger,
        async handler({ sequenceNumber }) {
          runs.push(sequenceNumber)
          await clock.sleep(500)
        },
      })
    const event = lambdaEvent(...changes('A:1', 'A:2', 'B:3', 'C:4'))
    const answers = [handler()(event, contextOf(clock, 60_000)), handler()(event, contextOf(clock, 60_000))]
    await clock.advance(30_000)
    for (const answer of answers) expect(await answer).toEqual({ batchItemFailures: [] })
    expect(runs.toSorted()).toEqual(['1', '2', '3', '4'])
  })
})

describe('what is no stream event', () => {
  test.each([[undefined], [null], ['text'], [{}], [{ Records: 'x' }], [{ Records: [null] }], [{ Records: [{}] }]])(
    '%j fails with an error that says so',
    async (event) => {
      const handler = handlerOf({ handler: () => {} })
      await expect(handler(event as unknown as LambdaStreamEvent)).rejects.toMatchObject({ code: 'ERR_DECODE' })
    },
  )

  test("another source's event is named", async () => {
    const handler = handlerOf({ handler: () => {} })
    const event = { Records: [{ eventSource: 'aws:sqs', dynamodb: {} }] }
    await expect(handler(event)).rejects.toThrow(/aws:dynamodb.*aws:sqs/)
  })
})

test.each([
  [{ deadlineReserveMs: -1 }, /deadlineReserveMs must be a whole number from 0 to 900000; got -1/],
  [{ deadlineReserve: 1 }, /there is no 'deadlineReserve'/],
])('options %o are refused', (options, message) => {
  expect(() => createLambdaHandler(createConsumer({ name: 'c', handler: () => {} }), options as object)).toThrow(
    message,
  )
})

test('the function is what the types of AWS call a DynamoDB stream handler', () => {
  const handler = handlerOf({ handler: () => {} })
  expectTypeOf(handler).toExtend<DynamoDBStreamHandler>()
  expectTypeOf<DynamoDBStreamEvent>().toExtend<LambdaStreamEvent>()
})
