import type { Value } from './values.ts'

/** A number as text says it: its significant digits, and the power of ten of the first of them. */
interface Digits {
  readonly sign: string
  readonly digits: string
  readonly magnitude: number
}

function digitsOf(text: string): Digits | undefined {
  const [all, sign = '', whole = '', fraction = '', power = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  if (all === undefined || whole + fraction === '') return undefined
  const digits = (whole + fraction).replace(/^0+/, '')
  const magnitude = Number(power) + digits.length - fraction.length - 1
  return { sign: sign === '-' ? '-' : '', digits: digits.replace(/0+$/, ''), magnitude }
}

/** One text for all that means the same, whatever zeros it has. Written apart from the engine's own, to judge it. */
export function sameText(value: unknown): string {
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return `[${value.map(sameText).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([name, field]: [string, unknown]) =>
    name === 'N' ? `N:${numberText(String(field))}` : `${name}:${sameText(field)}`,
  )
  return `{${entries.toSorted().join()}}`
}

function numberText(text: string): string {
  const number = digitsOf(text)
  if (number === undefined) return text
  return number.digits === '' ? '0' : `${number.sign}${number.digits}E${number.magnitude}`
}

/** What is wrong with a value, by what the engines tell of it; looked for in what it holds, too. */
export const valueFaults: readonly (readonly [told: RegExp, isIn: (value: Value) => boolean])[] = [
  [
    /converted (into a number|to a numeric value)/,
    (value) => numbersIn(value).some((text) => digitsOf(text) === undefined),
  ],
  [/38 (significant )?digits/, (value) => numbersIn(value).some((text) => (digitsOf(text)?.digits ?? '').length > 38)],
  [/^Number overflow/, (value) => magnitudesIn(value).some((magnitude) => magnitude > 125)],
  [/^Number underflow/, (value) => magnitudesIn(value).some((magnitude) => magnitude < -130)],
  [
    / (string|number) set {2}may not be empty|Binary sets should not be empty/,
    (value) => setsIn(value).some((set) => set.length === 0),
  ],
  [/contains duplicates\.?$/, (value) => setsIn(value).some((set) => new Set(set).size < set.length)],
  [/must have the value of true$/, (value) => 'NULL' in value && value['NULL'] !== true],
  [/^Supplied AttributeValue is empty/, (value) => Object.keys(value).length === 0],
]

function numbersIn({ N, NS = [] }: Value): readonly string[] {
  return [...(N === undefined ? [] : [N as string]), ...(NS as readonly string[])]
}

function magnitudesIn(value: Value): readonly number[] {
  const numbers = numbersIn(value).flatMap((text) => digitsOf(text) ?? [])
  return numbers.filter(({ digits }) => digits !== '').map(({ magnitude }) => magnitude)
}

function setsIn({ SS, NS, BS }: Value): readonly (readonly string[])[] {
  const sets = [SS, BS].filter((set) => set !== undefined) as (readonly unknown[])[]
  return [...sets.map((set) => set.map(sameText)), ...(NS === undefined ? [] : [(NS as string[]).map(numberText)])]
}

/** The value and all that it holds. */
export function within(value: Value): readonly Value[] {
  const { L = [], M = {} } = value as { readonly L?: readonly Value[]; readonly M?: { readonly [name: string]: Value } }
  return [value, ...[...L, ...Object.values(M)].flatMap(within)]
}

/** Below, at or above 0 as the one is below, equal to or above the other; NaN where they have no order. */
export function order(one: Value, other: Value): number {
  if (one['S'] !== undefined && other['S'] !== undefined)
    return Buffer.compare(Buffer.from(String(one['S'])), Buffer.from(String(other['S'])))
  if (one['B'] instanceof Uint8Array && other['B'] instanceof Uint8Array) return Buffer.compare(one['B'], other['B'])
  if (one['N'] === undefined || other['N'] === undefined) return NaN
  return sameText(one) === sameText(other) ? 0 : Number(one['N']) - Number(other['N'])
}
