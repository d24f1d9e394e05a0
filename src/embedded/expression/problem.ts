import { validationError } from '../service-error.ts'

/** The parameters that hold an expression; the service's messages begin with their name. */
export type ExpressionKind =
  'ConditionExpression' | 'FilterExpression' | 'KeyConditionExpression' | 'ProjectionExpression' | 'UpdateExpression'

/** What is wrong with an expression, told by the code that does not know which parameter it came in. */
export class ExpressionProblem extends Error {}

/** Runs `work` on the expression in the parameter `kind`; a problem becomes the service's error. */
export function inExpression<Result>(kind: ExpressionKind, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw error instanceof ExpressionProblem ? validationError(`Invalid ${kind}: ${error.message}`) : error
  }
}

/** An operand of the wrong kind, as conditions and functions say it. */
export function wrongOperandType(name: string, type: string): ExpressionProblem {
  return new ExpressionProblem(
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
  )
}

export function wrongOperandCount(name: string, count: number): ExpressionProblem {
  return new ExpressionProblem(
    `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
  )
}

export function notPath(name: string): ExpressionProblem {
  return new ExpressionProblem(`Operator or function requires a document path; operator or function: ${name}`)
}

export function misused(name: string): ExpressionProblem {
  return new ExpressionProblem(`The function is not allowed to be used this way in an expression; function: ${name}`)
}
