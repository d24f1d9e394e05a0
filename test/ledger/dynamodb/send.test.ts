import { describe, expect, test } from 'vitest'
import { CoordinationError } from '../../../src/errors.ts'
import { TableSender } from '../../../src/ledger/dynamodb/send.ts'
import { systemRandom } from '../../../src/internal/system.ts'
import { createManualClock } from '../../../src/testing/manual-clock.ts'
import { awsError } from '../../support/intercept.ts'

function senderFor(forMs?: number) {
  const clock = createManualClock()
  const sender = new TableSender(
    { send: () => Promise.reject(new Error('requests here do not use it')) },
    'coordination',
    clock,
    systemRandom,
    {
      maxAttempts: 50,
      baseDelayMs: 40,
      maxDelayMs: 200,
      ...(forMs === undefined ? {} : { forMs }),
      what: 'the leases',
      actions: 'dynamodb:UpdateItem',
      failure: (message, options) => new CoordinationError(message, options),
    },
  )
  return { clock, sender }
}

/** Lets time pass until the work is done, for at most a minute; says how long that took. */
async function tookMs(clock: ReturnType<typeof createManualClock>, work: Promise<unknown>): Promise<number> {
  const startedAt = clock.monotonic()
  const progress = { isDone: false }
  const finish = () => void (progress.isDone = true)
  void work.then(finish, finish)
  await clock.advance(0)
  while (!progress.isDone && clock.monotonic() - startedAt < 60_000) await clock.advance(1)
  return clock.monotonic() - startedAt
}

const silent = () => new Promise<never>(() => {})

describe('requests with a deadline', () => {
  test('are given up by then, however the server fails', async () => {
    for (const request of [silent, () => Promise.reject(awsError('ThrottlingException'))]) {
      const { clock, sender } = senderFor(1_000)
      const work = sender.send('write', request)
      expect(await tookMs(clock, work)).toBeLessThanOrEqual(1_000)
      await expect(work).rejects.toMatchObject({ code: 'ERR_COORDINATION', retryable: true })
    }
  })

  test('on a connection on which nothing comes back are tried on another', async () => {
    const { clock, sender } = senderFor(1_000)
    const signals: AbortSignal[] = []
    const work = sender.send('write', (_client, { abortSignal }) => {
      signals.push(abortSignal)
      return signals.length === 1 ? silent() : Promise.resolve('answer')
    })
    await tookMs(clock, work)
    expect(await work).toBe('answer')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  test('are tried again when the client rejects for being aborted', async () => {
    const { clock, sender } = senderFor(1_000)
    let tries = 0
    const work = sender.send('write', (_client, { abortSignal }) => {
      tries += 1
      if (tries > 1) return Promise.resolve('answer')
      return new Promise<string>((_resolve, reject) =>
        abortSignal.addEventListener('abort', () => reject(awsError('AbortError'))),
      )
    })
    await tookMs(clock, work)
    expect(await work).toBe('answer')
  })

  test('leave no timer behind', async () => {
    const { clock, sender } = senderFor(1_000)
    let signal: AbortSignal | undefined
    await sender.send('read', async (_client, { abortSignal }) => void (signal = abortSignal))
    await clock.advance(10_000)
    expect(signal?.aborted).toBe(false)
  })
})

test('without a deadline a request is waited for as long as it takes', async () => {
  const { clock, sender } = senderFor()
  let signal: AbortSignal | undefined
  const work = sender.send('read', (_client, { abortSignal }) => {
    signal = abortSignal
    return clock.sleep(30_000).then(() => 'late')
  })
  expect(await tookMs(clock, work)).toBe(30_000)
  expect(await work).toBe('late')
  expect(signal?.aborted).toBe(false)
})

describe('an answer and a failure', () => {
  const cancelled = (...codes: string[]) =>
    Object.assign(awsError('TransactionCanceledException'), { CancellationReasons: codes.map((Code) => ({ Code })) })

  test.each([
    ['a condition that failed', awsError('ConditionalCheckFailedException')],
    ["a transaction's condition that failed", cancelled('None', 'ConditionalCheckFailed')],
  ])('%s is an answer: thrown as it came, at once', async (_what, error) => {
    const { sender } = senderFor(1_000)
    await expect(sender.send('write', () => Promise.reject(error))).rejects.toBe(error)
  })

  test.each([
    ['what nobody knows', new Error('boom'), /could not write the leases in table 'coordination': boom$/],
    ['a transaction that can never be', cancelled('ValidationError'), /made by the test/],
    ['access denied', awsError('AccessDeniedException'), /allow dynamodb:UpdateItem on it/],
  ])('%s is a failure that says so, at once', async (_what, error, message) => {
    const { sender } = senderFor(1_000)
    const work = sender.send('write', () => Promise.reject(error))
    await expect(work).rejects.toThrow(message)
    await expect(work).rejects.toMatchObject({ code: 'ERR_COORDINATION', retryable: false, cause: error })
  })
})
