import { invalidPattern, placeOf } from './invalid-pattern.ts'
import { soleEntry, type Matcher } from './matcher.ts'
import { compareText, isTextOperator } from './text.ts'
import { isList, isObject } from './values.ts'

/** Reads the operand of `anything-but`: a value, a list of values of one type, or one text operator with one or more texts. */
export function anythingBut(operand: unknown, at: string): Matcher {
  return isObject(operand) ? butCompared(operand, at) : butValues(operand, at)
}

function butValues(operand: unknown, at: string): Matcher {
  const values = listOf(operand)
  const excludes = values.every(isText) ? 'string' : values.every(Number.isFinite) ? 'number' : undefined
  if (excludes !== undefined && values.length > 0) return { matches: (value) => !values.includes(value), excludes }
  throw invalidPattern(at, 'expected text, a finite number, or a list of texts or of numbers', operand)
}

function butCompared(operand: object, at: string): Matcher {
  const [operator, given] = soleEntry(operand, at)
  if (!isTextOperator(operator))
    throw invalidPattern(at, 'the operators inside anything-but are prefix, suffix, equals-ignore-case', operand)
  const texts = listOf(given)
  if (texts.length === 0 || !texts.every(isText) || (operator !== 'equals-ignore-case' && texts.includes('')))
    throw invalidPattern(placeOf(at, operator), 'expected text or a list of texts, none of them empty', given)
  const tests = texts.map((text) => compareText(operator, text))
  return { matches: (value) => !tests.some((excluded) => excluded(value)), excludes: 'string' }
}

function listOf(operand: unknown): readonly unknown[] {
  return isList(operand) ? [...operand] : [operand]
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
