import { anythingBut } from './anything-but.ts'
import { invalidPattern, placeOf } from './invalid-pattern.ts'
import { soleEntry, type Matcher, type ScalarType } from './matcher.ts'
import { numeric } from './numeric.ts'
import { textMatcher } from './text.ts'
import { isObject, type Scalar } from './values.ts'

type OperatorParser = (operand: unknown, at: string) => Matcher

const operators: ReadonlyMap<string, OperatorParser> = new Map<string, OperatorParser>([
  ['exists', exists],
  ['prefix', textMatcher('prefix')],
  ['suffix', textMatcher('suffix')],
  ['equals-ignore-case', textMatcher('equals-ignore-case')],
  ['anything-but', anythingBut],
  ['numeric', numeric],
])

const operatorsOfEventBridgeOnly: readonly string[] = ['wildcard', 'cidr', 'exactly']

/** Reads one element of the list that a field takes. Throws a `ConfigurationError`. */
export function parseMatcher(value: unknown, at: string): Matcher {
  if (isObject(value)) return parseOperator(value, at)
  if (isScalar(value)) return { matches: (found) => found === value, wants: typeOf(value) }
  throw invalidPattern(at, 'expected text, a finite number, true, false, null or an object with one operator', value)
}

function parseOperator(value: object, at: string): Matcher {
  const [name, operand] = soleEntry(value, at)
  const parse = operators.get(name)
  if (parse !== undefined) return parse(operand, placeOf(at, name))
  const why = operatorsOfEventBridgeOnly.includes(name)
    ? `'${name}' belongs to EventBridge and is not in Lambda's event filtering`
    : `there is no operator '${name}'`
  throw invalidPattern(at, `${why}; the operators are ${[...operators.keys()].join(', ')}`, value)
}

function exists(operand: unknown, at: string): Matcher {
  if (operand === true) return { matches: () => true }
  if (operand === false) return { matches: () => false, absence: true }
  throw invalidPattern(at, 'expected true or false', operand)
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}

function typeOf(value: Scalar): ScalarType {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number') return 'number'
  return typeof value === 'boolean' ? 'boolean' : 'null'
}
