import type { CallSyntax, OperandSyntax, PathSyntax } from './syntax.ts'
import { redundantParentheses, type TokenReader } from './token-reader.ts'

/** Something that may stand in parentheses, once. */
export interface Wrapped<Node> {
  readonly node: Node
  readonly wrapped: boolean
}

const maxIndex = 2_147_483_647

export function parseOperand(reader: TokenReader): OperandSyntax {
  return parseWrapped(reader).node
}

function parseWrapped(reader: TokenReader): Wrapped<OperandSyntax> {
  if (reader.kind !== '(') return { node: parseBareOperand(reader), wrapped: false }
  return wrap(reader.inParentheses(() => parseWrapped(reader)))
}

/** What stood in parentheses that have just been closed. */
export function wrap<Inner extends Wrapped<unknown>>(inner: Inner): Inner {
  if (inner.wrapped) throw redundantParentheses()
  return { ...inner, wrapped: true }
}

export function parseBareOperand(reader: TokenReader): OperandSyntax {
  if (reader.kind === 'value') return { kind: 'value', name: reader.take() }
  if (reader.kind === 'name' && reader.following === '(') return parseCall(reader)
  return parsePath(reader)
}

function parseCall(reader: TokenReader): CallSyntax {
  const name = reader.take()
  return { kind: 'call', name, operands: reader.inParentheses(() => parseList(reader, parseOperand)) }
}

export function parseList<Element>(
  reader: TokenReader,
  parse: (reader: TokenReader) => Element,
): readonly [Element, ...Element[]] {
  const list: [Element, ...Element[]] = [parse(reader)]
  while (reader.takeIf(',')) list.push(parse(reader))
  return list
}

export function parsePath(reader: TokenReader): PathSyntax {
  const elements: PathSyntax['elements'][number][] = [parseName(reader)]
  for (;;) {
    if (reader.takeIf('.')) elements.push(parseName(reader))
    else if (reader.kind === '[') elements.push(parseIndex(reader))
    else return { kind: 'path', elements }
  }
}

function parseName(reader: TokenReader): string {
  return reader.kind === 'alias' ? reader.take() : reader.expect('name')
}

function parseIndex(reader: TokenReader): number | bigint {
  reader.expect('[')
  const text = reader.expect('number')
  reader.expect(']')
  return Number(text) <= maxIndex ? Number(text) : BigInt(text)
}
