import { describe, expect, test } from 'vitest'
import { ExpressionContext } from '../../../src/embedded/expression/context.ts'
import { parseUpdate } from '../../../src/embedded/expression/parse-update.ts'
import type { AttributeValue, Item } from '../../../src/embedded/item.ts'
import { expectRefused } from './support/refused.ts'

const N = (value: number): AttributeValue => ({ N: String(value) })
const list = (...elements: number[]): AttributeValue => ({ L: elements.map(N) })

const item: Item = {
  pk: { S: 'p' },
  s: { S: 'abc' },
  n: N(5),
  ss: { SS: ['a', 'b'] },
  ns: { NS: ['1', '10'] },
  l: list(0, 1, 2, 3),
  m: { M: { a: N(1), b: { M: { c: { S: 'x' } } } } },
}

const values = {
  ':n': { N: '1' },
  ':x': { S: 'x' },
  ':l': { L: [{ N: '9' }] },
  ':m': { M: {} },
  ':ss': { SS: ['c', 'b'] },
  ':all': { SS: ['b', 'a'] },
  ':ns': { NS: ['2', '10.0'] },
  ':t': { BOOL: true },
}

const program = (text: string) =>
  parseUpdate(text, new ExpressionContext({ '#proto': '__proto__', '#n': 'n', '#m': 'm' }, values))
const apply = (text: string) => program(text).apply(item, ['pk', 'sk'])

describe('changes', () => {
  test.for<readonly [string, Readonly<Record<string, AttributeValue | undefined>>]>([
    ['SET a = :n', { a: N(1) }],
    ['set a = n, n = :n', { a: N(5), n: N(1) }],
    ['set a = #n + :n', { a: N(6) }],
    ['set a = (n - :n)', { a: N(4) }],
    ['set a = (n) + (n)', { a: N(10) }],
    ['set a = if_not_exists(zz, n) + :n', { a: N(6) }],
    ['set n = if_not_exists(n, :n)', {}],
    ['set a = if_not_exists(zz.q, if_not_exists(l[9], :x))', { a: { S: 'x' } }],
    ['set a = list_append(:l, l)', { a: list(9, 0, 1, 2, 3) }],
    ['set a = list_append(if_not_exists(zz, :l), l)', { a: list(9, 0, 1, 2, 3) }],
    ['set m.b.c = :n, #m.z = m.a', { m: { M: { a: N(1), b: { M: { c: N(1) } }, z: N(1) } } }],
    ['set l[1] = :n, l[0] = l[3]', { l: list(3, 1, 2, 3) }],
    ['set l[11] = n, l[10] = :n', { l: list(0, 1, 2, 3, 1, 5) }],
    ['remove l[0], l[2]', { l: list(1, 3) }],
    ['remove l[0] set l[1] = :n, l[9] = n', { l: list(1, 2, 3, 5) }],
    ['remove l[9], zz, m.zz', {}],
    ['remove s, m.b.c', { s: undefined, m: { M: { a: N(1), b: { M: {} } } } }],
    [
      'add n :n, zz :n, m.a :n, l[9] :n',
      { n: N(6), zz: N(1), m: { M: { a: N(2), b: { M: { c: { S: 'x' } } } } }, l: list(0, 1, 2, 3, 1) },
    ],
    ['add ss :ss, ns :ns, q :ss', { ss: { SS: ['a', 'b', 'c'] }, ns: { NS: ['1', '2', '10'] }, q: { SS: ['b', 'c'] } }],
    ['delete ss :ss, ns :ns, zz :ss', { ss: { SS: ['a'] }, ns: { NS: ['1'] } }],
    ['delete ss :all', { ss: undefined }],
    ['set a = :n remove s add n :n delete ss :ss', { a: N(1), s: undefined, n: N(6), ss: { SS: ['a'] } }],
  ])('%s', ([text, changes]) => {
    const before = structuredClone(item)
    const expected = Object.fromEntries(
      Object.entries({ ...item, ...changes }).filter(([, value]) => value !== undefined),
    )
    expect(apply(text)).toEqual(expected)
    expect(item).toEqual(before)
  })

  test('an attribute that is called like a part of every object', () => {
    const after = apply('set #proto = :n')
    expect(Object.hasOwn(after, '__proto__')).toBe(true)
    expect(program('set a = #proto').apply(after, [])['a']).toEqual(N(1))
    expect(apply('set a = if_not_exists(toString, :n)')['a']).toEqual(N(1))
  })

  test('shares what it does not touch', () => {
    const after = apply('set m.a = :n')
    expect(after['l']).toBe(item['l'])
  })
})

describe('refuses for this item', () => {
  const missing = 'The provided expression refers to an attribute that does not exist in the item'
  const type = 'An operand in the update expression has an incorrect data type'
  const path = 'The document path provided in the update expression is invalid for update'
  const key = 'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key'
  test.for([
    ['set a = zz', missing],
    ['set a = m.zz', missing],
    ['set a = if_not_exists(n, zz)', missing],
    ['set a = zz + :n', missing],
    ['set a = n + s', type],
    ['set a = list_append(n, :l)', type],
    ['set a = if_not_exists(zz, :x) + n', type],
    ['add s :n', type],
    ['add ss :ns', type],
    ['add n :ss', type],
    ['delete n :ns', type],
    ['delete ss :ns', type],
    ['set zz.a = :n', path],
    ['set zz[0] = :n', path],
    ['set l.a = :n', path],
    ['set m[0] = :n', path],
    ['set s.a = :n', path],
    ['remove zz.a', path],
    ['remove l[9].a', path],
    ['add m.zz.a :n', path],
    ['delete zz.a :ss', path],
    ['set pk = :x', key],
    ['remove n, pk.a', key],
  ] as const)('%s', ([text, message]) => {
    expectRefused(() => apply(text), message)
  })

  test('a key before anything is known of the item', () => {
    expectRefused(() => program('add pk :n').assertKeysUntouched(['pk']), key)
    program('add n :n').assertKeysUntouched(['pk'])
  })
})

describe('refuses', () => {
  const wrongType = 'Incorrect operand type for operator or function;'
  test.for([
    ['', 'The expression can not be empty;'],
    ['whatever', 'Syntax error; token: "whatever", near: "whatever"'],
    ['set a', 'Syntax error; token: "<EOF>", near: "a"'],
    ['set a = :n,', 'Syntax error; token: "<EOF>", near: ","'],
    ['set a = n + n + n', 'Syntax error; token: "+", near: "n + n"'],
    ['set a = n + (n + n)', 'Syntax error; token: "+", near: "n + n"'],
    ['set a = (n + n) + n', 'Syntax error; token: "+", near: ") + n"'],
    ['set a = -n', 'Syntax error; token: "-", near: "= -n"'],
    ['set a = set', 'Syntax error; token: "set", near: "= set"'],
    ['set :n = a', 'Syntax error; token: ":n", near: "set :n ="'],
    ['add a b', 'Syntax error; token: "b", near: "a b"'],
    ['remove a = b', 'Syntax error; token: "=", near: "a = b"'],
    ['set a = ((n + n))', 'The expression has redundant parentheses;'],
    ['set a = n set b = n', 'The "SET" section can only be used once in an update expression;'],
    ['delete q :ss set a = n delete ss :ss', 'The "DELETE" section can only be used once in an update expression;'],
    ['set a = Size(s)', 'Invalid function name; function: Size'],
    ['set a = size(s)', 'The function is not allowed in an update expression; function: size'],
    [
      'set a = n + list_append(l, l)',
      'The function is not allowed to be used this way in an expression; function: list_append',
    ],
    ['set select = n', 'Attribute name is a reserved keyword; reserved keyword: select'],
    ['set a = #q', 'An expression attribute name used in the document path is not defined; attribute name: #q'],
    ['set a = :q', 'An expression attribute value used in expression is not defined; attribute value: :q'],
    [
      'set a = if_not_exists(n)',
      'Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1',
    ],
    [
      'set a = if_not_exists(:n, n)',
      'Operator or function requires a document path; operator or function: if_not_exists',
    ],
    [
      'set a = if_not_exists(n, n)',
      'The first operand must be distinct from the remaining operands for this operator or function; operator: if_not_exists, first operand: [n]',
    ],
    ['set a = n + :x', `${wrongType} operator or function: +, operand type: S`],
    ['set a = list_append(l, :n)', `${wrongType} operator or function: list_append, operand type: N`],
    ['add a :x', `${wrongType} operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND`],
    ['add a :m', `${wrongType} operator: ADD, operand type: MAP, typeSet: ALLOWED_FOR_ADD_OPERAND`],
    ['delete a :n', `${wrongType} operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND`],
    [
      'set a = n remove a',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]',
    ],
    [
      'set a.b = n, a = n',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]',
    ],
    [
      'remove a.b set a[1] = n',
      'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]',
    ],
    // What is reported, of several problems.
    ['set a = b set c = foo(d)', 'Invalid function name; function: foo'],
    ['set a = #q set c = :q', 'The "SET" section can only be used once in an update expression;'],
    [
      'set a = #q, a = :q',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]',
    ],
    ['set a = :x + n, b = :q', 'An expression attribute value used in expression is not defined; attribute value: :q'],
  ] as const)('%s', ([text, problem]) => {
    expectRefused(() => program(text), `Invalid UpdateExpression: ${problem}`)
  })
})

// What the service does here was found out by others: dynalite's and ScyllaDB's tests, which run against it.
describe('touched', () => {
  const touched = (text: string) => {
    const update = program(text)
    return update.touched(item, update.apply(item, []))
  }

  test.for<readonly [string, Item, Item]>([
    ['set s = :x', { s: { S: 'abc' } }, { s: { S: 'x' } }],
    ['set s = s', { s: { S: 'abc' } }, { s: { S: 'abc' } }],
    ['set a = :n', {}, { a: N(1) }],
    ['remove s', { s: { S: 'abc' } }, {}],
    ['set m.b.c = :n', { m: { M: { b: { M: { c: { S: 'x' } } } } } }, { m: { M: { b: { M: { c: N(1) } } } } }],
    ['set l[1] = n, l[3] = n', { l: list(1, 3) }, { l: list(5, 5) }],
    ['set l[100] = n', {}, {}],
    ['remove l[1]', { l: list(1) }, { l: list(2) }],
    ['add n :n delete ss :all', { n: N(5), ss: { SS: ['a', 'b'] } }, { n: N(6) }],
  ])('%s', ([text, old, after]) => {
    expect(touched(text)).toEqual({ old, new: after })
  })

  test('an item that was not there', () => {
    const update = program('set a = :n')
    expect(update.touched(undefined, { a: N(1) })).toEqual({ old: {}, new: { a: N(1) } })
  })
})
