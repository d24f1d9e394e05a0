import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import type { FilterPattern } from '../../src/select/pattern.ts'
import { compileSelect } from '../../src/select/select.ts'

function complaint(select: unknown): string {
  try {
    compileSelect(select as FilterPattern)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    return (error as ConfigurationError).message
  }
  return 'no complaint'
}

function nested(depth: number): object {
  return depth === 0 ? { a: ['x'] } : { a: nested(depth - 1) }
}

const cyclic: Record<string, unknown> = {}
cyclic['again'] = cyclic

const ofList = "expected a list of matchers, such as ['INSERT'], or an object of names"
const oneOperator = 'expected an object with exactly one operator, such as { "prefix": "a" }'
const known = 'the operators are exists, prefix, suffix, equals-ignore-case, anything-but, numeric'
const range = 'expected ["=", 5] (or <, <=, >, >=), or a range such as [">", 0, "<=", 5] with bounds in this order'
const butValue = 'expected text, a finite number, or a list of texts or of numbers'
const butTexts = 'expected text or a list of texts, none of them empty'
const twoAlternatives = 'expected a list of two or more alternatives, each an object of names'

describe('a pattern that is not valid is refused with its place, what belongs there, and what was found', () => {
  const refused: readonly (readonly [select: unknown, message: string | RegExp])[] = [
    ['INSERT', 'select: expected an object of names to match; got "INSERT"'],
    [null, 'select: expected an object of names to match; got null'],
    [[[]], 'select[0]: expected an object of names to match; got []'],
    [[{ eventName: ['INSERT'] }, 5], 'select[1]: expected an object of names to match; got 5'],
    [[], 'select: an empty array selects no change at all; leave it out to select every change'],
    [{}, 'select: an object without names asks for nothing; leave it out; got {}'],
    [
      { dynamodb: { Keys: {} } },
      'select.dynamodb.Keys: an object without names asks for nothing; leave it out; got {}',
    ],
    [{ eventName: 'INSERT' }, `select.eventName: ${ofList}; got "INSERT"`],
    [{ eventName: undefined }, `select.eventName: ${ofList}; got undefined`],
    [{ 'unit.price': null }, `select["unit.price"]: ${ofList}; got null`],
    [{ eventName: [] }, 'select.eventName: an empty list matches nothing; leave the name out; got []'],
    [
      { a: ['x', ['y']] },
      'select.a[1]: expected text, a finite number, true, false, null or an object with one operator; got ["y"]',
    ],
    [{ a: [NaN] }, /^select\.a\[0\]: expected text, a finite number/],
    [{ a: [undefined] }, /^select\.a\[0\]: expected .*; got undefined$/],
    [{ a: [5n] }, /^select\.a\[0\]: expected .*; got 5n$/],
    [{ a: [{}] }, `select.a[0]: ${oneOperator}; got {}`],
    [{ a: [{ prefix: 'a', suffix: 'b' }] }, `select.a[0]: ${oneOperator}; got {"prefix":"a","suffix":"b"}`],
    [{ a: [{ prefx: 'a' }] }, `select.a[0]: there is no operator 'prefx'; ${known}; got {"prefx":"a"}`],
    [
      { a: [{ constructor: 'a' }] },
      `select.a[0]: there is no operator 'constructor'; ${known}; got {"constructor":"a"}`,
    ],
    [
      { a: [{ wildcard: '*' }] },
      `select.a[0]: 'wildcard' belongs to EventBridge and is not in Lambda's event filtering; ${known}; got {"wildcard":"*"}`,
    ],
    [{ a: [{ exists: 'true' }] }, 'select.a[0].exists: expected true or false; got "true"'],
    [{ a: [{ prefix: 5 }] }, 'select.a[0].prefix: expected text or { "equals-ignore-case": text }; got 5'],
    [{ a: [{ suffix: { prefix: 'a' } }] }, /^select\.a\[0\]\.suffix: expected text or/],
    [{ a: [{ 'equals-ignore-case': ['a'] }] }, 'select.a[0].equals-ignore-case: expected text; got ["a"]'],
    [{ a: [{ 'anything-but': null }] }, `select.a[0].anything-but: ${butValue}; got null`],
    [{ a: [{ 'anything-but': [] }] }, `select.a[0].anything-but: ${butValue}; got []`],
    [{ a: [{ 'anything-but': ['a', 5] }] }, `select.a[0].anything-but: ${butValue}; got ["a",5]`],
    [{ a: [{ 'anything-but': [true] }] }, `select.a[0].anything-but: ${butValue}; got [true]`],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, `select.a[0].anything-but.prefix: ${butTexts}; got ""`],
    [{ a: [{ 'anything-but': { suffix: [] } }] }, `select.a[0].anything-but.suffix: ${butTexts}; got []`],
    [{ a: [{ 'anything-but': { suffix: [5] } }] }, `select.a[0].anything-but.suffix: ${butTexts}; got [5]`],
    [
      { a: [{ 'anything-but': { numeric: ['=', 5] } }] },
      'select.a[0].anything-but: the operators inside anything-but are prefix, suffix, equals-ignore-case; got {"numeric":["=",5]}',
    ],
    [{ a: [{ numeric: '= 5' }] }, `select.a[0].numeric: ${range}; got "= 5"`],
    [{ a: [{ numeric: ['='] }] }, `select.a[0].numeric: ${range}; got ["="]`],
    [{ a: [{ numeric: ['!=', 5] }] }, `select.a[0].numeric: ${range}; got ["!=",5]`],
    [{ a: [{ numeric: ['=', '5'] }] }, `select.a[0].numeric: ${range}; got ["=","5"]`],
    [{ a: [{ numeric: ['<', 5, '>', 0] }] }, `select.a[0].numeric: ${range}; got ["<",5,">",0]`],
    [{ a: [{ numeric: ['>', 5, '<', 5] }] }, `select.a[0].numeric: ${range}; got [">",5,"<",5]`],
    [{ a: [{ numeric: ['>', 0, '<', 5, '<', 6] }] }, `select.a[0].numeric: ${range}; got [">",0,"<",5,"<",6]`],
    [{ $or: { a: ['x'] } }, `select.$or: ${twoAlternatives}; got {"a":["x"]}`],
    [{ b: { $or: [{ a: ['x'] }] } }, `select.b.$or: ${twoAlternatives}; got [{"a":["x"]}]`],
    [{ $or: [{ a: ['x'] }, 'b'] }, 'select.$or[1]: expected an object of names to match; got "b"'],
    [{ $or: [{ a: ['x'] }, {}] }, 'select.$or[1]: an object without names asks for nothing; leave it out; got {}'],
    [
      { $or: [{ prefix: ['a'] }, { b: ['x'] }] },
      `select.$or[0].prefix: Lambda does not allow the name 'prefix' inside $or; use an array of patterns; got ["a"]`,
    ],
    [nested(101), /^select(\.a){101}: nested deeper than 100 levels; got /],
    [cyclic, /^select(\.again){101}: nested deeper than 100 levels; got /],
  ]

  // By message, since not everything refused can be written as JSON.
  test.for(refused.map(([select, message]) => ({ select, message })))('$message', ({ select, message }) => {
    expect(complaint(select)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })
})

test('names of operators are ordinary names outside $or', () => {
  expect(complaint({ dynamodb: { NewImage: { prefix: { S: [{ prefix: 'us-1' }] } } } })).toBe('no complaint')
})

test('a hundred levels are allowed', () => {
  expect(complaint(nested(99))).toBe('no complaint')
})

test('alternatives are multiplied out, up to a thousand', () => {
  const either = { $or: [{ a: ['x'] }, { b: ['x'] }] }
  const twice = (levels: number): object => (levels === 0 ? either : { l: twice(levels - 1), r: twice(levels - 1) })
  expect(complaint(twice(3))).toBe('no complaint')
  expect(complaint(twice(4))).toBe('select: the alternatives of its $or multiply to more than 1000; got 65536')
})
