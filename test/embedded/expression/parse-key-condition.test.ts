import { describe, expect, test } from 'vitest'
import { ExpressionContext } from '../../../src/embedded/expression/context.ts'
import { parseKeyCondition } from '../../../src/embedded/expression/parse-key-condition.ts'
import { expectRefused } from './support/refused.ts'

const values = { ':p': { S: 'p' }, ':n': { N: '1' }, ':m': { N: '2' }, ':set': { SS: ['a'] }, ':s': { S: 'ab' } }
const types = { pk: 'S', sk: 'N' }

const parse = (text: string, key: { hash: string; range?: string } = { hash: 'pk', range: 'sk' }) =>
  parseKeyCondition(text, new ExpressionContext(text.includes('#') ? { '#p': 'pk' } : undefined, values), key, types)

describe('selects', () => {
  test.for([
    ['pk = :p', [0, 1, 2, 3]],
    [':p = pk', [0, 1, 2, 3]],
    ['#p = :p AND sk = :n', [1]],
    ['sk > :n and pk = :p', [2, 3]],
    ['pk = :p and sk >= :n', [1, 2, 3]],
    ['(pk = :p) and (sk < :n)', [0]],
    ['(pk = :p and sk <= :n)', [0, 1]],
    ['pk = :p and :n < sk', [2, 3]],
    ['pk = :p and :m >= sk', [0, 1, 2]],
    ['pk = :p and sk between :n and :m', [1, 2]],
  ] as const)('%s', ([text, selected]) => {
    const { hash, range = () => true } = parse(text)
    expect(hash).toEqual({ S: 'p' })
    expect([0, 1, 2, 3].filter((sk) => range({ N: String(sk) }))).toEqual(selected)
  })

  test('the beginning of a range key', () => {
    const condition = 'a = :p and begins_with(b, :s)'
    const { range, rangeTerm } = parse(condition, { hash: 'a', range: 'b' })
    expect(['a', 'ab', 'abc', 'b'].filter((S) => range?.({ S }))).toEqual(['ab', 'abc'])
    expect(rangeTerm).toEqual({ operator: 'begins_with', operands: [{ S: 'ab' }] })
  })
})

describe('refuses', () => {
  const invalid = 'Invalid condition in KeyConditionExpression:'
  test.for([
    ['', 'Invalid KeyConditionExpression: The expression can not be empty;'],
    ['pk', 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "pk"'],
    [
      'pk = :q',
      'Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :q',
    ],
    ['pk = :p or sk = :n', 'Invalid operator used in KeyConditionExpression: OR'],
    ['not pk = :p', 'Invalid operator used in KeyConditionExpression: NOT'],
    ['pk in (:p)', 'Invalid operator used in KeyConditionExpression: IN'],
    ['pk <> :p', 'Invalid operator used in KeyConditionExpression: <>'],
    ['pk = :p and attribute_exists(sk)', 'Invalid operator used in KeyConditionExpression: attribute_exists'],
    ['pk = :p and size(sk) > :n', 'KeyConditionExpressions cannot contain nested operations'],
    ['b > a.b', `${invalid} Multiple attribute names used in one condition`],
    ['pk.a = :p', 'KeyConditionExpressions cannot have conditions on nested attributes'],
    [':p = :p', `${invalid} No key attribute specified`],
    ['begins_with(:p, pk)', `${invalid} begins_with operator must have the key attribute as its first operand`],
    [':n between sk and sk', `${invalid} BETWEEN operator must have the key attribute as its first operand`],
    [
      'pk = :p and sk > :n and sk < :m',
      'Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key',
    ],
    ['pk = :p and a = :n and b = :n', 'Conditions can be of length 1 or 2 only'],
    ['pk > :p', 'Query key condition not supported'],
    ['sk = :n', 'Query condition missed key schema element: pk'],
    ['pk = :p and a = :n', 'Query condition missed key schema element: sk'],
    ['pk = :n', 'One or more parameter values were invalid: Condition parameter type does not match schema type'],
    [
      'pk = :p and sk between :p and :p',
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    ],
    [
      'pk = :p and sk > :set',
      'Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: >, operand type: SS',
    ],
  ] as const)('%s', ([text, message]) => {
    expectRefused(() => parse(text), message)
  })

  test('a second condition where the key has one part', () => {
    expectRefused(() => parse('pk = :p and sk = :n', { hash: 'pk' }), 'Query key condition not supported')
  })
})
