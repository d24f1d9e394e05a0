import type { AttributeValue } from '../item.ts'
import type { ExpressionContext } from './context.ts'
import { bindPath, type DocumentPath, pathText, type Read, reader, samePath } from './document-path.ts'
import { ExpressionProblem, wrongOperandType } from './problem.ts'
import type { PathSyntax, ValueSyntax } from './syntax.ts'

/** An operand with its names and values known. */
export interface Operand {
  readonly read: Read
  /** The type it has in every item: a value's or a function's. Not a path's. */
  readonly type?: string
  readonly path?: DocumentPath
  readonly value?: AttributeValue
}

export function bindPathOperand(syntax: PathSyntax, context: ExpressionContext): Operand {
  const path = bindPath(syntax, context)
  return { path, read: reader(path) }
}

export function bindValue({ name }: ValueSyntax, context: ExpressionContext): Operand {
  const value = context.value(name)
  return { value, type: typeOf(value), read: () => value }
}

/** `S`, `N`, …: the one member of the value. */
export function typeOf(value: AttributeValue): string {
  for (const type in value) return type
  throw new TypeError('A value without a type')
}

/** Refuses operands that can never have a type that `name` takes. */
export function assertTypes(name: string, operands: readonly Operand[], types: readonly string[]): void {
  for (const { type } of operands) if (type !== undefined && !types.includes(type)) throw wrongOperandType(name, type)
}

/** Refuses to hold an attribute against itself. */
export function assertDistinct(name: string, [first, ...others]: readonly Operand[]): void {
  const path = first?.path
  if (path === undefined) return
  if (others.some((other) => other.path !== undefined && samePath(path, other.path)))
    throw new ExpressionProblem(
      `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${pathText(path)}`,
    )
}
