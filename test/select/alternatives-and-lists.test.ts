import { describe, expect, test } from 'vitest'
import type { FilterFields } from '../../src/select/pattern.ts'
import { inserted, selects } from './records.ts'

describe('$or', () => {
  const pattern = { source: ['a'], $or: [{ metric: ['x'] }, { kind: ['y'], scope: ['z'] }] } as const

  test.for([
    [{ source: 'a', metric: 'x' }, true],
    [{ source: 'a', kind: 'y', scope: 'z' }, true],
    [{ source: 'a', kind: 'y' }, false],
    [{ source: 'a' }, false],
    [{ source: 'b', metric: 'x' }, false],
    [{ metric: 'x', kind: 'y', scope: 'z' }, false],
  ] as const)('%j: %s', ([record, expected]) => {
    expect(selects(pattern, record)).toBe(expected)
  })

  test('stands at any depth, and in an alternative', () => {
    const nested = { a: { $or: [{ b: ['1'] }, { $or: [{ c: ['2'] }, { d: ['3'] }] }] } } as const
    expect([{ b: '1' }, { c: '2' }, { d: '3' }].every((a) => selects(nested, { a }))).toBe(true)
    expect(selects(nested, { a: { b: '2', c: '3', d: '1' } })).toBe(false)
  })

  test('and a name beside it that is the same as one inside both have to match', () => {
    const overlapping = { eventName: ['INSERT'], $or: [{ eventName: ['MODIFY'] }, { awsRegion: ['eu'] }] } as const
    expect(selects(overlapping, { eventName: 'MODIFY', awsRegion: 'us' })).toBe(false)
    expect(selects(overlapping, { eventName: 'INSERT', awsRegion: 'us' })).toBe(false)
    expect(selects(overlapping, { eventName: 'INSERT', awsRegion: 'eu' })).toBe(true)
  })
})

describe('lists of values', () => {
  const record = inserted({ tags: { SS: ['red', 'blue'] }, sizes: { NS: ['1', '2'] }, none: { L: [] } })
  const image = (NewImage: FilterFields) => selects({ dynamodb: { NewImage } }, record)

  test('match when one element does', () => {
    expect(image({ tags: { SS: ['blue'] }, sizes: { NS: ['2'] } })).toBe(true)
    expect(image({ tags: { SS: ['green'] } })).toBe(false)
    expect(image({ tags: { SS: [{ 'anything-but': 'red' }] } })).toBe(true)
    expect(image({ tags: { SS: [{ 'anything-but': ['red', 'blue'] }] } })).toBe(false)
  })

  test('exist when they are not empty', () => {
    expect(image({ tags: { SS: [{ exists: true }] } })).toBe(true)
    expect(image({ none: { L: [{ exists: false }] } })).toBe(true)
  })
})

describe('lists of objects', () => {
  const line = (sku: string, qty?: string) => ({
    M: { sku: { S: sku }, ...(qty !== undefined && { qty: { N: qty } }) },
  })
  const record = inserted({ lines: { L: [line('a', '1'), { S: 'x' }, line('b')] } })
  const lines = (M: FilterFields) => selects({ dynamodb: { NewImage: { lines: { L: { M } } } } }, record)

  test('match when one element does', () => {
    expect(lines({ sku: { S: ['b'] } })).toBe(true)
    expect(lines({ sku: { S: ['c'] } })).toBe(false)
    expect(selects({ dynamodb: { NewImage: { lines: { L: { S: ['x'] } } } } }, record)).toBe(true)
  })

  test('match all names in one and the same element', () => {
    expect(lines({ sku: { S: ['a'] }, qty: { N: ['1'] } })).toBe(true)
    expect(lines({ sku: { S: ['b'] }, qty: { N: ['1'] } })).toBe(false)
  })

  test('match names beside and inside $or in one and the same element', () => {
    const orders = { lines: [{ sku: 'a', qty: '1' }, { sku: 'b' }] }
    const wanted = (sku: string) =>
      selects({ lines: { sku: [sku] }, $or: [{ lines: { qty: ['1'] } }, { rush: ['yes'] }] }, orders)
    expect([wanted('a'), wanted('b')]).toEqual([true, false])
  })

  test('of lists are one list', () => {
    expect(selects({ a: { b: ['x'] } }, { a: [[{ b: 'y' }], [{ b: 'x' }]] })).toBe(true)
    expect(selects({ a: { b: ['x'], c: ['z'] } }, { a: [[{ b: 'x' }, { c: 'z' }]] })).toBe(false)
  })
})

// Each answer was checked against aws/event-ruler itself, which takes fields in the order of their paths.
describe('{ exists: false } in a list of objects', () => {
  test.for([
    ['is about every element', { b: [{ exists: false }] }, [{ b: 1 }, { c: 2 }], false],
    ['holds when no element has the field', { b: [{ exists: false }] }, [{ a: 1 }, { c: 2 }], true],
    [
      'is about the element that another field was found in',
      { b: [1], c: [{ exists: false }] },
      [{ b: 1 }, { c: 3 }],
      true,
    ],
    ['fails when that element has the field', { b: [1], c: [{ exists: false }] }, [{ b: 1, c: 3 }, { b: 2 }], false],
    ['is about every element until one is found', { b: [{ exists: false }], c: [3] }, [{ c: 3 }, { b: 1 }], false],
    ['whichever order the pattern has', { c: [3], b: [{ exists: false }] }, [{ c: 3 }, { b: 1 }], false],
    ['is met by a value too, beside another matcher', { b: [{ exists: false }, 1], c: [3] }, [{ c: 3, b: 1 }], true],
  ] as const)('%s', ([, list, elements, expected]) => {
    expect(selects({ list }, { list: elements })).toBe(expected)
  })
})
