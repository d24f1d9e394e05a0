import fc from 'fast-check'
import { keyParts, type KeyPart, type TableShape } from './tables.ts'

/** As an input has it, which need not be a valid one. */
export type Value = { readonly [type: string]: unknown }
export type Fields = { readonly [name: string]: Value }

type Arbitrary<T> = fc.Arbitrary<T>

/** Mostly the first, now and then what should be refused. */
export function seldom<T>(usual: Arbitrary<T>, unusual: Arbitrary<T>, weight = 30): Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: unusual })
}

const text = seldom(
  fc.constantFrom('a', 'b', 'ab', 'ba', 'abc', 'z', '\u{1F600}', '\uFF5E', 'é', ' '),
  fc.constant(''),
  12,
)
const smallNumber = fc.constantFrom('0', '1', '2', '-1', '3', '10', '1.0', '0.5', '007', '-0')
const edgeNumber = fc.constantFrom(
  '9.9999999999999999999999999999999999999E+125',
  '-9.9999999999999999999999999999999999999E+125',
  '1E-130',
  '-1E-130',
  '12345678901234567890123456789012345678',
  '1.2345678901234567890123456789012345678',
  '1e2',
  '1E+20',
  '.5',
  '5.',
  '+5',
  '100000000000000000000000000000000000000000',
  '0.000000000000000000000000000000000000000012',
  '0e999',
)
const badNumber = fc.constantFrom(
  '1E126',
  '1E-131',
  '123456789012345678901234567890123456789',
  'one',
  '',
  ' 1',
  'NaN',
  'Infinity',
  '1e',
  '0x10',
)
const number = fc.oneof(
  { weight: 20, arbitrary: smallNumber },
  { weight: 4, arbitrary: edgeNumber },
  { weight: 1, arbitrary: badNumber },
)
const bytes = seldom(
  fc.constantFrom([0], [1], [1, 0], [255], [127, 128]).map((list) => Uint8Array.from(list)),
  fc.constant(new Uint8Array()),
  12,
)

// Sets with a member twice or with none are refused; the first of the choices has neither.
function setOf<T>(member: Arbitrary<T>): Arbitrary<T[]> {
  return seldom(
    fc.uniqueArray(member, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
    fc.array(member, { maxLength: 3 }),
    15,
  )
}

const S = text.map((S): Value => ({ S }))
const N = number.map((N): Value => ({ N }))
const B = bytes.map((B): Value => ({ B }))
const SS = setOf(text).map((SS): Value => ({ SS }))
const NS = setOf(number).map((NS): Value => ({ NS }))
const BS = setOf(bytes).map((BS): Value => ({ BS }))
const BOOL = fc.boolean().map((BOOL): Value => ({ BOOL }))
const NULL = seldom(fc.constant(true), fc.constant(false)).map((NULL): Value => ({ NULL }))

const {
  any: nested,
  L,
  M,
} = fc.letrec<{ any: Value; L: Value; M: Value }>((tie) => ({
  L: fc.array(tie('any'), { maxLength: 3 }).map((L) => ({ L })),
  M: fc.dictionary(fc.constantFrom('a', 'b', 'x', 'y'), tie('any'), { maxKeys: 3 }).map((M) => ({ M })),
  any: fc.oneof({ maxDepth: 3, depthSize: 'small' }, S, N, B, SS, NS, BS, BOOL, NULL, tie('L'), tie('M')),
}))

/** Any value at all. */
export const value: Arbitrary<Value> = seldom(nested, fc.constantFrom<Value>({}), 60)

/** What each attribute usually is, so that most expressions find the type that they need. */
const attributes: { readonly [name: string]: Arbitrary<Value> } = {
  a: value,
  n: N,
  s: S,
  b: B,
  ss: SS,
  ns: NS,
  bs: BS,
  t: BOOL,
  l: L,
  m: M,
  kind: S,
  title: S,
}
export const attributeNames: readonly string[] = Object.keys(attributes)

/** A value for the attribute: of its usual type, but for some. */
export function valueFor(name: string): Arbitrary<Value> {
  return seldom(attributes[name] ?? value, value, 15)
}

const keyValues = {
  S: seldom(fc.constantFrom('a', 'b'), fc.constant(''), 25).map((S): Value => ({ S })),
  N: seldom(fc.constantFrom('1', '2', '1.0', '-1', '10'), number, 12).map((N): Value => ({ N })),
  B: seldom(fc.constantFrom<number[][]>([1], [2], [1, 0]), fc.constant<number[]>([]), 25).map((list): Value => ({
    B: Uint8Array.from(list),
  })),
}

export function keyValue(part: KeyPart): Arbitrary<Value> {
  return seldom(keyValues[part.type], value)
}

function record(parts: readonly KeyPart[]): Arbitrary<Fields> {
  return fc.record(Object.fromEntries(parts.map((part) => [part.name, keyValue(part)])))
}

/** A key of the table, now and then one with too much or too little. */
export function keyOf(table: TableShape): Arbitrary<Fields> {
  const parts = keyParts(table)
  const extra = fc.tuple(record(parts), value).map(([key, x]): Fields => ({ ...key, x }))
  return seldom(record(parts), fc.oneof(record(parts.slice(1)), extra), 40)
}

export function itemOf(table: TableShape): Arbitrary<Fields> {
  const optional = Object.fromEntries(attributeNames.map((name) => [name, valueFor(name)]))
  const rest = fc
    .subarray([...attributeNames], { maxLength: 6 })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, optional[name] ?? value]))))
  return fc.tuple(rest, keyOf(table)).map(([fields, key]): Fields => ({ ...fields, ...key }))
}
