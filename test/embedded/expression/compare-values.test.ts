import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareTexts, compareValues, equalValues } from '../../../src/embedded/expression/compare-values.ts'

test('texts order as their UTF-8 bytes', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'é', '\u{d7ff}', '\u{e000}', '\u{ffff}', '😀', '\u{10ffff}'),
  })
  fc.assert(
    fc.property(text, text, (left, right) => {
      expect(Math.sign(compareTexts(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)))
    }),
  )
})

describe('compareValues', () => {
  test.for([
    [{ S: 'B' }, { S: 'a' }],
    [{ S: 'a' }, { S: 'ab' }],
    [{ N: '-10' }, { N: '9.5' }],
    [{ N: '9' }, { N: '10' }],
    [{ B: Buffer.from([1]) }, { B: Buffer.from([1, 0]) }],
    [{ B: Buffer.from([127]) }, { B: Buffer.from([128]) }],
  ] as const)('%j comes before %j', ([left, right]) => {
    expect(compareValues(left, right)).toBeLessThan(0)
    expect(compareValues(right, left)).toBeGreaterThan(0)
    expect(compareValues(left, left)).toBe(0)
  })

  test.for([
    [{ S: '1' }, { N: '1' }],
    [{ BOOL: true }, { BOOL: true }],
    [{ SS: ['a'] }, { SS: ['a'] }],
  ] as const)('%j and %j have no order', ([left, right]) => {
    expect(compareValues(left, right)).toBeNaN()
  })
})

describe('equalValues', () => {
  test.for([
    [{ N: '1.0' }, { N: '1' }],
    [{ SS: ['a', 'b'] }, { SS: ['b', 'a'] }],
    [{ NS: ['1', '2'] }, { NS: ['2.0', '1'] }],
    [{ BS: [Buffer.from('a'), Buffer.from('b')] }, { BS: [Buffer.from('b'), Buffer.from('a')] }],
    [{ M: { a: { N: '1' }, b: { L: [{ NULL: true }] } } }, { M: { b: { L: [{ NULL: true }] }, a: { N: '1' } } }],
  ] as const)('%j is %j', ([left, right]) => {
    expect(equalValues(left, right)).toBe(true)
  })

  test.for([
    [{ N: '1' }, { S: '1' }],
    [{ L: [{ N: '1' }, { N: '2' }] }, { L: [{ N: '2' }, { N: '1' }] }],
    [{ SS: ['a', 'b'] }, { SS: ['a', 'c'] }],
    [{ SS: ['1'] }, { NS: ['1'] }],
    [{ M: { a: { N: '1' } } }, { M: { b: { N: '1' } } }],
    [{ M: { toString: { N: '1' } } }, { M: { a: { N: '1' } } }],
    [{ BOOL: true }, { BOOL: false }],
  ] as const)('%j is not %j', ([left, right]) => {
    expect(equalValues(left, right)).toBe(false)
  })
})
