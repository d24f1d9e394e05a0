import { invalidPattern } from './invalid-pattern.ts'
import type { Test } from './values.ts'

/** The JSON types of values that are neither an object nor a list. */
export type ScalarType = 'string' | 'number' | 'boolean' | 'null'

/** One way for a field to match, read from a pattern. */
export interface Matcher {
  readonly matches: Test
  /** Holds where there is no value: `{ exists: false }`. */
  readonly absence?: true
  /** The only type of value it can match. */
  readonly wants?: ScalarType
  /** The only type of value it can exclude, for `anything-but`. */
  readonly excludes?: ScalarType
}

/** The one name and value of an object such as `{ prefix: 'a' }`. Throws a `ConfigurationError` when there are others. */
export function soleEntry(value: object, at: string): readonly [name: string, operand: unknown] {
  const [entry, ...others] = Object.entries(value)
  if (entry !== undefined && others.length === 0) return entry
  throw invalidPattern(at, 'expected an object with exactly one operator, such as { "prefix": "a" }', value)
}
