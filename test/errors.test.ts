import { describe, expect, test } from 'vitest'
import {
  BatchIncompleteError,
  CircuitOpenError,
  ConditionFailedError,
  ConfigurationError,
  CoordinationError,
  DeadlineError,
  DecodeError,
  EncodeError,
  errorCodes,
  isTidemarkError,
  LeaseLostError,
  LedgerError,
  ParkingFullError,
  RecordsGoneError,
  RetryableError,
  SchemaError,
  TerminalError,
  TidemarkError,
  TransactionError,
  UncertainOutcomeError,
} from '../src/errors.ts'

const cause = new Error('underneath')

const table = [
  [new ConfigurationError('m', { cause }), 'ConfigurationError', 'ERR_CONFIGURATION', false],
  [new DecodeError('m', { path: 'p', cause }), 'DecodeError', 'ERR_DECODE', false],
  [new SchemaError('keys', [{ message: 'm', path: 'p' }], { cause }), 'SchemaError', 'ERR_SCHEMA', false],
  [new TerminalError('m', { cause }), 'TerminalError', 'ERR_TERMINAL', false],
  [new RetryableError('m', { cause }), 'RetryableError', 'ERR_RETRYABLE', true],
  [new LedgerError('m', { cause, retryable: true }), 'LedgerError', 'ERR_LEDGER', true],
  [
    new UncertainOutcomeError('m', { cause, idempotencyKey: 'k' }),
    'UncertainOutcomeError',
    'ERR_UNCERTAIN_OUTCOME',
    false,
  ],
  [new DeadlineError('m', { cause }), 'DeadlineError', 'ERR_DEADLINE', true],
  [new BatchIncompleteError('m', { cause }), 'BatchIncompleteError', 'ERR_BATCH_INCOMPLETE', true],
  [new CoordinationError('m', { cause, retryable: true }), 'CoordinationError', 'ERR_COORDINATION', true],
  [new LeaseLostError('m', { cause }), 'LeaseLostError', 'ERR_LEASE_LOST', true],
  [
    new ConditionFailedError('m', { cause, tableName: 't', key: { id: 'k' }, item: undefined }),
    'ConditionFailedError',
    'ERR_CONDITION_FAILED',
    true,
  ],
  [new TransactionError('m', { cause }), 'TransactionError', 'ERR_TRANSACTION', false],
  [new EncodeError('m', { path: 'p', cause }), 'EncodeError', 'ERR_ENCODE', false],
  [new ParkingFullError('m', { cause }), 'ParkingFullError', 'ERR_PARKING_FULL', true],
  [new CircuitOpenError('m', { cause }), 'CircuitOpenError', 'ERR_CIRCUIT_OPEN', true],
  [
    new RecordsGoneError('m', { cause, streamArn: 'a', shardId: 's', start: '1', end: '2' }),
    'RecordsGoneError',
    'ERR_RECORDS_GONE',
    false,
  ],
] as const

describe('errors', () => {
  test.each(table)('%s has its name, code, retryability, cause and class', (error, name, code, retryable) => {
    expect(error).toBeInstanceOf(TidemarkError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name, code, retryable, cause })
    expect(error.message).toContain('m')
    expect(isTidemarkError(error)).toBe(true)
    expect(isTidemarkError(error, code)).toBe(true)
    expect(String(error)).toMatch(new RegExp(`^${name}: `))
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name, code, retryable })
  })

  test('every code belongs to exactly one class', () => {
    expect(table.map(([, , code]) => code).toSorted()).toEqual([...errorCodes].toSorted())
  })

  test('a retryable error may be made of its options alone', () => {
    expect(new RetryableError({ retryAfterMs: 50 })).toMatchObject({ retryAfterMs: 50 })
    expect(new RetryableError('busy', { retryAfterMs: 50 })).toMatchObject({ retryAfterMs: 50, message: 'busy' })
    expect(new RetryableError()).toMatchObject({ retryAfterMs: undefined })
  })

  test('an error of another copy of the package is recognised, anything else is not, and asking never throws', () => {
    const foreign = Object.assign(new Error('m'), { [Symbol.for('tidemark.error')]: true, code: 'ERR_TERMINAL' })
    expect(isTidemarkError(foreign, 'ERR_TERMINAL')).toBe(true)
    const hostile = new Proxy(
      {},
      {
        has: () => {
          throw new Error('no')
        },
      },
    )
    for (const other of [undefined, null, 1, 'text', new Error('m'), hostile])
      expect(isTidemarkError(other)).toBe(false)
  })
})
