import { ExpressionProblem } from './problem.ts'
import type { ConditionSyntax, OperandSyntax, PathSyntax } from './syntax.ts'

const maxOperators = 300

/** Refuses more operators than the service evaluates; functions count. */
export function assertOperatorCount(condition: ConditionSyntax): void {
  if (countOperators(condition) > maxOperators)
    // The service stops counting here, however many there are.
    throw new ExpressionProblem(`The expression contains too many operators; operator count: ${maxOperators + 1}`)
}

function countOperators(condition: ConditionSyntax): number {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return 1 + countOperators(condition.left) + countOperators(condition.right)
    case 'not':
      return 1 + countOperators(condition.condition)
    case 'call':
      return countCalls(condition)
    case 'comparison':
    case 'between':
    case 'in':
      return operandsOf(condition).reduce((count, operand) => count + countCalls(operand), 1)
  }
}

function countCalls(operand: OperandSyntax): number {
  if (operand.kind !== 'call') return 0
  return operand.operands.reduce((count, inner) => count + countCalls(inner), 1)
}

/** The operands of one condition; those of the conditions that an AND joins are not its own. */
export function operandsOf(condition: ConditionSyntax): readonly OperandSyntax[] {
  switch (condition.kind) {
    case 'comparison':
      return [condition.left, condition.right]
    case 'between':
      return [condition.operand, condition.low, condition.high]
    case 'in':
      return [condition.operand, ...condition.options]
    case 'call':
      return condition.operands
    default:
      return []
  }
}

/** Every path in a condition. */
export function pathsOf(condition: ConditionSyntax): readonly PathSyntax[] {
  if (condition.kind === 'and' || condition.kind === 'or')
    return [...pathsOf(condition.left), ...pathsOf(condition.right)]
  if (condition.kind === 'not') return pathsOf(condition.condition)
  return operandsOf(condition).flatMap(pathsIn)
}

function pathsIn(operand: OperandSyntax): readonly PathSyntax[] {
  if (operand.kind === 'path') return [operand]
  return operand.kind === 'call' ? operand.operands.flatMap(pathsIn) : []
}

/** Whether a condition means the same in every request: it names no placeholder and no path into an attribute. */
export function isSelfContained(condition: ConditionSyntax): boolean {
  if (condition.kind === 'and' || condition.kind === 'or')
    return isSelfContained(condition.left) && isSelfContained(condition.right)
  if (condition.kind === 'not') return isSelfContained(condition.condition)
  return operandsOf(condition).every(isPlain)
}

function isPlain(operand: OperandSyntax): boolean {
  if (operand.kind === 'value') return false
  if (operand.kind === 'call') return operand.operands.every(isPlain)
  const [name] = operand.elements
  return operand.elements.length === 1 && typeof name === 'string' && !name.startsWith('#')
}
