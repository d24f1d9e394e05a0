import { addNumbers, subtractNumbers } from '../decimal.ts'
import type { AttributeValue, Item } from '../item.ts'
import { type ServiceError, validationError } from '../service-error.ts'
import { pair } from './condition-functions.ts'
import type { ExpressionContext } from './context.ts'
import { assertDistinct, assertTypes, bindPathOperand, bindValue, type Operand } from './operand.ts'
import { notPath } from './problem.ts'
import type { ArithmeticSyntax, CallSyntax, OperandSyntax } from './syntax.ts'

/** The value of an operand in this item; there has to be one. */
type Evaluate = (item: Item) => AttributeValue

/** What the right side of a SET means among these names and values. */
export function bindSetValue(value: OperandSyntax | ArithmeticSyntax, context: ExpressionContext): Evaluate {
  return value.kind === 'arithmetic' ? bindArithmetic(value, context) : evaluated(bindOperand(value, context))
}

function bindOperand(operand: OperandSyntax, context: ExpressionContext): Operand {
  switch (operand.kind) {
    case 'path':
      return bindPathOperand(operand, context)
    case 'value':
      return bindValue(operand, context)
    case 'call':
      return bindCall(operand, context)
  }
}

function bindArithmetic({ operator, left, right }: ArithmeticSyntax, context: ExpressionContext): Evaluate {
  const operands = [bindOperand(left, context), bindOperand(right, context)] as const
  assertTypes(operator, operands, ['N'])
  const calculate = operator === '+' ? addNumbers : subtractNumbers
  const [first, second] = [evaluated(operands[0]), evaluated(operands[1])]
  return (item) => {
    const one = numberOf(first(item))
    return { N: calculate(one, numberOf(second(item))) }
  }
}

function bindCall({ name, operands: syntax }: CallSyntax, context: ExpressionContext): Operand {
  const operands = syntax.map((operand) => bindOperand(operand, context))
  const [first, second] = pair(name, operands)
  return name === 'if_not_exists' ? bindIfNotExists(first, second) : bindListAppend(first, second)
}

// The service evaluates the other operand even where it is not needed.
function bindIfNotExists(first: Operand, second: Operand): Operand {
  assertDistinct('if_not_exists', [first, second])
  if (first.path === undefined) throw notPath('if_not_exists')
  const otherwise = evaluated(second)
  return {
    read: (item) => {
      const value = otherwise(item)
      return first.read(item) ?? value
    },
  }
}

function bindListAppend(first: Operand, second: Operand): Operand {
  assertTypes('list_append', [first, second], ['L'])
  const [head, tail] = [evaluated(first), evaluated(second)]
  return {
    type: 'L',
    read: (item) => {
      const list = listOf(head(item))
      return { L: [...list, ...listOf(tail(item))] }
    },
  }
}

function evaluated({ read }: Operand): Evaluate {
  return (item) => {
    const value = read(item)
    if (value === undefined)
      throw validationError('The provided expression refers to an attribute that does not exist in the item')
    return value
  }
}

function numberOf(value: AttributeValue): string {
  if ('N' in value) return value.N
  throw wrongDataType()
}

function listOf(value: AttributeValue): readonly AttributeValue[] {
  if ('L' in value) return value.L
  throw wrongDataType()
}

export function wrongDataType(): ServiceError {
  return validationError('An operand in the update expression has an incorrect data type')
}
