import { describe, expect, test } from 'vitest'
import { ExpressionContext } from '../../../src/embedded/expression/context.ts'
import { conditionAttributes, parseCondition } from '../../../src/embedded/expression/parse-condition.ts'
import type { Item } from '../../../src/embedded/item.ts'
import { expectRefused } from './support/refused.ts'

const item: Item = {
  pk: { S: 'p' },
  s: { S: 'abc' },
  n: { N: '5' },
  b: { B: Buffer.from('abc') },
  ss: { SS: ['a', 'b'] },
  ns: { NS: ['1', '2'] },
  l: { L: [{ N: '0' }, { N: '1' }, { NS: ['1', '2'] }] },
  m: { M: { a: { N: '1' }, deep: { M: { c: { S: 'x' } } } } },
  t: { BOOL: true },
  u: { NULL: true },
}

const values = {
  ':n': { N: '1' },
  ':two': { N: '2' },
  ':five': { N: '5.00' },
  ':s': { S: 'abc' },
  ':ab': { S: 'ab' },
  ':ss': { SS: ['b', 'a'] },
  ':ns': { NS: ['2.0', '1'] },
  ':l': { L: [{ N: '1' }] },
  ':m': { M: { deep: { M: { c: { S: 'x' } } }, a: { N: '1.0' } } },
  ':t': { BOOL: true },
  ':u': { NULL: true },
  ':b': { B: Buffer.from('b') },
  ':N': { S: 'N' },
}

const used = <Value>(all: Readonly<Record<string, Value>>, text: string, pattern: RegExp) => {
  const names = [...new Set(text.match(pattern))].filter((name) => name in all)
  return names.length === 0
    ? undefined
    : Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
}

const aliases = { '#n': 'n', '#s': 's' }
const contextFor = (text: string) => new ExpressionContext(used(aliases, text, /#\w+/g), used(values, text, /:\w+/g))
const holds = (text: string) => parseCondition(text, contextFor(text))(item)
const refuses = (text: string, problem: string) =>
  expectRefused(() => parseCondition(text, contextFor(text)), `Invalid ConditionExpression: ${problem}`)

describe('a condition holds', () => {
  test.for([
    's = :s',
    'n = :five',
    'n <> :n',
    'n > :n AND n >= :five and n <= :five',
    ':n < n',
    's <> n',
    'ss = :ss',
    'ns = :ns',
    'm = :m',
    'l[1] = :n',
    'm.deep.c <> :s',
    'absent <> :n',
    'absent <> lacking',
    'NOT absent = :n',
    'not absent between :n and :two',
    'not not s = :s',
    's between :ab and :s',
    'n IN (:n, :five)',
    's = :n OR n = :five',
    's = :n AND s = :s OR n = :five',
    's = :s AND (n = :n OR n = :five)',
    '((s) = :s)',
    '(size(s)) > :two',
    'size(ss) = :two',
    'size(m) = :two',
    'size(b) > :two',
    'size(absent) <> :n',
    'attribute_exists(m.deep.c)',
    'attribute_exists (l[2])',
    'attribute_not_exists(l[3])',
    'attribute_not_exists(s.a)',
    'attribute_type(n, :N)',
    'begins_with(s, :ab)',
    'contains(s, :ab)',
    'contains(b, :b)',
    'contains(ns, :n)',
    'contains(l, :n)',
    'contains(l, :ns)',
    '#n = :five and #s = :s',
    't = :t and u = :u',
  ])('%s', (text) => {
    expect(holds(text)).toBe(true)
  })
})

describe('a condition does not hold', () => {
  test.for([
    'absent = :n',
    'absent = lacking',
    'absent < :n',
    'absent in (:n)',
    'n in (absent)',
    'n < s',
    'n > s',
    'n = :s',
    'not s = :s',
    't < u',
    'ss < s',
    'size(n) = :n',
    'size(absent) = size(lacking)',
    'attribute_exists(toString)',
    'attribute_type(absent, :N)',
    'contains(m, :n)',
    'contains(ss, :ss)',
    'begins_with(s, n)',
  ])('%s', (text) => {
    expect(holds(text)).toBe(false)
  })
})

describe('refuses', () => {
  test.for([
    ['', 'The expression can not be empty;'],
    [' ', 'Syntax error; token: "<EOF>", near: " "'],
    ['things are not ok', 'Syntax error; token: "are", near: "things are not"'],
    ['s > 4', 'Syntax error; token: "4", near: "> 4"'],
    ['attribute_exists(a-b)', 'Syntax error; token: "-", near: "a-b"'],
    ['attribute_exists("a")', 'Syntax error; token: """, near: "("a"'],
    ['a   b  ', 'Syntax error; token: "b", near: "a   b  "'],
    ['_a = n', 'Syntax error; token: "_", near: "_a"'],
    ['l[00] = n', 'Syntax error; token: "0", near: "00]"'],
    ['(a AND b)', 'Syntax error; token: "AND", near: "a AND b"'],
    ['NOT (a)', 'Syntax error; token: "<EOF>", near: ")"'],
    ['set = n', 'Syntax error; token: "set", near: "set ="'],
    ['a between b or c', 'Syntax error; token: "or", near: "b or c"'],
    ['(a = b) = c', 'Syntax error; token: "=", near: ") = c"'],
    ['s\u00a0= n', 'Syntax error; token: "\u00a0", near: "s\u00a0="'],
    ['((s = n)) and', 'The expression has redundant parentheses;'],
    ['size(((s))) = n', 'The expression has redundant parentheses;'],
    ['('.repeat(4000), 'The expression has redundant parentheses;'],
    ['l[99999999999] = n', 'List index is not within the allowable range; index: [99999999999]'],
    ['a.Select = n', 'Attribute name is a reserved keyword; reserved keyword: Select'],
    ['CONTAINS(s, n)', 'Invalid function name; function: CONTAINS'],
    ['a = if_not_exists(b, c)', 'The function is not allowed in a condition expression; function: if_not_exists'],
    ['size(s)', 'The function is not allowed to be used this way in an expression; function: size'],
    ['s = contains(s, n)', 'The function is not allowed to be used this way in an expression; function: contains'],
    ['#a = b', 'An expression attribute name used in the document path is not defined; attribute name: #a'],
    ['b = :a', 'An expression attribute value used in expression is not defined; attribute value: :a'],
    [
      'contains(a)',
      'Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1',
    ],
    ['a < :l', 'Incorrect operand type for operator or function; operator or function: <, operand type: L'],
    [
      'a between :t and b',
      'Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: BOOL',
    ],
    [
      'begins_with(a, :n)',
      'Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
    ],
    [
      'attribute_type(a, b)',
      'Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}',
    ],
    [
      'attribute_type(a, :ab)',
      'Invalid attribute type name found; type: ab, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
    ],
    ['attribute_exists(:s)', 'Operator or function requires a document path; operator or function: attribute_exists'],
    [
      'a between :n and :s',
      'The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:abc}',
    ],
    [
      'a between :two and :n',
      'The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}',
    ],
    [
      'l[0] in (n, l[0])',
      'The first operand must be distinct from the remaining operands for this operator or function; operator: IN, first operand: [l, [0]]',
    ],
    [
      'n = #n',
      'The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]',
    ],
    [
      `s in (${Array(101).fill('n').join(',')})`,
      'The IN operator is provided with too many operands; number of operands: 101',
    ],
    [Array(151).fill('a=n').join(' OR '), 'The expression contains too many operators; operator count: 301'],
    [`a${'.b'.repeat(32)} = n`, 'The document path has too many nesting levels; nesting levels: 33'],
    [`${'a'.repeat(4095)}=n`, 'Expression size has exceeded the maximum allowed size; expression size: 4097'],
    // What is reported, of several problems.
    ['size(b) and select = d', 'The function is not allowed to be used this way in an expression; function: size'],
    ['foo(select)', 'Invalid function name; function: foo'],
    ['b = :a and foo(c)', 'Invalid function name; function: foo'],
    ['b = :a and c = c', 'An expression attribute value used in expression is not defined; attribute value: :a'],
  ] as const)('%s', ([text, problem]) => {
    refuses(text, problem)
  })

  test('accepts the most of everything', () => {
    expect(holds(Array(150).fill('s=:s').join(' AND '))).toBe(true)
    expect(holds(`a${'.b'.repeat(31)} = n`)).toBe(false)
    expect(holds(`s in (${Array(100).fill('n').join(',')})`)).toBe(false)
    expect(holds(`${'a'.repeat(4094)}=n`)).toBe(false)
  })
})

test('an error names the parameter that the expression came in', () => {
  expectRefused(
    () => parseCondition('', new ExpressionContext(), 'FilterExpression'),
    'Invalid FilterExpression: The expression can not be empty;',
  )
})

test('one text serves several values', () => {
  const bind = (value: object) => parseCondition('n = :v', new ExpressionContext(undefined, { ':v': value }))
  const [five, six] = [bind({ N: '5' }), bind({ N: '6' })]
  expect([five(item), six(item), five(item)]).toEqual([true, false, true])
})

test('conditionAttributes names what a condition reads', () => {
  const text = '#n.x = l[0] and not size(m.a) > :n or attribute_exists(s)'
  expect([...conditionAttributes(text, contextFor(text))]).toEqual(['n', 'l', 'm', 's'])
})
