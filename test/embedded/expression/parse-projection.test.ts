import { describe, expect, test } from 'vitest'
import { ExpressionContext } from '../../../src/embedded/expression/context.ts'
import { parseProjection } from '../../../src/embedded/expression/parse-projection.ts'
import type { AttributeValue, Item } from '../../../src/embedded/item.ts'
import { expectRefused } from './support/refused.ts'

const n = (value: number): AttributeValue => ({ N: String(value) })
const item: Item = {
  s: { S: 'abc' },
  l: { L: [n(0), n(1), n(2), n(3)] },
  m: { M: { a: n(1), b: { M: { c: n(2) } }, l: { L: [{ L: [n(7), n(8)] }, { M: { z: n(9), y: n(10) } }] } } },
}
const names = { '#a': 's', '#dot': 'm.a' }

const context = (text: string) => new ExpressionContext(text.includes('#') ? names : undefined)
const project = (text: string) => parseProjection(text, context(text))(item)

describe('picks', () => {
  test.for<readonly [string, Item]>([
    ['s', { s: { S: 'abc' } }],
    ['#a', { s: { S: 'abc' } }],
    ['m.a, m.b.c', { m: { M: { a: n(1), b: { M: { c: n(2) } } } } }],
    ['l[3], l[1], l[99]', { l: { L: [n(1), n(3)] } }],
    ['m.l[1].y, m.l[0][1]', { m: { M: { l: { L: [{ L: [n(8)] }, { M: { y: n(10) } }] } } } }],
    ['s.a, l.a, m[0], zz.a', {}],
    ['m.l[0][9], m.b.zz', {}],
    ['#dot', {}],
    ['hasOwnProperty, toString.x', {}],
    ['m . a', { m: { M: { a: n(1) } } }],
  ])('%s', ([text, expected]) => {
    expect(project(text)).toEqual(expected)
  })
})

describe('refuses', () => {
  const overlap = (one: string, two: string) =>
    `Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${one}, path two: ${two}`
  test.for([
    ['', 'The expression can not be empty;'],
    ['s,', 'Syntax error; token: "<EOF>", near: ","'],
    ['(s)', 'Syntax error; token: "(", near: "(s"'],
    [':a', 'Syntax error; token: ":a", near: ":a"'],
    ['a.select', 'Attribute name is a reserved keyword; reserved keyword: select'],
    ['s, #b', 'An expression attribute name used in the document path is not defined; attribute name: #b'],
    ['s, s', overlap('[s]', '[s]')],
    ['#a, s', overlap('[s]', '[s]')],
    ['m, m.a', overlap('[m]', '[m, a]')],
    ['m.a, m', overlap('[m, a]', '[m]')],
    ['b[1], b.a, #a.b, s', overlap('[s, b]', '[s]')],
    [
      'm.a, m[0]',
      'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [0]]',
    ],
  ] as const)('%s', ([text, problem]) => {
    expectRefused(() => project(text), `Invalid ProjectionExpression: ${problem}`)
  })
})
