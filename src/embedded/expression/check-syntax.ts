import { ExpressionProblem, misused } from './problem.ts'
import { isReserved } from './reserved-words.ts'
import type { ActionSyntax, CallSyntax, ConditionSyntax, OperandSyntax, PathSyntax } from './syntax.ts'

// What is wrong with an expression whatever its names and values are. The service walks the tree once and reports the
// first problem, outer before inner: so do these.

const conditionFunctions: ReadonlySet<string> = new Set([
  'attribute_exists',
  'attribute_not_exists',
  'attribute_type',
  'begins_with',
  'contains',
  'size',
])
const updateFunctions: ReadonlySet<string> = new Set(['if_not_exists', 'list_append'])

export function checkCondition(condition: ConditionSyntax): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      checkCondition(condition.left)
      return checkCondition(condition.right)
    case 'not':
      return checkCondition(condition.condition)
    case 'comparison':
      checkOperand(condition.left)
      return checkOperand(condition.right)
    case 'between':
      return [condition.operand, condition.low, condition.high].forEach(checkOperand)
    case 'in':
      return [condition.operand, ...condition.options].forEach(checkOperand)
    case 'call':
      return checkCall(condition, (name) => name !== 'size')
  }
}

function checkOperand(operand: OperandSyntax): void {
  if (operand.kind === 'path') checkPath(operand)
  else if (operand.kind === 'call') checkCall(operand, (name) => name === 'size')
}

function checkCall({ name, operands }: CallSyntax, fits: (name: string) => boolean): void {
  if (updateFunctions.has(name)) throw notAllowed('a condition', name)
  if (!conditionFunctions.has(name)) throw unknown(name)
  if (!fits(name)) throw misused(name)
  operands.forEach(checkOperand)
}

export function checkAction(action: ActionSyntax): void {
  checkPath(action.path)
  if (action.section !== 'SET') return
  const { value } = action
  if (value.kind === 'arithmetic') [value.left, value.right].forEach(checkInnerOperand)
  else checkUpdateOperand(value, () => true)
}

/** An operand that is not the whole right side of a SET: a list has no place there. */
function checkInnerOperand(operand: OperandSyntax): void {
  checkUpdateOperand(operand, (name) => name !== 'list_append')
}

function checkUpdateOperand(operand: OperandSyntax, fits: (name: string) => boolean): void {
  if (operand.kind === 'path') return checkPath(operand)
  if (operand.kind === 'value') return
  const { name, operands } = operand
  if (conditionFunctions.has(name)) throw notAllowed('an update', name)
  if (!updateFunctions.has(name)) throw unknown(name)
  if (!fits(name)) throw misused(name)
  operands.forEach(checkInnerOperand)
}

export function checkPath({ elements }: PathSyntax): void {
  for (const element of elements) {
    if (typeof element === 'bigint')
      throw new ExpressionProblem(`List index is not within the allowable range; index: [${element}]`)
    if (typeof element === 'string' && isReserved(element))
      throw new ExpressionProblem(`Attribute name is a reserved keyword; reserved keyword: ${element}`)
  }
}

function notAllowed(where: string, name: string): ExpressionProblem {
  return new ExpressionProblem(`The function is not allowed in ${where} expression; function: ${name}`)
}

function unknown(name: string): ExpressionProblem {
  return new ExpressionProblem(`Invalid function name; function: ${name}`)
}
