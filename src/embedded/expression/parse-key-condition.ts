import type { AttributeValue, KeySchema } from '../item.ts'
import { type ServiceError, validationError } from '../service-error.ts'
import { ordering } from './bind-condition.ts'
import { compareValues } from './compare-values.ts'
import { beginsWith } from './condition-functions.ts'
import type { ExpressionContext } from './context.ts'
import { type KeyTerm, readKeyTerms } from './key-terms.ts'

/** Which items of a table or an index a Query reads. */
export interface KeyCondition {
  readonly hash: AttributeValue
  /** Whether the range key is one of those that were asked for. Absent: all are. */
  readonly range?: (value: AttributeValue) => boolean
  /** What `range` tests, for a search that does not try every item. */
  readonly rangeTerm?: KeyTerm
}

/** The types that a table's or an index's key attributes are defined to have. */
export interface KeyTypes {
  readonly [name: string]: string
}

/**
 * Parses a key condition for this key; throws the service's `ValidationException`. Where the table is not known yet,
 * {@link readKeyTerms} finds what is wrong with the expression itself and {@link matchKey} does the rest.
 */
export function parseKeyCondition(
  text: string,
  context: ExpressionContext,
  key: KeySchema,
  types?: KeyTypes,
): KeyCondition {
  return matchKey(readKeyTerms(text, context), key, types)
}

/** Holds the terms of a key condition against a key. */
export function matchKey(terms: ReadonlyMap<string, KeyTerm>, key: KeySchema, types: KeyTypes = {}): KeyCondition {
  if (terms.size > 2) throw validationError('Conditions can be of length 1 or 2 only')
  if (terms.size > 1 && key.range === undefined) throw notSupported()
  const hash = termOf(terms, key.hash, types)
  const [value] = hash.operands
  if (hash.operator !== '=') throw notSupported()
  if (terms.size === 1 || key.range === undefined) return { hash: value }
  const rangeTerm = termOf(terms, key.range, types)
  return { hash: value, range: tester(rangeTerm), rangeTerm }
}

function termOf(terms: ReadonlyMap<string, KeyTerm>, name: string, types: KeyTypes): KeyTerm {
  const term = terms.get(name)
  if (term === undefined) throw validationError(`Query condition missed key schema element: ${name}`)
  const type = types[name]
  if (type !== undefined && term.operands.some((operand) => !(type in operand)))
    throw validationError(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    )
  return term
}

function tester({ operator, operands }: KeyTerm): (value: AttributeValue) => boolean {
  const [first, second = first] = operands
  if (operator === 'begins_with') return (value) => beginsWith(value, first)
  if (operator === 'BETWEEN') return (value) => compareValues(value, first) >= 0 && compareValues(value, second) <= 0
  const holds = ordering(operator)
  return (value) => holds(compareValues(value, first))
}

function notSupported(): ServiceError {
  return validationError('Query key condition not supported')
}
