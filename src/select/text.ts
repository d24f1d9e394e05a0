import { invalidPattern } from './invalid-pattern.ts'
import { soleEntry, type Matcher } from './matcher.ts'
import { isObject, type Test } from './values.ts'

export type TextOperator = 'prefix' | 'suffix' | 'equals-ignore-case'

export function isTextOperator(name: string): name is TextOperator {
  return name === 'prefix' || name === 'suffix' || name === 'equals-ignore-case'
}

/** Reads the operand of a text operator: text or, for `prefix` and `suffix`, `{ 'equals-ignore-case': text }`. */
export function textMatcher(operator: TextOperator): (operand: unknown, at: string) => Matcher {
  return (operand, at) => ({ matches: parseOperand(operator, operand, at), wants: 'string' })
}

function parseOperand(operator: TextOperator, operand: unknown, at: string): Test {
  if (typeof operand === 'string') return compareText(operator, operand)
  if (operator === 'equals-ignore-case') throw invalidPattern(at, 'expected text', operand)
  const [name, text] = isObject(operand) ? soleEntry(operand, at) : []
  if (name === 'equals-ignore-case' && typeof text === 'string') return ignoringCase(operator, text)
  throw invalidPattern(at, 'expected text or { "equals-ignore-case": text }', operand)
}

/** Whether a value is text that compares with `text`. */
export function compareText(operator: TextOperator, text: string): Test {
  if (operator === 'equals-ignore-case') return ignoringCase(operator, text)
  return operator === 'prefix'
    ? (value) => typeof value === 'string' && value.startsWith(text)
    : (value) => typeof value === 'string' && value.endsWith(text)
}

// As Lambda's engine (aws/event-ruler) has it: each character of the pattern stands for its lower and its upper case. That
// is not the same as folding both sides: 'ß' matches 'SS', and 'k' does not match the Kelvin sign.
function ignoringCase(operator: TextOperator, text: string): Test {
  const start = operator === 'suffix' ? '' : '^'
  const end = operator === 'prefix' ? '' : '$'
  const regExp = new RegExp(start + [...text].map(eitherCase).join('') + end)
  return (value) => typeof value === 'string' && regExp.test(value)
}

function eitherCase(character: string): string {
  const [lower, upper] = [escapeForRegExp(character.toLowerCase()), escapeForRegExp(character.toUpperCase())]
  return lower === upper ? lower : `(?:${lower}|${upper})`
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
