import { parseBareOperand, parseList, parseOperand, parsePath, wrap, type Wrapped } from './parse-operand.ts'
import type { ActionSyntax, ArithmeticSyntax, OperandSyntax, Section } from './syntax.ts'
import { TokenReader } from './token-reader.ts'

type Parsed = Wrapped<OperandSyntax | ArithmeticSyntax>

/** One clause: a section and its actions. */
export interface Clause {
  readonly section: Section
  readonly actions: readonly ActionSyntax[]
}

/** Reads the grammar of an update; a section that comes twice is not its affair. */
export function parseUpdateSyntax(text: string): readonly Clause[] {
  const reader = new TokenReader(text)
  const clauses: Clause[] = [parseClause(reader)]
  while (reader.kind !== 'end') clauses.push(parseClause(reader))
  return clauses
}

function parseClause(reader: TokenReader): Clause {
  const section = reader.kind
  if (section !== 'SET' && section !== 'REMOVE' && section !== 'ADD' && section !== 'DELETE') return reader.fail()
  reader.take()
  return { section, actions: parseList(reader, () => parseAction(section, reader)) }
}

function parseAction(section: Section, reader: TokenReader): ActionSyntax {
  const path = parsePath(reader)
  if (section === 'REMOVE') return { section, path }
  if (section !== 'SET') return { section, path, value: { kind: 'value', name: reader.expect('value') } }
  reader.expect('=')
  return { section, path, value: parseSum(reader).node }
}

// `(a + b)` and `(a) + b` begin alike; once the parentheses hold a sum, nothing may follow them.
function parseSum(reader: TokenReader): Parsed {
  const first = parseTerm(reader)
  const operator = reader.kind
  if (first.node.kind === 'arithmetic' || (operator !== '+' && operator !== '-')) return first
  reader.take()
  return { node: { kind: 'arithmetic', operator, left: first.node, right: parseOperand(reader) }, wrapped: false }
}

function parseTerm(reader: TokenReader): Parsed {
  if (reader.kind !== '(') return { node: parseBareOperand(reader), wrapped: false }
  return wrap(reader.inParentheses(() => parseSum(reader)))
}
