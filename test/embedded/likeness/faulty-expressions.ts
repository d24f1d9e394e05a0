import type { Input } from './asks.ts'
import { order } from './faulty-values.ts'
import type { Fields, Value } from './values.ts'

// The programs write expressions in one form (expressions.ts), so that their text can be searched: one space around an
// operator, none inside a path. No parser of the engine's is used, since it is the engine's that is being judged.

export const expressionNames = [
  'ConditionExpression',
  'FilterExpression',
  'KeyConditionExpression',
  'ProjectionExpression',
  'UpdateExpression',
] as const
export type ExpressionName = (typeof expressionNames)[number]

/** An expression of a request. */
export interface Expression {
  readonly text: string
  readonly names: { readonly [alias: string]: string }
  readonly values: Fields
}

type Check = (expression: Expression, told: readonly string[]) => boolean

/** What is wrong with an expression, by what the engines tell of it behind `Invalid …Expression: `. */
export const expressionFaults: readonly (readonly [told: RegExp, isIn: Check])[] = [
  [/^Two document paths overlap/, (expression) => somePair(targetsOf(expression), overlap)],
  [/^Two document paths conflict/, (expression) => somePair(targetsOf(expression), conflict)],
  [/^The "(\w+)" section can only be used once/, ({ text }, [section]) => text.split(`${section} `).length > 2],
  [/^The expression has redundant parentheses/, ({ text }) => hasDoubleParentheses(text)],
  [/attribute value used in expression is not defined; attribute value: (:\w+)/, isUndefinedValue],
  [/attribute name used in the document path is not defined; attribute name: (#\w+)/, isUndefinedName],
  [/operator or function: (\S+), operand type: (\w+)$/, hasWrongOperand],
  [/operator: (ADD|DELETE), operand type: (\w+), typeSet/, hasWrongAddition],
  [/^Invalid attribute type name found; type: (\w+),/, hasUnknownType],
  [/^The BETWEEN operator requires same data type/, (one) => boundsIn(one).some((two) => Number.isNaN(order(...two)))],
  [/^The BETWEEN operator requires upper bound/, (one) => boundsIn(one).some((two) => order(...two) > 0)],
  [/^The first operand must be distinct .* operator: (\S+),/, isHeldAgainstItself],
]

export function expressionIn(input: Input, name: ExpressionName): Expression | undefined {
  const text = input[name]
  if (typeof text !== 'string') return undefined
  return { text, names: input.ExpressionAttributeNames ?? {}, values: input.ExpressionAttributeValues ?? {} }
}

/** The paths of a text; a name in front of a parenthesis is a function's, and capitals are keywords. */
export function pathsIn({ text, names }: Pick<Expression, 'text' | 'names'>): readonly string[] {
  const found = text.match(/(?<![\w:#.[])#?[a-z]\w*(?:\.\w+|\[\d+\])*(?![\w(])/g) ?? []
  return found.map((path) => path.replace(/^#\w+/, (alias) => names[alias] ?? alias))
}

/** The places that an update changes or that a projection is about. */
export function targetsOf(expression: Expression): readonly (readonly string[])[] {
  const parts = expression.text.split(/\b(?:SET|REMOVE|ADD|DELETE) /).flatMap(commaSeparated)
  return parts.flatMap((text) => pathsIn({ ...expression, text }).slice(0, 1)).map(elementsOf)
}

/** The elements of a path, an index with its brackets. */
export function elementsOf(path: string): readonly string[] {
  return path.match(/\w+|\[\d+\]/g) ?? []
}

/** The actions of one section of an update. */
export function actionsIn({ text }: Expression, section: string): readonly string[] {
  const [, ...rest] = text.split(`${section} `)
  return rest.flatMap((one) => commaSeparated(one.split(/\b(?:SET|REMOVE|ADD|DELETE) /)[0] ?? ''))
}

// At commas outside of all parentheses.
function commaSeparated(text: string): readonly string[] {
  const parts = ['']
  let depth = 0
  for (const letter of text) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0
    if (letter === ',' && depth === 0) parts.push('')
    else parts.push(`${parts.pop() ?? ''}${letter}`)
  }
  return parts.map((part) => part.trim())
}

function somePair<T>(all: readonly T[], holds: (one: T, other: T) => boolean): boolean {
  return all.some((one, at) => all.slice(at + 1).some((other) => holds(one, other)))
}

function overlap(one: readonly string[], other: readonly string[]): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return short.every((element, at) => element === long[at])
}

function conflict(one: readonly string[], other: readonly string[]): boolean {
  const at = one.findIndex((element, index) => element !== other[index])
  const [mine, yours] = [one[at], other[at]]
  return mine !== undefined && yours !== undefined && mine.startsWith('[') !== yours.startsWith('[')
}

function hasDoubleParentheses(text: string): boolean {
  const open: number[] = []
  const closedBy = new Map<number, number>()
  for (const [at, letter] of [...text].entries()) {
    if (letter === '(') open.push(at)
    const from = letter === ')' ? open.pop() : undefined
    if (from === undefined) continue
    closedBy.set(from, at)
    if (closedBy.get(from + 1) === at - 1) return true
  }
  return false
}

function isUndefinedValue({ text, values }: Expression, [name = '']: readonly string[]): boolean {
  return hasWord(text, name) && values[name] === undefined
}

function isUndefinedName({ text, names }: Expression, [name = '']: readonly string[]): boolean {
  return hasWord(text, name) && names[name] === undefined
}

export function hasWord(text: string, word: string): boolean {
  return new RegExp(`${word}(?!\\w)`).test(text)
}

/** Each value of an expression, with the text before and after it. */
function placed({ text, values }: Expression): readonly (readonly [value: Value, before: string, after: string])[] {
  return Array.from(text.matchAll(/:\w+/g), ({ 0: name, index }) => {
    return [values[name] ?? {}, text.slice(0, index), text.slice(index + name.length)] as const
  })
}

function hasWrongOperand(expression: Expression, [operator = '', type = '']: readonly string[]): boolean {
  return placed(expression).some(
    ([value, before, after]) => type in value && operatorsAt(before, after).includes(operator),
  )
}

// What a value stands beside, between or, as an operand, inside of.
function operatorsAt(before: string, after: string): readonly string[] {
  const symbol = '(<>|<=|>=|[=<>+-])'
  const beside = [new RegExp(` ${symbol} $`).exec(before)?.[1], new RegExp(`^ ${symbol} `).exec(after)?.[1]]
  const isBound = / BETWEEN (\S+ AND )?$/.test(before) || after.startsWith(' BETWEEN ')
  const call = /([a-z_]+)\([^()]*(\([^()]*\)[^()]*)*$/.exec(before)?.[1]
  return [...beside, isBound ? 'BETWEEN' : undefined, call].filter((name) => name !== undefined)
}

const longTypes: { readonly [long: string]: string } = {
  STRING: 'S',
  NUMBER: 'N',
  BINARY: 'B',
  BOOLEAN: 'BOOL',
  NULL: 'NULL',
  LIST: 'L',
  MAP: 'M',
}

function hasWrongAddition(expression: Expression, [section = '', type = '']: readonly string[]): boolean {
  const values = actionsIn(expression, section).map((action) => expression.values[action.split(' ')[1] ?? ''])
  return values.some((value) => value !== undefined && (longTypes[type] ?? type) in value)
}

function hasUnknownType({ text, values }: Expression, [type]: readonly string[]): boolean {
  const asked = Array.from(text.matchAll(/attribute_type\([^)]*, (:\w+)\)/g), ([, name = '']) => values[name]?.['S'])
  return asked.includes(type) && !/^(S|N|B|SS|NS|BS|BOOL|NULL|L|M)$/.test(String(type))
}

function boundsIn({ text, values }: Expression): readonly (readonly [Value, Value])[] {
  return Array.from(text.matchAll(/ BETWEEN (:\w+) AND (:\w+)/g), ([, low = '', high = '']) => {
    return [values[low] ?? {}, values[high] ?? {}] as const
  })
}

function isHeldAgainstItself({ text, names }: Expression, [operator = '']: readonly string[]): boolean {
  const plain = text.replace(/#\w+/g, (alias) => names[alias] ?? alias)
  const path = '((?<![\\w.\\]])[a-z][\\w.[\\]]*)'
  const same = /^[a-z]/.test(operator) ? `${operator}\\(${path}, \\1\\)` : `${path} ${operator} \\1(?![\\w.[])`
  return new RegExp(same).test(plain)
}
