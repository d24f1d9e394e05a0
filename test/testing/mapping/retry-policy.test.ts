import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BatchOutcome } from '../../../src/testing/mapping/batch-response.ts'
import { afterInvocation, type Batch, expiredCount, retryDelayMs } from '../../../src/testing/mapping/retry-policy.ts'

const once = { maximumRetryAttempts: 1, bisectBatchOnFunctionError: false }
const forever = { maximumRetryAttempts: -1, bisectBatchOnFunctionError: false }
const bisecting = { maximumRetryAttempts: 0, bisectBatchOnFunctionError: true }
const failed = { status: 'failed' } as const
const batchOf = (...records: readonly number[]): Batch<number> => ({ records, failures: 0 })

describe('after an invocation', () => {
  test('that succeeded, all is settled', () => {
    expect(afterInvocation(batchOf(1, 2, 3), { status: 'succeeded' }, once)).toEqual({
      settled: 3,
      again: [],
      exhausted: false,
    })
  })

  test('that succeeded in part, the rest comes again with a fresh count', () => {
    const batch = { records: [1, 2, 3, 4], failures: 1 }
    expect(afterInvocation(batch, { status: 'partial', firstFailed: 2 }, once)).toEqual({
      settled: 2,
      again: [{ records: [3, 4], failures: 0 }],
      exhausted: false,
    })
  })

  test('that failed, the whole batch comes again and the failure counts', () => {
    expect(afterInvocation(batchOf(1, 2), failed, once)).toEqual({
      settled: 0,
      again: [{ records: [1, 2], failures: 1 }],
      exhausted: false,
    })
  })

  test('that failed once too often, the retries are exhausted', () => {
    expect(afterInvocation({ records: [1], failures: 1 }, failed, once)).toEqual({
      settled: 0,
      again: [],
      exhausted: true,
    })
  })

  test('without retries, the first failure exhausts them', () => {
    expect(afterInvocation(batchOf(1), failed, { ...once, maximumRetryAttempts: 0 }).exhausted).toBe(true)
  })

  test('with unlimited retries, nothing ever exhausts them', () => {
    expect(afterInvocation({ records: [1], failures: 1e6 }, failed, forever).exhausted).toBe(false)
  })

  test('that reported the first record as failed, the batch counts as failed', () => {
    expect(afterInvocation(batchOf(1, 2), { status: 'partial', firstFailed: 0 }, once).again).toEqual([
      { records: [1, 2], failures: 1 },
    ])
  })

  test('a failed batch is halved when bisecting, which costs no retry', () => {
    expect(afterInvocation(batchOf(1, 2, 3), failed, bisecting)).toEqual({
      settled: 0,
      again: [batchOf(1, 2), batchOf(3)],
      exhausted: false,
    })
  })

  test('a single record can not be halved: only it uses up the retries', () => {
    expect(afterInvocation(batchOf(3), failed, bisecting).exhausted).toBe(true)
  })

  test('a reported failure is where a bisected batch is split, and only the rest comes again', () => {
    expect(afterInvocation(batchOf(1, 2, 3, 4), { status: 'partial', firstFailed: 1 }, bisecting)).toEqual({
      settled: 1,
      again: [batchOf(2, 3, 4)],
      exhausted: false,
    })
  })

  test('a failure reported for the first record of a bisected batch halves it', () => {
    const { again } = afterInvocation(batchOf(1, 2), { status: 'partial', firstFailed: 0 }, bisecting)
    expect(again).toEqual([batchOf(1), batchOf(2)])
  })

  const outcomes = fc.oneof(
    fc.constant<BatchOutcome>({ status: 'succeeded' }),
    fc.constant<BatchOutcome>(failed),
    fc.nat(20).map((firstFailed): BatchOutcome => ({ status: 'partial', firstFailed })),
  )

  test('no record is lost or repeated, and order is kept, whatever happens', () => {
    fc.assert(
      fc.property(fc.nat(19), fc.nat(4), outcomes, fc.boolean(), fc.integer({ min: -1, max: 3 }), (last, ...rest) => {
        const [failures, outcome, bisectBatchOnFunctionError, maximumRetryAttempts] = rest
        const records = Array.from({ length: last + 1 }, (_, index) => index)
        if (outcome.status === 'partial' && outcome.firstFailed > last) return
        const policy = { bisectBatchOnFunctionError, maximumRetryAttempts }
        const { settled, again, exhausted } = afterInvocation({ records, failures }, outcome, policy)
        const left = again.flatMap((batch) => batch.records)
        expect(left).toEqual(exhausted ? [] : records.slice(settled))
        expect(again.every((batch) => batch.records.length > 0)).toBe(true)
      }),
    )
  })

  test('a poison record among good ones is alone at last when bisecting, and nothing else is given up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(199), (size, at) => {
        const poison = at % size
        const given: number[] = []
        let work: readonly Batch<number>[] = [batchOf(...Array.from({ length: size }, (_, index) => index))]
        for (let [batch, ...later] = work; batch !== undefined; [batch, ...later] = work) {
          const outcome = batch.records.includes(poison) ? failed : ({ status: 'succeeded' } as const)
          const { again, exhausted } = afterInvocation(batch, outcome, bisecting)
          if (exhausted) given.push(...batch.records)
          work = [...again, ...later]
        }
        expect(given).toEqual([poison])
      }),
    )
  })
})

describe('the age of records', () => {
  const now = Date.UTC(2026, 0, 2)
  const aged = (...seconds: readonly number[]) => seconds.map((age) => ({ createdAt: now - age * 1000 }))
  const minute = { maximumRecordAgeInSeconds: 60 }
  const unlimited = { maximumRecordAgeInSeconds: -1 }

  test('gives up the old ones at the front and no others', () => {
    expect(expiredCount({ records: aged(80, 61, 60, 5), failures: 0 }, now, minute)).toBe(2)
    expect(expiredCount({ records: aged(60, 80), failures: 0 }, now, minute)).toBe(0)
    expect(expiredCount({ records: aged(80, 70), failures: 0 }, now, minute)).toBe(2)
  })

  test('has no limit of its own by default, but retries end with what the stream keeps', () => {
    const day = 24 * 60 * 60
    expect(expiredCount({ records: aged(10 * day), failures: 0 }, now, unlimited)).toBe(0)
    expect(expiredCount({ records: aged(day), failures: 1 }, now, unlimited)).toBe(0)
    expect(expiredCount({ records: aged(day + 1), failures: 1 }, now, unlimited)).toBe(1)
  })
})

describe('the delay of a retry', () => {
  test('doubles with each failure up to 64 times, half as much more or less', () => {
    expect([1, 2, 3, 4].map((failures) => retryDelayMs(failures, 100, 0.5))).toEqual([100, 200, 400, 800])
    expect([7, 8, 100].map((failures) => retryDelayMs(failures, 100, 0.5))).toEqual([6400, 6400, 6400])
    expect([0, 0.5, 1].map((random) => retryDelayMs(1, 100, random))).toEqual([50, 100, 150])
  })
})
