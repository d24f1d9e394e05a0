import { parseBareOperand, parseList, parseOperand, type Wrapped, wrap } from './parse-operand.ts'
import type { Comparator, ConditionSyntax, OperandSyntax } from './syntax.ts'
import { TokenReader } from './token-reader.ts'

const comparators: ReadonlySet<string> = new Set<Comparator>(['=', '<>', '<', '<=', '>', '>='])

type Parsed = Wrapped<ConditionSyntax | OperandSyntax>

/** Reads the grammar of conditions, filters and key conditions. */
export function parseConditionSyntax(text: string): ConditionSyntax {
  const reader = new TokenReader(text)
  const condition = asCondition(parseOr(reader), reader)
  reader.expect('end')
  return condition
}

// Of an opening parenthesis one can't tell whether it is a condition's or an operand's: `(a) = b` or `(a = b)`. So the
// levels below may also return an operand, but only when the parenthesis that it stands in ends with it.

function parseOr(reader: TokenReader): Parsed {
  let left = parseAnd(reader)
  while (reader.kind === 'OR') left = join('or', left, parseAnd, reader)
  return left
}

function parseAnd(reader: TokenReader): Parsed {
  let left = parseNot(reader)
  while (reader.kind === 'AND') left = join('and', left, parseNot, reader)
  return left
}

function join(
  kind: 'and' | 'or',
  first: Parsed,
  parseNext: (reader: TokenReader) => Parsed,
  reader: TokenReader,
): Parsed {
  const left = asCondition(first, reader)
  reader.take()
  return { node: { kind, left, right: asCondition(parseNext(reader), reader) }, wrapped: false }
}

function parseNot(reader: TokenReader): Parsed {
  let count = 0
  while (reader.takeIf('NOT')) count += 1
  const parsed = parseUnit(reader)
  if (count === 0) return parsed
  let condition = asCondition(parsed, reader)
  for (; count > 0; count -= 1) condition = { kind: 'not', condition }
  return { node: condition, wrapped: false }
}

function parseUnit(reader: TokenReader): Parsed {
  if (reader.kind !== '(') return parseTail({ node: parseBareOperand(reader), wrapped: false }, reader)
  return parseTail(wrap(reader.inParentheses(() => parseOr(reader))), reader)
}

/** What follows a first operand. */
function parseTail(parsed: Parsed, reader: TokenReader): Parsed {
  const { node } = parsed
  if (!isOperand(node)) return parsed
  if (isComparator(reader.kind)) return unwrapped(parseComparison(node, reader.kind, reader))
  if (reader.takeIf('BETWEEN')) return unwrapped(parseBetween(node, reader))
  if (reader.takeIf('IN')) return unwrapped(parseIn(node, reader))
  if (node.kind === 'call' || reader.kind === ')') return parsed
  return reader.fail()
}

function parseComparison(left: OperandSyntax, operator: Comparator, reader: TokenReader): ConditionSyntax {
  reader.take()
  return { kind: 'comparison', operator, left, right: parseOperand(reader) }
}

function parseBetween(operand: OperandSyntax, reader: TokenReader): ConditionSyntax {
  const low = parseOperand(reader)
  reader.expect('AND')
  return { kind: 'between', operand, low, high: parseOperand(reader) }
}

function parseIn(operand: OperandSyntax, reader: TokenReader): ConditionSyntax {
  return { kind: 'in', operand, options: reader.inParentheses(() => parseList(reader, parseOperand)) }
}

function unwrapped(node: ConditionSyntax): Parsed {
  return { node, wrapped: false }
}

function asCondition({ node }: Parsed, reader: TokenReader): ConditionSyntax {
  return node.kind === 'path' || node.kind === 'value' ? reader.fail() : node
}

function isOperand(node: ConditionSyntax | OperandSyntax): node is OperandSyntax {
  return node.kind === 'path' || node.kind === 'value' || node.kind === 'call'
}

function isComparator(kind: string): kind is Comparator {
  return comparators.has(kind)
}
