import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EncodeError } from '../../src/errors.ts'
import { decodeItem } from '../../src/record/decode-value.ts'
import { encodeItem, encodeValue } from '../../src/record/encode-value.ts'
import { exactNumber } from '../../src/record/exact-number.ts'
import { canonicalNumber } from '../../src/record/number.ts'
import type { WritableItem, WritableValue } from '../../src/record/writable-value.ts'
import { attributeMap, hostile } from './attribute-values.ts'

/** The same item, with each number in the one spelling that equal numbers share. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const entries = Object.entries(value).map(([name, field]): [string, unknown] => {
    if (name === 'N' && typeof field === 'string') return [name, canonicalNumber(field)]
    if (name === 'NS' && Array.isArray(field)) return [name, field.map((text) => canonicalNumber(String(text)))]
    return [name, canonical(field)]
  })
  return Object.fromEntries(entries)
}

/** What a table can't hold, and so no image either: empty sets, equal members of a set, deeper than 32. */
function isImage(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isImage)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true
  return Object.entries(value).every(([name, field]) => {
    if (!/^(?:SS|NS|BS)$/.test(name) || !Array.isArray(field)) return isImage(field)
    const texts = field.map((one) => (name === 'NS' ? canonicalNumber(String(one)) : String(one)))
    return texts.length > 0 && new Set(texts).size === texts.length
  })
}

function refusal(item: unknown): EncodeError | undefined {
  try {
    encodeItem(item as WritableItem, "put 'orders'")
    return undefined
  } catch (error) {
    if (error instanceof EncodeError) return error
    throw error
  }
}

describe('encodeItem', () => {
  test.each(['number', 'bigint'] as const)("writes back what was decoded with numbers: '%s'", (numbers) => {
    fc.assert(
      fc.property(attributeMap.filter(isImage), (image) => {
        const item = decodeItem(image, numbers, 'image')
        expect(canonical(encodeItem(item, 'item'))).toEqual(canonical(image))
      }),
    )
  })

  test('writes every kind of value', () => {
    const item = {
      text: '',
      number: -1.5,
      big: 12_345_678_901_234_567_890n,
      exact: exactNumber('0.12345678901234567890123456789012345678'),
      flag: false,
      nothing: null,
      bytes: new Uint8Array([1, 2]),
      texts: new Set(['a', 'b']),
      numbers: new Set([1, 2n]),
      blobs: new Set([new Uint8Array([1])]),
      list: [1, ['x']],
      map: { inner: {} },
    }
    expect(encodeItem(item, 'item')).toEqual({
      text: { S: '' },
      number: { N: '-1.5' },
      big: { N: '12345678901234567890' },
      exact: { N: '0.12345678901234567890123456789012345678' },
      flag: { BOOL: false },
      nothing: { NULL: true },
      bytes: { B: new Uint8Array([1, 2]) },
      texts: { SS: ['a', 'b'] },
      numbers: { NS: ['1', '2'] },
      blobs: { BS: [new Uint8Array([1])] },
      list: { L: [{ N: '1' }, { L: [{ S: 'x' }] }] },
      map: { M: { inner: { M: {} } } },
    })
  })

  test.each<[string, unknown, RegExp]>([
    ['undefined', undefined, /left out, not undefined.*got undefined/],
    ['a hole in an array', [1, undefined], /put 'orders'\.value\.1: /],
    ['a date', new Date(0), /a Date/],
    ['a map', new Map(), /got a Map/],
    ['an instance', new URL('https://example.org'), /got a URL/],
    ['a function', () => 1, /got a function/],
    ['NaN', Number.NaN, /no number NaN/],
    ['infinity', -Infinity, /no number -Infinity/],
    ['a number out of range', 1e126, /out of DynamoDB's range/],
    ['a number too small', 1e-131, /out of DynamoDB's range/],
    ['39 digits', 123_456_789_012_345_678_901_234_567_890_123_456_789n, /at most 38 digits, and this one 39/],
    ['an empty set', new Set(), /no empty sets/],
    ['a set of two kinds', new Set(['1', 1]), /no two kinds/],
    ['a set with one number twice', new Set([1, 1n]), /same value twice/],
    ['a set with the same bytes twice', new Set([new Uint8Array([1]), new Uint8Array([1])]), /same value twice/],
    ['half a surrogate pair', 'a\uD800', /half of a surrogate pair/],
  ])('refuses %s, and says where', (_name, value, message) => {
    const error = refusal({ value })
    expect(error?.message).toMatch(message)
    expect(error?.path).toMatch(/^put 'orders'\.value/)
  })

  test('takes 38 digits, wherever their zeros stand', () => {
    for (const text of ['1e125', '-1E-130', `${'9'.repeat(38)}000`, `0.00${'1'.repeat(38)}`])
      expect(encodeValue(exactNumber(text), 'v', 'n')).toEqual({ N: text })
    expect(() => exactNumber('1,5')).toThrow(/expected a decimal number/)
  })

  test('stops at 32 levels, as DynamoDB does, also where a value holds itself', () => {
    const nested = (levels: number): WritableValue => (levels === 0 ? 1 : [nested(levels - 1)])
    expect(refusal({ value: nested(31) })).toBeUndefined()
    expect(refusal({ value: nested(40) })?.message).toMatch(/deeper than 32/)
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(refusal(loop)?.message).toMatch(/deeper than 32/)
  })

  test('whatever it is given, it encodes it or throws an EncodeError', () => {
    fc.assert(fc.property(hostile, (value) => void refusal({ value })))
  })
})
