import type { AttributeValue } from '../item.ts'
import { type ServiceError, validationError } from '../service-error.ts'
import { operandsOf } from './condition-facts.ts'
import type { ExpressionContext } from './context.ts'
import { bindWhole, readCondition } from './parse-condition.ts'
import { inExpression } from './problem.ts'
import type { Comparator, ConditionSyntax, OperandSyntax } from './syntax.ts'

/** What a key condition asks of one attribute; the attribute is the left operand. */
export interface KeyTerm {
  readonly operator: Exclude<Comparator, '<>'> | 'BETWEEN' | 'begins_with'
  readonly operands: readonly [AttributeValue, ...AttributeValue[]]
}

const mirrored = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** Reads a key condition as far as that goes without a table; throws the service's `ValidationException`. */
export function readKeyTerms(text: string, context: ExpressionContext): ReadonlyMap<string, KeyTerm> {
  const syntax = inExpression('KeyConditionExpression', () => {
    const read = readCondition(text)
    bindWhole(read, context)
    return read
  })
  const terms = new Map<string, KeyTerm>()
  collect(syntax, context, terms)
  return terms
}

function collect(condition: ConditionSyntax, context: ExpressionContext, terms: Map<string, KeyTerm>): void {
  if (condition.kind === 'and') {
    collect(condition.left, context, terms)
    return collect(condition.right, context, terms)
  }
  assertOperator(condition)
  const name = attributeOf(condition, context)
  if (terms.has(name))
    throw validationError(
      'Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key',
    )
  terms.set(name, termOf(condition, context))
}

function assertOperator(condition: ConditionSyntax): void {
  const name = operatorName(condition)
  if (name !== undefined) throw validationError(`Invalid operator used in KeyConditionExpression: ${name}`)
  const [first] = operandsOf(condition)
  if ((condition.kind === 'between' || condition.kind === 'call') && first?.kind !== 'path')
    throw invalid(
      `${condition.kind === 'call' ? condition.name : 'BETWEEN'} operator must have the key attribute as its first operand`,
    )
}

/** The operator, where it is one that a key condition can't have. */
function operatorName(condition: ConditionSyntax): string | undefined {
  if (condition.kind === 'comparison') return condition.operator === '<>' ? '<>' : undefined
  if (condition.kind === 'call') return condition.name === 'begins_with' ? undefined : condition.name
  return condition.kind === 'between' ? undefined : condition.kind.toUpperCase()
}

/** The one attribute that a condition is about. */
function attributeOf(condition: ConditionSyntax, context: ExpressionContext): string {
  let found: string | undefined
  for (const operand of operandsOf(condition)) {
    if (operand.kind === 'call') throw validationError('KeyConditionExpressions cannot contain nested operations')
    if (operand.kind === 'value') continue
    if (found !== undefined) throw invalid('Multiple attribute names used in one condition')
    if (operand.elements.length > 1)
      throw validationError('KeyConditionExpressions cannot have conditions on nested attributes')
    const name = String(operand.elements[0])
    found = name.startsWith('#') ? context.name(name) : name
  }
  if (found === undefined) throw invalid('No key attribute specified')
  return found
}

function termOf(condition: ConditionSyntax, context: ExpressionContext): KeyTerm {
  const [first, ...rest] = operandsOf(condition).flatMap((operand) => valueOf(operand, context))
  if (first === undefined) throw invalid('No key attribute specified')
  const operands = [first, ...rest] as const
  if (condition.kind === 'between') return { operator: 'BETWEEN', operands }
  if (condition.kind !== 'comparison' || condition.operator === '<>') return { operator: 'begins_with', operands }
  return { operator: condition.left.kind === 'value' ? mirrored[condition.operator] : condition.operator, operands }
}

function valueOf(operand: OperandSyntax, context: ExpressionContext): readonly AttributeValue[] {
  return operand.kind === 'value' ? [context.value(operand.name)] : []
}

function invalid(problem: string): ServiceError {
  return validationError(`Invalid condition in KeyConditionExpression: ${problem}`)
}
