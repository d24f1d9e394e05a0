import { describe, expect, test } from 'vitest'
import { readResponse, stateOf } from '../../../src/testing/mapping/batch-response.ts'

const batch = ['100', '101', '102', '103']
const reporting = { reportsFailures: true, carriesState: false }
const read = (response: unknown) => readResponse(response, batch, reporting)
const failures = (...identifiers: readonly unknown[]) => ({
  batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })),
})

describe('a partial batch response', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['{}', {}],
    ['an empty list of failures', { batchItemFailures: [] }],
    ['null for the list', { batchItemFailures: null }],
    ['an empty list as the answer', []],
    ['empty text', ''],
    ['text without a meaning', 'Delivered 4 records'],
  ])('means that all is done when it is %s', (_, response) => {
    expect(read(response)).toEqual({ status: 'succeeded' })
  })

  test.each([
    ['an empty identifier', failures('')],
    ['a null identifier', failures(null)],
    ['a wrong key', { batchItemFailures: [{ foo: '101' }] }],
    ['a number', failures(101)],
    ['a sequence number that is not in the batch', failures('99')],
    ['a wrong identifier beside a right one', failures('101', '')],
    ['no list', { batchItemFailures: '101' }],
    ['no objects', { batchItemFailures: ['101'] }],
  ])('fails the whole batch when it holds %s', (_, response) => {
    expect(read(response)).toEqual({ status: 'failed' })
  })

  test('makes the lowest sequence number the checkpoint, in whatever order they are listed', () => {
    expect(read(failures('103', '101', '102'))).toEqual({ status: 'partial', firstFailed: 1 })
    expect(read(failures('100'))).toEqual({ status: 'partial', firstFailed: 0 })
  })

  test('knows the lowest by its place in the stream, not by its text', () => {
    expect(readResponse(failures('10', '9'), ['8', '9', '10'], reporting)).toEqual({
      status: 'partial',
      firstFailed: 1,
    })
  })

  test('is not looked at when the mapping does not ask for one', () => {
    const silent = { reportsFailures: false, carriesState: false }
    expect(readResponse(failures('101'), batch, silent)).toEqual({ status: 'succeeded' })
    expect(readResponse(failures(''), batch, silent)).toEqual({ status: 'succeeded' })
  })

  test('fails the batch of a windowed mapping when it carries no state', () => {
    const windowed = { reportsFailures: true, carriesState: true }
    expect(readResponse({ batchItemFailures: [] }, batch, windowed)).toEqual({ status: 'failed' })
    expect(readResponse(null, batch, windowed)).toEqual({ status: 'failed' })
    expect(readResponse({ state: null }, batch, windowed)).toEqual({ status: 'failed' })
    expect(readResponse({ state: {} }, batch, windowed)).toEqual({ status: 'succeeded' })
    expect(readResponse({ state: 0, ...failures('102') }, batch, windowed)).toEqual({
      status: 'partial',
      firstFailed: 2,
    })
    expect(stateOf({ state: { n: 1 } })).toEqual({ n: 1 })
  })
})
