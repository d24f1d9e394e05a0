import { validationError } from '../service-error.ts'
import type { Fields } from '../fields.ts'

const replacements: readonly (readonly [legacy: string, instead: string])[] = [
  ['Expected', 'ConditionExpression'],
  ['AttributeUpdates', 'UpdateExpression'],
  ['AttributesToGet', 'ProjectionExpression'],
  ['KeyConditions', 'KeyConditionExpression'],
  ['QueryFilter', 'FilterExpression'],
  ['ScanFilter', 'FilterExpression'],
  ['ConditionalOperator', 'an expression'],
]

/** The parameters from before there were expressions: AWS keeps them for old programs, this engine does not have them. */
export function refuseLegacy(fields: Fields): void {
  for (const [legacy, instead] of replacements) {
    if (fields[legacy] === undefined || fields[legacy] === null) continue
    throw validationError(`The legacy parameter ${legacy} is not supported by the embedded engine: use ${instead}`)
  }
}
