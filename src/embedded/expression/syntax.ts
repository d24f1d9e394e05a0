// What the parsers make of an expression's text: nothing here depends on the names and values that come with it, so one
// tree serves every request with the same text.

/** A document path as written: a name, an alias (`#a`) or an index; a bigint is an index too large for any list. */
export interface PathSyntax {
  readonly kind: 'path'
  readonly elements: readonly (string | number | bigint)[]
}

/** `:name`. */
export interface ValueSyntax {
  readonly kind: 'value'
  readonly name: string
}

export interface CallSyntax {
  readonly kind: 'call'
  readonly name: string
  readonly operands: readonly OperandSyntax[]
}

export type OperandSyntax = PathSyntax | ValueSyntax | CallSyntax

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

export interface ComparisonSyntax {
  readonly kind: 'comparison'
  readonly operator: Comparator
  readonly left: OperandSyntax
  readonly right: OperandSyntax
}

export interface BetweenSyntax {
  readonly kind: 'between'
  readonly operand: OperandSyntax
  readonly low: OperandSyntax
  readonly high: OperandSyntax
}

export interface InSyntax {
  readonly kind: 'in'
  readonly operand: OperandSyntax
  readonly options: readonly OperandSyntax[]
}

export interface JunctionSyntax {
  readonly kind: 'and' | 'or'
  readonly left: ConditionSyntax
  readonly right: ConditionSyntax
}

export interface NotSyntax {
  readonly kind: 'not'
  readonly condition: ConditionSyntax
}

export type ConditionSyntax = ComparisonSyntax | BetweenSyntax | InSyntax | JunctionSyntax | NotSyntax | CallSyntax

/** `a + b`, which only the right side of a SET may be. */
export interface ArithmeticSyntax {
  readonly kind: 'arithmetic'
  readonly operator: '+' | '-'
  readonly left: OperandSyntax
  readonly right: OperandSyntax
}

export type ActionSyntax =
  | { readonly section: 'SET'; readonly path: PathSyntax; readonly value: OperandSyntax | ArithmeticSyntax }
  | { readonly section: 'ADD' | 'DELETE'; readonly path: PathSyntax; readonly value: ValueSyntax }
  | { readonly section: 'REMOVE'; readonly path: PathSyntax }

export type Section = ActionSyntax['section']
