const keywords = ['AND', 'OR', 'NOT', 'BETWEEN', 'IN', 'SET', 'REMOVE', 'ADD', 'DELETE'] as const
const symbols = ['=', '<>', '<', '<=', '>', '>=', '(', ')', '[', ']', '.', ',', '+', '-'] as const

type Keyword = (typeof keywords)[number]
type Symbol = (typeof symbols)[number]

/** `unknown` is a character that no expression has; what to say about it is the parser's affair. */
export type TokenKind = Keyword | Symbol | 'name' | 'alias' | 'value' | 'number' | 'unknown' | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Where it begins in the expression. */
  readonly start: number
  readonly end: number
}

const keywordOf = new Map<string, Keyword>(keywords.map((word) => [word, word]))
const symbolOf = new Map<string, Symbol>(symbols.map((text) => [text, text]))
const longestKeyword = 7

// Not `\s`: a form feed or a no-break space is as foreign to the service as a letter with an accent.
const space = /[ \t\r\n]*/y
const next = /([A-Za-z][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|(0|[1-9][0-9]*)|<>|<=|>=|[^]/y

/** Cuts an expression into its tokens. The last is always an `end`. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let start = skipSpace(text, 0)
  while (start < text.length) {
    const token = tokenAt(text, start)
    tokens.push(token)
    start = skipSpace(text, token.end)
  }
  tokens.push({ kind: 'end', text: '<EOF>', start: text.length, end: text.length })
  return tokens
}

function skipSpace(text: string, from: number): number {
  space.lastIndex = from
  space.test(text)
  return space.lastIndex
}

function tokenAt(text: string, start: number): Token {
  next.lastIndex = start
  const [found = '', name, alias, value, number] = next.exec(text) ?? []
  return { kind: kindOf(found, name, alias, value, number), text: found, start, end: start + found.length }
}

function kindOf(found: string, name?: string, alias?: string, value?: string, number?: string): TokenKind {
  if (name !== undefined) return keywordOf.get(name.length > longestKeyword ? '' : name.toUpperCase()) ?? 'name'
  if (alias !== undefined) return 'alias'
  if (value !== undefined) return 'value'
  if (number !== undefined) return 'number'
  return symbolOf.get(found) ?? 'unknown'
}
