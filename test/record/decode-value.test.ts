import assert from 'node:assert/strict'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { decodeItem } from '../../src/record/decode-value.ts'
import { attributeMap, hostile } from './attribute-values.ts'

const path = 'dynamodb.NewImage'
const decode = (map: unknown) => decodeItem(map, 'number', path)

function nested(levels: number, type: 'L' | 'M'): unknown {
  let value: unknown = { S: 'innermost' }
  for (let level = 0; level < levels; level += 1) value = type === 'L' ? { L: [value] } : { M: { a: value } }
  return { a: value }
}

describe('every type', () => {
  test.for<[string, unknown, unknown]>([
    ['S', { S: 'text' }, 'text'],
    ['S, empty', { S: '' }, ''],
    ['N', { N: '42.5' }, 42.5],
    ['B of an event', { B: 'AQID' }, Uint8Array.of(1, 2, 3)],
    ['B of the SDK', { B: Uint8Array.of(1, 2, 3) }, Uint8Array.of(1, 2, 3)],
    ['B, empty', { B: '' }, Uint8Array.of()],
    ['BOOL', { BOOL: false }, false],
    ['NULL', { NULL: true }, null],
    ['SS', { SS: ['a', 'b'] }, new Set(['a', 'b'])],
    ['NS', { NS: ['1', '2.5'] }, new Set([1, 2.5])],
    ['BS of an event', { BS: ['AQ==', 'Ag=='] }, new Set([Uint8Array.of(1), Uint8Array.of(2)])],
    ['BS of the SDK', { BS: [Uint8Array.of(1)] }, new Set([Uint8Array.of(1)])],
    ['L', { L: [{ S: 'a' }, { L: [{ N: '1' }] }, { NULL: true }] }, ['a', [1], null]],
    ['L, empty', { L: [] }, []],
    ['M', { M: { a: { M: { b: { BOOL: true } } } } }, { a: { b: true } }],
    ['M, empty', { M: {} }, {}],
    ['a field beside undefined ones, as the SDK allows', { S: 'a', N: undefined }, 'a'],
  ])('%s', ([, value, decoded]) => {
    expect(decode({ field: value })).toStrictEqual({ field: decoded })
  })

  test('numbers arrive as asked for, wherever they stand', () => {
    const map = { a: { N: '5' }, b: { NS: ['1', '2'] }, c: { L: [{ M: { d: { N: '7' } } }] } }
    expect(decodeItem(map, 'bigint', path)).toEqual({ a: 5n, b: new Set([1n, 2n]), c: [{ d: 7n }] })
    expect(decodeItem(map, 'string', path)).toEqual({ a: '5', b: new Set(['1', '2']), c: [{ d: '7' }] })
  })

  test('binary of an event stands alone, not as a window on memory it shares', () => {
    const { data } = decode({ data: { B: 'AQID' } })
    expect(data).toBeInstanceOf(Uint8Array)
    expect((data as Uint8Array).buffer.byteLength).toBe(3)
  })
})

describe('names that every object has', () => {
  test('become own properties, and nothing is polluted', () => {
    const text = '{"__proto__":{"M":{"polluted":{"BOOL":true}}},"constructor":{"S":"c"},"toString":{"N":"1"}}'
    const item = decode(JSON.parse(text))
    expect(Object.keys(item)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(JSON.stringify(item)).toBe('{"__proto__":{"polluted":true},"constructor":"c","toString":1}')
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype)
    expect('polluted' in {}).toBe(false)
  })

  test('do so inside of maps too', () => {
    const { map } = decode({ map: { M: JSON.parse('{"__proto__":{"S":"a"},"b":{"S":"b"}}') } })
    expect(JSON.stringify(map)).toBe('{"__proto__":"a","b":"b"}')
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype)
  })

  test('are not read from a prototype', () => {
    expect(decode(Object.create({ inherited: { S: 'a' } }))).toEqual({})
    expect(() => decode({ field: Object.create({ S: 'a' }) })).toThrow(DecodeError)
  })
})

describe('what is not a value', () => {
  const types = 'S, N, B, BOOL, NULL, SS, NS, BS, L, M'
  test.for<[unknown, string, string]>([
    [undefined, '', 'expected a map of attributes, got undefined'],
    [[], '', 'expected a map of attributes, got an array'],
    ['text', '', 'expected a map of attributes, got "text"'],
    [{ a: 'plain' }, '.a', `expected a value such as { S: 'text' }, got "plain"`],
    [{ a: undefined }, '.a', `expected a value such as { S: 'text' }, got undefined`],
    [{ a: [{ S: 'b' }] }, '.a', `expected a value such as { S: 'text' }, got an array`],
    [{ a: {} }, '.a', `expected exactly one of ${types}, got none`],
    [{ a: { S: undefined } }, '.a', `expected exactly one of ${types}, got none`],
    [{ a: { S: 'b', N: '1' } }, '.a', `expected exactly one of ${types}, got S and N`],
    [{ a: { V: [1] } }, '.a', `attribute type "V" is not known here (known: ${types}); a newer tidemark may read it`],
    [{ a: { s: 'b' } }, '.a', `attribute type "s" is not known here (known: ${types}); a newer tidemark may read it`],
    [{ a: { S: 5 } }, '.a.S', 'expected a string, got 5'],
    [{ a: { S: null } }, '.a.S', 'expected a string, got null'],
    [{ a: { N: 5 } }, '.a.N', 'expected a number as text, got 5'],
    [{ a: { BOOL: 'true' } }, '.a.BOOL', 'expected true or false, got "true"'],
    [{ a: { NULL: 'true' } }, '.a.NULL', 'expected true or false, got "true"'],
    [{ a: { B: 'A' } }, '.a.B', 'expected base64 text or bytes, got "A"'],
    [{ a: { B: 'AQI' } }, '.a.B', 'expected base64 text or bytes, got "AQI"'],
    [{ a: { B: 'A Q=' } }, '.a.B', 'expected base64 text or bytes, got "A Q="'],
    [{ a: { B: '_-8=' } }, '.a.B', 'expected base64 text or bytes, got "_-8="'],
    [{ a: { B: 'AR==' } }, '.a.B', 'expected base64 text or bytes, got "AR=="'],
    [{ a: { B: [1, 2] } }, '.a.B', 'expected base64 text or bytes, got an array'],
    [{ a: { SS: 'b' } }, '.a.SS', 'expected an array, got "b"'],
    [{ a: { SS: ['b', 1] } }, '.a.SS.1', 'expected a string, got 1'],
    [{ a: { NS: ['1', 'x'] } }, '.a.NS.1', 'expected a number as text, got "x"'],
    [{ a: { BS: ['AQ==', '?'] } }, '.a.BS.1', 'expected base64 text or bytes, got "?"'],
    [{ a: { L: {} } }, '.a.L', 'expected an array, got an object'],
    [{ a: { L: [{ S: 'b' }, 'c'] } }, '.a.L.1', `expected a value such as { S: 'text' }, got "c"`],
    [{ a: { M: [] } }, '.a.M', 'expected a map of attributes, got an array'],
    [{ address: { M: { zip: { S: 12345 } } } }, '.address.M.zip.S', 'expected a string, got 12345'],
    [{ a: { L: [{ M: { b: { L: [{ N: '' }] } } }] } }, '.a.L.0.M.b.L.0.N', 'expected a number as text, got ""'],
    [
      { total: { N: '12345678901234567890' } },
      '.total.N',
      "12345678901234567890 can't be held exactly by a JavaScript number; set numbers: 'bigint' or 'string'",
    ],
    [{ a: { S: {} } }, '.a.S', 'expected a string, got an object'],
    [{ a: { S: () => 'b' } }, '.a.S', 'expected a string, got a function'],
    [{ a: { S: Symbol('b') } }, '.a.S', 'expected a string, got Symbol(b)'],
    [{ a: { N: 'x'.repeat(100) } }, '.a.N', `expected a number as text, got "${'x'.repeat(60)}…"`],
  ])('%o is refused at %s', ([map, where, message]) => {
    expect(() => decode(map)).toThrow(new DecodeError(message, { path: path + where }))
  })

  test('shows nothing of a container, for it is data of a customer', () => {
    expect(() => decode({ a: { S: { card: '4111' } } })).not.toThrow(/4111/)
  })
})

describe.for(['L', 'M'] as const)('nesting of %s', (type) => {
  test('is decoded far beyond the 32 levels of DynamoDB', () => {
    expect(() => decode(nested(100, type))).not.toThrow()
  })

  test.for([101, 5000, 100_000])('of %i levels is a DecodeError and no stack overflow', (levels) => {
    expect(() => decode(nested(levels, type))).toThrow(/nested deeper than 100 levels/)
    expect(() => decode(nested(levels, type))).toThrow(DecodeError)
  })
})

// Compared by node:assert, because expect() takes an attribute named `constructor` for the object's class.
test('gives what unmarshall gives, on every item', () => {
  fc.assert(
    fc.property(attributeMap, (map) => {
      assert.deepEqual(decode(map), unmarshall(map as Parameters<typeof unmarshall>[0]))
    }),
    { numRuns: 500 },
  )
})

test('gives the same for an event as for what the SDK reads', () => {
  const asEvent = (_: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
  fc.assert(
    fc.property(attributeMap, (map) => {
      assert.deepEqual(decode(JSON.parse(JSON.stringify(map, asEvent))), decode(map))
    }),
  )
})

test('gives back what marshall was given', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
      fc.uniqueArray(fc.string(), { minLength: 1 }).map((texts) => new Set(texts)),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value, { noNullPrototype: true }), (item) => {
      fc.pre(!JSON.stringify(item).includes('__proto__')) // marshall loses it
      expect(decode(marshall(item))).toEqual(item)
    }),
  )
})

test('throws nothing but a DecodeError, whatever it is given', () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom('number', 'bigint', 'string'), (map, numbers) => {
      try {
        expect(Object.getPrototypeOf(decodeItem(map, numbers, path))).toBe(Object.prototype)
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }),
    { numRuns: 2000 },
  )
})
