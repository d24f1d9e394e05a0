import { invalidPattern } from './invalid-pattern.ts'
import type { Matcher } from './matcher.ts'
import { isList } from './values.ts'

type Comparison = (value: number, bound: number) => boolean

const lower: ReadonlyMap<unknown, Comparison> = new Map<unknown, Comparison>([
  ['>', (value, bound) => value > bound],
  ['>=', (value, bound) => value >= bound],
])

const upper: ReadonlyMap<unknown, Comparison> = new Map<unknown, Comparison>([
  ['<', (value, bound) => value < bound],
  ['<=', (value, bound) => value <= bound],
])

const all: ReadonlyMap<unknown, Comparison> = new Map<unknown, Comparison>([
  ['=', (value, bound) => value === bound],
  ...lower,
  ...upper,
])

/** Reads the operand of `numeric`: `[operator, bound]`, or a range with its lower bound first. */
export function numeric(operand: unknown, at: string): Matcher {
  const holds = parseCondition(operand)
  if (holds !== undefined) return { matches: (value) => typeof value === 'number' && holds(value), wants: 'number' }
  const expected = 'expected ["=", 5] (or <, <=, >, >=), or a range such as [">", 0, "<=", 5] with bounds in this order'
  throw invalidPattern(at, expected, operand)
}

function parseCondition(operand: unknown): ((value: number) => boolean) | undefined {
  if (!isList(operand)) return undefined
  const [first, bound, second, top] = operand
  if (operand.length === 2) return comparing(all.get(first), bound)
  const above = comparing(lower.get(first), bound)
  const below = comparing(upper.get(second), top)
  if (operand.length !== 4 || above === undefined || below === undefined || Number(bound) >= Number(top))
    return undefined
  return (value) => above(value) && below(value)
}

function comparing(compare: Comparison | undefined, bound: unknown): ((value: number) => boolean) | undefined {
  if (compare === undefined || typeof bound !== 'number' || !Number.isFinite(bound)) return undefined
  return (value) => compare(value, bound)
}
