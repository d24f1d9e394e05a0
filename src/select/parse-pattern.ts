import { invalidPattern, placeOf } from './invalid-pattern.ts'
import type { Matcher } from './matcher.ts'
import { parseMatcher } from './parse-matcher.ts'
import { reservedInAlternatives } from './reserved-names.ts'
import { isList, isObject } from './values.ts'

/** One field that a pattern names, and what it has to match. */
export interface Condition {
  /** The names that lead to the field, from the record on. */
  readonly path: readonly string[]
  /** Any of these is enough. */
  readonly matchers: readonly Matcher[]
  /** Where in the pattern it is written. */
  readonly at: string
}

/** Conditions that have to hold together. */
export type Conjunction = readonly Condition[]

interface Position {
  readonly at: string
  readonly path: readonly string[]
  readonly depth: number
  readonly inAlternative: boolean
}

const maxDepth = 100
const maxAlternatives = 1_000

/**
 * Checks a pattern and multiplies its `$or`s out into alternatives, any of which selects. Only then can names beside and
 * inside an `$or` be held to the same element of a list. Throws a `ConfigurationError`.
 */
export function parsePattern(pattern: unknown, at: string): readonly Conjunction[] {
  return parseFields(pattern, { at, path: [], depth: 0, inAlternative: false })
}

function parseFields(fields: unknown, position: Position): readonly Conjunction[] {
  const { at, depth } = position
  if (!isObject(fields)) throw invalidPattern(at, 'expected an object of names to match', fields)
  if (depth > maxDepth) throw invalidPattern(at, `nested deeper than ${maxDepth} levels`, fields)
  const entries = Object.entries(fields)
  if (entries.length === 0) throw invalidPattern(at, 'an object without names asks for nothing; leave it out', fields)
  return entries
    .map(([name, value]) => parseEntry(name, value, position))
    .reduce((left, right) => combine(left, right, at))
}

function parseEntry(name: string, value: unknown, around: Position): readonly Conjunction[] {
  const at = placeOf(around.at, name)
  const position = { ...around, at, depth: around.depth + 1 }
  if (name === '$or') return parseAlternatives(value, { ...position, inAlternative: true })
  if (around.inAlternative && reservedInAlternatives.has(name))
    throw invalidPattern(at, `Lambda does not allow the name '${name}' inside $or; use an array of patterns`, value)
  const path = [...around.path, name]
  if (isList(value)) return [[{ path, matchers: parseMatchers(value, at), at }]]
  if (isObject(value)) return parseFields(value, { ...position, path })
  throw invalidPattern(at, "expected a list of matchers, such as ['INSERT'], or an object of names", value)
}

function parseMatchers(list: readonly unknown[], at: string): readonly Matcher[] {
  if (list.length === 0) throw invalidPattern(at, 'an empty list matches nothing; leave the name out', list)
  return Array.from(list, (value, index) => parseMatcher(value, `${at}[${index}]`))
}

function parseAlternatives(list: unknown, position: Position): readonly Conjunction[] {
  if (!isList(list) || list.length < 2)
    throw invalidPattern(position.at, 'expected a list of two or more alternatives, each an object of names', list)
  return Array.from(list).flatMap((fields, index) =>
    parseFields(fields, { ...position, at: `${position.at}[${index}]` }),
  )
}

function combine(left: readonly Conjunction[], right: readonly Conjunction[], at: string): readonly Conjunction[] {
  const count = left.length * right.length
  if (count > maxAlternatives)
    throw invalidPattern(at, `the alternatives of its $or multiply to more than ${maxAlternatives}`, count)
  return left.flatMap((one) => right.map((other) => [...one, ...other]))
}
