import { ExpressionProblem } from './problem.ts'
import { type Token, tokenize, type TokenKind } from './tokens.ts'

// Beyond this no expression is valid: parentheses that are not redundant need an operator each, and 300 of those are the
// most. Without a limit, 4 KB of parentheses would be too deep for the stack.
const maxDepth = 400

/** The tokens of one expression, read from the first to the last. */
export class TokenReader {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  get kind(): TokenKind {
    return this.#token.kind
  }

  /** The kind of the token after this one. */
  get following(): TokenKind {
    return this.#tokens[this.#at + 1]?.kind ?? 'end'
  }

  /** The text of this token; the next one is then this. */
  take(): string {
    const { text } = this.#token
    this.#at += 1
    return text
  }

  takeIf(kind: TokenKind): boolean {
    if (this.kind !== kind) return false
    this.#at += 1
    return true
  }

  expect(kind: TokenKind): string {
    return this.kind === kind ? this.take() : this.fail()
  }

  /** Reads what stands between this `(` and its `)`. */
  inParentheses<Result>(read: () => Result): Result {
    this.expect('(')
    this.#depth += 1
    if (this.#depth > maxDepth) throw redundantParentheses()
    const result = read()
    this.expect(')')
    this.#depth -= 1
    return result
  }

  /** Refuses the token at which the reader is, in the service's words. */
  fail(): never {
    const previous = this.#tokens[this.#at - 1]
    const next = this.#tokens[this.#at + 1]
    const end = next === undefined || next.kind === 'end' ? this.#text.length : next.end
    const near = this.#text.slice(previous?.start ?? 0, end)
    throw new ExpressionProblem(`Syntax error; token: "${this.#token.text}", near: "${near}"`)
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '<EOF>', start: this.#text.length, end: this.#text.length }
  }
}

export function redundantParentheses(): ExpressionProblem {
  return new ExpressionProblem('The expression has redundant parentheses;')
}
