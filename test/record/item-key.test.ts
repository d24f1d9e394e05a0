import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { encodeItemKey } from '../../src/record/item-key.ts'
import { hostile } from './attribute-values.ts'

const encode = (keys: unknown) => encodeItemKey(keys, 'dynamodb.Keys')
const binary = (...bytes: number[]) => Uint8Array.of(...bytes)

describe('encodeItemKey', () => {
  test('keeps its form for ever: idempotency keys are made of it', () => {
    expect(encode({ id: { S: 'order-1' } })).toBe('S2:id7:order-1')
    expect(encode({ sk: { N: '1.50' }, pk: { B: 'AQI=' } })).toBe('B2:pk4:AQI=N2:sk3:1.5')
  })

  test('does not depend on the order of the attributes', () => {
    expect(encode({ pk: { S: 'a' }, sk: { N: '1' } })).toBe(encode({ sk: { N: '1' }, pk: { S: 'a' } }))
  })

  test.for([
    ['1', '1.0'],
    ['1', '1E0'],
    ['1000', '1e+3'],
    ['0', '-0'],
    ['0.5', '.50'],
  ])('takes the numbers %s and %s for the same key', ([a, b]) => {
    expect(encode({ id: { N: a } })).toBe(encode({ id: { N: b } }))
  })

  test('takes bytes and their base64 for the same key', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encode({ id: { B: bytes } })).toBe(encode({ id: { B: Buffer.from(bytes).toString('base64') } }))
      }),
    )
  })

  test('reads bytes that are a window on a larger buffer', () => {
    expect(encode({ id: { B: binary(9, 1, 2, 9).subarray(1, 3) } })).toBe(encode({ id: { B: 'AQI=' } }))
  })

  test('tells apart a text, a number and bytes that look alike', () => {
    expect(new Set([encode({ id: { S: '1' } }), encode({ id: { N: '1' } })]).size).toBe(2)
    expect(new Set([encode({ id: { S: 'AQI=' } }), encode({ id: { B: 'AQI=' } })]).size).toBe(2)
  })

  test('never gives two different keys one text', () => {
    // Few letters, and those that the form itself is made of: what could collide is likely to meet.
    const text = fc.string({ unit: fc.constantFrom('S', 'N', ':', '1', '2', 'a'), maxLength: 6 })
    const value = fc.oneof(
      text.map((S) => ({ S })),
      fc.integer({ min: 0, max: 20 }).map((n) => ({ N: String(n) })),
      fc.uint8Array({ maxLength: 2, max: 3 }).map((bytes) => ({ B: Buffer.from(bytes).toString('base64') })),
    )
    const key = fc.dictionary(text, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
    const sorted = (keys: object) => JSON.stringify(Object.entries(keys).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(encode(a) === encode(b)).toBe(sorted(a) === sorted(b))
      }),
      { numRuns: 2000 },
    )
  })

  test('takes a name that every object has for an ordinary one', () => {
    expect(encode(JSON.parse('{"__proto__":{"S":"a"}}'))).toBe('S9:__proto__1:a')
    expect(encode({ constructor: { S: 'a' } })).toBe('S11:constructor1:a')
  })

  test.for<[unknown, string, string]>([
    [undefined, 'dynamodb.Keys', "expected the key's attributes, got undefined"],
    [null, 'dynamodb.Keys', "expected the key's attributes, got null"],
    [[{ S: 'a' }], 'dynamodb.Keys', "expected the key's attributes, got an array"],
    [{}, 'dynamodb.Keys', 'expected a key of 1 or 2 attributes, got 0'],
    [{ a: { S: '' }, b: { S: '' }, c: { S: '' } }, 'dynamodb.Keys', 'expected a key of 1 or 2 attributes, got 3'],
    [{ id: 'a' }, 'dynamodb.Keys.id', `expected a value such as { S: 'text' }, got "a"`],
    [{ id: {} }, 'dynamodb.Keys.id', 'expected exactly one of S, N, B, BOOL, NULL, SS, NS, BS, L, M, got none'],
    [{ id: { BOOL: true } }, 'dynamodb.Keys.id', 'expected one of the types a key can have (S, N, B), got "BOOL"'],
    [{ id: { S: 1 } }, 'dynamodb.Keys.id.S', 'expected a string, got 1'],
    [{ id: { N: 'one' } }, 'dynamodb.Keys.id.N', 'expected a number as text, got "one"'],
    [{ id: { B: '***' } }, 'dynamodb.Keys.id.B', 'expected base64 text or bytes, got "***"'],
    [Object.create({ id: { S: 'inherited' } }), 'dynamodb.Keys', 'expected a key of 1 or 2 attributes, got 0'],
  ])('refuses %j at %s', ([keys, path, message]) => {
    expect(() => encode(keys)).toThrow(new DecodeError(message, { path }))
  })

  test('throws nothing but a DecodeError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.dictionary(fc.string(), hostile, { minKeys: 1, maxKeys: 2 })), (keys) => {
        try {
          expect(typeof encode(keys)).toBe('string')
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
