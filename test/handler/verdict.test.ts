import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigurationError, LedgerError, RetryableError, SchemaError, TerminalError } from '../../src/errors.ts'
import { classifyFailure } from '../../src/handler/failure.ts'
import { defaultRetryPolicy, retryDelayMs } from '../../src/handler/retry-policy.ts'
import { judge } from '../../src/handler/verdict.ts'
import { classifyAwsError } from '../../src/internal/aws-error.ts'

const random = { next: () => 0.5, id: () => 'id' }
const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSet: true })

describe('a wait between attempts', () => {
  test('is anywhere below a ceiling that doubles up to the maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, next) => {
          const ceiling = Math.min(10_000, 100 * 2 ** (attempt - 1))
          const delay = retryDelayMs(defaultRetryPolicy, attempt, { ...random, next: () => next })
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(delay).toBeLessThanOrEqual(ceiling)
        },
      ),
    )
  })
})

describe('a failure', () => {
  test.each([
    [new TerminalError('x'), 'terminal'],
    [new SchemaError('keys', []), 'terminal'],
    [new RetryableError('x'), 'ordinary'],
    [new LedgerError('x', { retryable: true }), 'systemic'],
    [new ConfigurationError('x'), 'systemic'],
    [new TypeError('x'), 'ordinary'],
    [undefined, 'ordinary'],
    [Object.assign(new Error('x'), { name: 'ThrottlingException' }), 'systemic'],
    [
      Object.assign(new Error('x'), {
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
      }),
      'systemic',
    ],
    [
      Object.assign(new Error('x'), {
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'ConditionalCheckFailed' }],
      }),
      'ordinary',
    ],
    [Object.assign(new Error('x'), { name: 'AccessDeniedException' }), 'systemic'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'systemic'],
    [Object.assign(new Error('x'), { $metadata: { httpStatusCode: 503 } }), 'systemic'],
    [Object.assign(new Error('x'), { name: 'ConditionalCheckFailedException' }), 'ordinary'],
    [Object.assign(new Error('x'), { name: 'ValidationException' }), 'ordinary'],
  ])('%s is %s', (error, failure) => {
    expect(classifyFailure(error)).toBe(failure)
  })

  test('may be anything at all', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 5 }), fc.boolean(), (error, attempt, aborted) => {
        const verdict = judge(error, attempt, aborted, defaultRetryPolicy, random)
        expect(verdict.action).toBe(attempt < 3 && !aborted ? 'retry' : 'give-up')
      }),
    )
  })

  test('that comes after the signal has aborted is no fault of the record, unless it says so itself', () => {
    const judged = (error: unknown) => judge(error, 3, true, defaultRetryPolicy, random)
    expect(judged(new Error('aborted'))).toEqual({ action: 'give-up', reason: 'systemic' })
    expect(judged(new TerminalError('never'))).toEqual({ action: 'give-up', reason: 'poison' })
  })

  test.each([NaN, -1, Infinity, '5'])('asks for a wait of %s in vain', (retryAfterMs) => {
    const error = new RetryableError({ retryAfterMs: retryAfterMs as number })
    const verdict = judge(error, 1, false, defaultRetryPolicy, random)
    expect(verdict).toEqual({ action: 'retry', delayMs: 50 })
  })
})

describe('an error of AWS', () => {
  test.each([
    [{ name: 'ProvisionedThroughputExceededException' }, 'throttled'],
    [{ name: 'TransactionCanceledException' }, 'transaction-canceled'],
    [{ name: 'ExpiredIteratorException' }, 'expired-iterator'],
    [{ name: 'TrimmedDataAccessException' }, 'trimmed-data'],
    [{ name: 'ResourceNotFoundException' }, 'resource-not-found'],
    [{ name: 'ExpiredTokenException' }, 'credentials'],
    [{ name: 'Error', code: 'ECONNRESET' }, 'network'],
    [{ name: 'SomethingNew', $metadata: { httpStatusCode: 429 } }, 'throttled'],
    [{ name: 'SomethingNew', $metadata: { httpStatusCode: 500 } }, 'unavailable'],
    [{ name: 'SomethingNew', $metadata: { httpStatusCode: 400 } }, 'unknown'],
    ['ThrottlingException', 'unknown'],
  ])('%j is %s', (error, kind) => {
    expect(classifyAwsError(error)).toBe(kind)
  })

  test('is told from anything else without ever throwing', () => {
    const hostile = {
      get name(): string {
        throw new Error('no')
      },
    }
    expect(classifyAwsError(hostile)).toBe('unknown')
    fc.assert(fc.property(anything, (value) => void classifyAwsError(value)))
  })
})
