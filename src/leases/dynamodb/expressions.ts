import type { Row } from '../../ledger/dynamodb/rows.ts'

/** What an update sets and removes. */
export interface Change {
  readonly set?: Row
  readonly remove?: readonly string[]
}

/** What must hold of a row for it to be written; `names` are the attributes that `expression` calls `#name`. */
export interface Condition {
  readonly expression: string
  readonly names: readonly string[]
  readonly values?: Row
}

/** That there is no such row. */
export const absent: Condition = { expression: 'attribute_not_exists(pk)', names: [] }

/** A condition as a request carries it. */
export interface ConditionParameters {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues?: Row
}

/** A condition as a put, a delete or an action of a transaction takes it. */
export function conditionOf(condition: Condition): ConditionParameters {
  return {
    ConditionExpression: condition.expression,
    ...(condition.names.length > 0 && { ExpressionAttributeNames: names(condition.names) }),
    ...values(condition.values ?? {}),
  }
}

/** A conditional update as DynamoDB takes it. `set` and `condition.values` share the placeholders of equal names. */
export function updateOf(
  change: Change,
  condition: Condition,
): ConditionParameters & { readonly UpdateExpression: string } {
  const { set = {}, remove = [] } = change
  return {
    UpdateExpression: updateExpression(change),
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: names([...condition.names, ...Object.keys(set), ...remove]),
    ...values({ ...condition.values, ...set }),
  }
}

function updateExpression({ set = {}, remove = [] }: Change): string {
  const sets = Object.keys(set).map((name) => `#${name} = :${name}`)
  const removes = remove.map((name) => `#${name}`)
  return [
    ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
    ...(removes.length === 0 ? [] : [`REMOVE ${removes.join(', ')}`]),
  ].join(' ')
}

function names(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]))
}

function values(row: Row): { readonly ExpressionAttributeValues?: Row } {
  const entries = Object.entries(row).map(([name, value]) => [`:${name}`, value] as const)
  return entries.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(entries) }
}
