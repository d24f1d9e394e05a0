import { describe, expect, test } from 'vitest'
import type { FilterMatcher } from '../../src/select/pattern.ts'
import { inserted, matches, selects } from './records.ts'

interface Example {
  readonly matcher: FilterMatcher
  readonly yes: readonly unknown[]
  readonly no: readonly unknown[]
}

// The rows of "Filter rule syntax" in Lambda's guide, with what event-ruler's guide adds to them.
const examples: readonly Example[] = [
  { matcher: null, yes: [null], no: ['null', '', 0, false] },
  { matcher: '', yes: [''], no: [' ', null, 0] },
  { matcher: 'Alice', yes: ['Alice'], no: ['alice', 'Alice ', 'Ali', null] },
  { matcher: 'true', yes: ['true'], no: [true] },
  { matcher: true, yes: [true], no: ['true', false, 1] },
  { matcher: false, yes: [false], no: ['false', true, 0, null] },
  { matcher: 300, yes: [300, 3.0e2], no: ['300', 301, true] },
  { matcher: { exists: true }, yes: ['', 0, false, null, ['a']], no: [{}, { S: 'a' }, [], [{ S: 'a' }]] },
  { matcher: { exists: false }, yes: [{}, { S: 'a' }, [], [{ S: 'a' }]], no: ['', 0, false, null, ['a']] },
  { matcher: { prefix: 'us-' }, yes: ['us-', 'us-east-1'], no: ['US-east-1', 'a-us-', '', null, 5] },
  { matcher: { prefix: '' }, yes: ['', 'a'], no: [null, 5] },
  { matcher: { suffix: '.png' }, yes: ['.png', 'a.png'], no: ['a.PNG', 'apng', '.png ', '', true] },
  { matcher: { 'equals-ignore-case': 'alice' }, yes: ['Alice', 'alice', 'ALICE'], no: ['alice ', 'alic', '', 5] },
  { matcher: { prefix: { 'equals-ignore-case': 'EventB' } }, yes: ['eventbridge', 'EVENTB'], no: ['event', 'aEventB'] },
  {
    matcher: { suffix: { 'equals-ignore-case': 'tBridge' } },
    yes: ['EventBRIDGE', 'tbridge'],
    no: ['bridge', 'tbridges'],
  },
  { matcher: { 'anything-but': 'Raining' }, yes: ['Sunny', 'raining', '', null, false, 5], no: ['Raining', {}, []] },
  { matcher: { 'anything-but': ['stopped', 'overloaded'] }, yes: ['running', 0], no: ['stopped', 'overloaded'] },
  { matcher: { 'anything-but': 123 }, yes: [124, '123', null], no: [123] },
  { matcher: { 'anything-but': [100, 200] }, yes: [300, '100'], no: [100, 200] },
  { matcher: { 'anything-but': { prefix: 'init' } }, yes: ['ini', 'running', 5, null], no: ['init', 'initializing'] },
  { matcher: { 'anything-but': { prefix: ['init', 'err'] } }, yes: ['running'], no: ['initializing', 'error'] },
  { matcher: { 'anything-but': { suffix: ['.png', '.gif'] } }, yes: ['a.txt', 5], no: ['a.png', 'a.gif'] },
  { matcher: { 'anything-but': { 'equals-ignore-case': 'Stopped' } }, yes: ['stop', 5], no: ['STOPPED', 'stopped'] },
  { matcher: { 'anything-but': { 'equals-ignore-case': ['a', 'b'] } }, yes: ['c'], no: ['A', 'B'] },
  { matcher: { numeric: ['=', 100] }, yes: [100, 1e2], no: ['100', 100.5, null, true] },
  { matcher: { numeric: ['<', 10] }, yes: [9.9, -1], no: [10, 11, '9'] },
  { matcher: { numeric: ['<=', 10] }, yes: [10, 9], no: [10.1] },
  { matcher: { numeric: ['>', 10] }, yes: [10.1], no: [10, 9] },
  { matcher: { numeric: ['>=', 10] }, yes: [10, 11], no: [9.9] },
  { matcher: { numeric: ['>', 10, '<=', 20] }, yes: [10.1, 20], no: [10, 20.1, '15'] },
  { matcher: { numeric: ['>=', 10, '<', 20] }, yes: [10, 19.9], no: [9.9, 20] },
]

describe.for(examples)('$matcher', ({ matcher, yes, no }) => {
  test.for(yes.map((value) => ({ value })))('matches $value', ({ value }) => {
    expect(matches(matcher, value)).toBe(true)
  })

  test.for(no.map((value) => ({ value })))('does not match $value', ({ value }) => {
    expect(matches(matcher, value)).toBe(false)
  })
})

test('only { exists: false } matches a field that is not there', () => {
  expect(examples.filter(({ matcher }) => matches(matcher)).map(({ matcher }) => matcher)).toEqual([{ exists: false }])
  expect(selects({ field: { inner: [{ exists: false }] } }, {})).toBe(true)
  expect(selects({ field: { inner: [{ exists: false }] } }, { field: 'a value, not an object' })).toBe(true)
})

test('case is ignored as in Lambda: a character of the pattern stands for its own two cases', () => {
  expect(matches({ 'equals-ignore-case': 'ß' }, 'SS')).toBe(true)
  expect(matches({ 'equals-ignore-case': 'k' }, '\u{212A}')).toBe(false)
  expect(matches({ 'equals-ignore-case': '\u{212A}' }, 'k')).toBe(true)
})

test('text is text: what means something in a regular expression means nothing here', () => {
  const special = '^$.*+?()[]{}|\\/\n-'
  expect(matches({ 'equals-ignore-case': `a${special}` }, `A${special}`)).toBe(true)
  expect(matches({ 'equals-ignore-case': '.*' }, 'anything')).toBe(false)
  expect(matches({ 'equals-ignore-case': 'a' }, 'a\n')).toBe(false)
})

describe('names', () => {
  const record = inserted({ AccountManager: { S: 'Pat Candella' }, PaymentTerms: { S: '60 days' } })

  test.for([
    [true, { dynamodb: { Keys: { CustomerName: { S: ['AnyCompany Industries'] } } } }],
    [true, { dynamodb: { NewImage: { AccountManager: { S: ['Pat Candella', 'Shirley Rodriguez'] } } } }],
    [false, { dynamodb: { NewImage: { AccountManager: { S: ['Shirley Rodriguez'] } } } }],
    [true, { eventName: ['INSERT'], dynamodb: { NewImage: { PaymentTerms: { S: [{ suffix: ' days' }] } } } }],
    [false, { eventName: ['REMOVE'], dynamodb: { NewImage: { PaymentTerms: { S: [{ suffix: ' days' }] } } } }],
    [true, { dynamodb: { NewImage: { PaymentTerms: { S: [{ prefix: '30' }, { prefix: '60' }] } } } }],
    [false, { dynamodb: { NewImage: { PaymentTerms: ['60 days'] } } }],
    [true, { eventName: ['INSERT'], eventSource: ['aws:dynamodb'] }],
    [true, { dynamodb: { ApproximateCreationDateTime: [{ numeric: ['>', 0] }] } }],
  ] as const)('%s: %j', ([expected, pattern]) => {
    expect(selects(pattern, record)).toBe(expected)
  })

  test('of Object.prototype are ordinary names', () => {
    const hostile: object = JSON.parse('{ "__proto__": { "constructor": "a" } }')
    const pattern = JSON.parse('{ "__proto__": { "constructor": ["a"] } }')
    expect(selects(pattern, hostile)).toBe(true)
    expect(selects(pattern, {})).toBe(false)
    expect(selects({ constructor: { name: ['Object'] } }, {})).toBe(false)
    expect(selects({ toString: [{ exists: false }] }, {})).toBe(true)
  })

  test('are looked for on the record itself', () => {
    expect(selects({ eventName: ['INSERT'] }, Object.create({ eventName: 'INSERT' }))).toBe(false)
  })

  test('with a dot are one name', () => {
    expect(selects({ 'a.b': ['x'] }, { 'a.b': 'x' })).toBe(true)
    expect(selects({ 'a.b': ['x'] }, { a: { b: 'x' } })).toBe(false)
  })
})

test('the numbers of an item are text, so numeric matches none of them', () => {
  const record = inserted({ total: { N: '101' } })
  expect(selects({ dynamodb: { NewImage: { total: { N: [{ numeric: ['>', 100] }] } } } }, record)).toBe(false)
  expect(selects({ dynamodb: { NewImage: { total: { N: [101] } } } }, record)).toBe(false)
  expect(selects({ dynamodb: { NewImage: { total: { N: ['101'] } } } }, record)).toBe(true)
  expect(selects({ dynamodb: { NewImage: { total: { N: [{ 'anything-but': '101' }] } } } }, record)).toBe(false)
})
