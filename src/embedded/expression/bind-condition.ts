import type { AttributeValue } from '../item.ts'
import { compareValues, equalValues } from './compare-values.ts'
import { bindSize, bindTest, type Test } from './condition-functions.ts'
import type { ExpressionContext } from './context.ts'
import { assertDistinct, assertTypes, bindPathOperand, bindValue, type Operand } from './operand.ts'
import { ExpressionProblem } from './problem.ts'
import type {
  BetweenSyntax,
  CallSyntax,
  Comparator,
  ComparisonSyntax,
  ConditionSyntax,
  InSyntax,
  OperandSyntax,
} from './syntax.ts'

const ordered = ['S', 'N', 'B']
const maxOptions = 100

/** The test that a condition means among these names and values. What is wrong is reported in the order of the text. */
export function bindCondition(condition: ConditionSyntax, context: ExpressionContext): Test {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const left = bindCondition(condition.left, context)
      const right = bindCondition(condition.right, context)
      return condition.kind === 'and' ? (item) => left(item) && right(item) : (item) => left(item) || right(item)
    }
    case 'not': {
      const test = bindCondition(condition.condition, context)
      return (item) => !test(item)
    }
    case 'comparison':
      return bindComparison(condition, context)
    case 'between':
      return bindBetween(condition, context)
    case 'in':
      return bindIn(condition, context)
    case 'call':
      return bindTest(condition.name, bindOperands(condition, context))
  }
}

function bindOperand(operand: OperandSyntax, context: ExpressionContext): Operand {
  switch (operand.kind) {
    case 'path':
      return bindPathOperand(operand, context)
    case 'value':
      return bindValue(operand, context)
    case 'call':
      return bindSize(bindOperands(operand, context))
  }
}

function bindOperands({ operands }: CallSyntax, context: ExpressionContext): readonly Operand[] {
  return operands.map((operand) => bindOperand(operand, context))
}

function bindComparison(syntax: ComparisonSyntax, context: ExpressionContext): Test {
  const { operator } = syntax
  const left = bindOperand(syntax.left, context)
  const right = bindOperand(syntax.right, context)
  assertDistinct(operator, [left, right])
  if (operator === '=') return (item) => equal(left.read(item), right.read(item))
  if (operator === '<>') return (item) => !equal(left.read(item), right.read(item))
  assertTypes(operator, [left, right], ordered)
  const holds = ordering(operator)
  return (item) => holds(order(left.read(item), right.read(item)))
}

/** Whether an order that {@link compareValues} found is the one that `operator` asks for; NaN never is. */
export function ordering(operator: Exclude<Comparator, '<>'>): (order: number) => boolean {
  switch (operator) {
    case '=':
      return (order) => order === 0
    case '<':
      return (order) => order < 0
    case '<=':
      return (order) => order <= 0
    case '>':
      return (order) => order > 0
    case '>=':
      return (order) => order >= 0
  }
}

function equal(left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  return left !== undefined && right !== undefined && equalValues(left, right)
}

function order(left: AttributeValue | undefined, right: AttributeValue | undefined): number {
  return left === undefined || right === undefined ? NaN : compareValues(left, right)
}

function bindBetween(syntax: BetweenSyntax, context: ExpressionContext): Test {
  const operand = bindOperand(syntax.operand, context)
  const low = bindOperand(syntax.low, context)
  const high = bindOperand(syntax.high, context)
  assertTypes('BETWEEN', [operand, low, high], ordered)
  assertDistinct('BETWEEN', [operand, low, high])
  if (low.value !== undefined && high.value !== undefined) assertBounds(low.value, high.value)
  return (item) => {
    const value = operand.read(item)
    return order(value, low.read(item)) >= 0 && order(value, high.read(item)) <= 0
  }
}

function assertBounds(low: AttributeValue, high: AttributeValue): void {
  const difference = compareValues(low, high)
  const bounds = `lower bound operand: ${valueText(low)}, upper bound operand: ${valueText(high)}`
  if (Number.isNaN(difference))
    throw new ExpressionProblem(`The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`)
  if (difference > 0)
    throw new ExpressionProblem(
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    )
}

// A binary is shown as the service's Java shows a buffer.
function valueText(value: AttributeValue): string {
  if ('S' in value) return `AttributeValue: {S:${value.S}}`
  if ('N' in value) return `AttributeValue: {N:${value.N}}`
  const size = 'B' in value ? value.B.length : 0
  return `AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=${size} cap=${size}]}`
}

function bindIn(syntax: InSyntax, context: ExpressionContext): Test {
  const operand = bindOperand(syntax.operand, context)
  const options = syntax.options.map((option) => bindOperand(option, context))
  assertDistinct('IN', [operand, ...options])
  if (options.length > maxOptions)
    throw new ExpressionProblem(
      `The IN operator is provided with too many operands; number of operands: ${options.length}`,
    )
  return (item) => {
    const value = operand.read(item)
    return value !== undefined && options.some((option) => equal(value, option.read(item)))
  }
}
