import { type Ask, operandsFor, readKey } from './asks.ts'
import { expressionIn, type ExpressionName, pathsIn } from './faulty-expressions.ts'
import { order, sameText } from './faulty-values.ts'
import { type IndexShape, keyParts, type KeyPart, type TableShape } from './tables.ts'
import { isOtherType } from './wrong-keys.ts'
import type { Value } from './values.ts'

/** What a Select asks for and can't have. */
export function wantsNothingInParticular({ input }: Ask): boolean {
  return input['Select'] === 'SPECIFIC_ATTRIBUTES' && input['ProjectionExpression'] === undefined
}

export function wantsProjectedOfTable({ input }: Ask): boolean {
  return input['Select'] === 'ALL_PROJECTED_ATTRIBUTES' && input['IndexName'] === undefined
}

export function wantsPartsAnd({ input }: Ask, told: string): boolean {
  return input['ProjectionExpression'] !== undefined && input['Select'] === (told === 'only the Count' ? 'COUNT' : told)
}

export function wantsAllOfPart({ input, index }: Ask): boolean {
  return input['Select'] === 'ALL_ATTRIBUTES' && index?.scope === 'Global' && index.projection.ProjectionType !== 'ALL'
}

export function isConsistentOnGlobal({ input, index }: Ask): boolean {
  return input['ConsistentRead'] === true && index?.scope === 'Global'
}

export function hasNoSuchIndex({ input, table }: Ask, told: string): boolean {
  return input['IndexName'] === told && table?.indexes.every(({ name }) => name !== told) === true
}

/** Whether the expression is about all of these attributes, and the index has none of them. */
export function isNotInIndex({ input, table, index }: Ask, name: ExpressionName, told: string): boolean {
  if (table === undefined || index === undefined || index.projection.ProjectionType === 'ALL') return false
  const heads = headsOf({ input }, name)
  return told.split(', ').every((attribute) => heads.includes(attribute) && !holds(table, index, attribute))
}

function holds(table: TableShape, index: IndexShape, attribute: string): boolean {
  const keys = [table, index].flatMap(keyParts).map(({ name }) => name)
  return keys.includes(attribute) || index.projection.NonKeyAttributes?.includes(attribute) === true
}

/** Whether a filter is about this part of the key that is read by. */
export function filtersKey(ask: Ask, told: string): boolean {
  return headsOf(ask, 'FilterExpression').includes(told) && readKey(ask).some(({ name }) => name === told)
}

function headsOf({ input }: Pick<Ask, 'input'>, name: ExpressionName): readonly string[] {
  const expression = expressionIn(input, name)
  return expression === undefined ? [] : pathsIn(expression).map((path) => path.replace(/[.[].*/, ''))
}

/** Whether an expression goes into this attribute, which is part of a key. */
export function entersKey(ask: Ask, name: ExpressionName, told: string): boolean {
  const expression = expressionIn(ask.input, name)
  return expression !== undefined && pathsIn(expression).some((path) => new RegExp(`^${told}[.[]`).test(path))
}

/** Whether a condition on the key has a value of another type than the key. */
export function comparesOtherType(ask: Ask): boolean {
  return readKey(ask).some((part) => operandsFor(ask, part).some((value) => isOtherType(value, part)))
}

/** Whether a start is not one that a page can have ended at: its names or its types are others. */
export function startsNowhere({ table, index, input: { ExclusiveStartKey: start } }: Ask): boolean {
  if (table === undefined || start === undefined) return false
  const parts = [table, ...(index === undefined ? [] : [index])].flatMap(keyParts)
  const names = new Set(parts.map(({ name }) => name))
  return names.size !== Object.keys(start).length || parts.some((part) => !(part.type in (start[part.name] ?? {})))
}

/** Whether a start lies in another partition than the one that is read. */
export function startsInOtherPartition(ask: Ask): boolean {
  const [hash] = readKey(ask)
  const start = hash && ask.input.ExclusiveStartKey?.[hash.name]
  if (hash === undefined || start === undefined) return false
  return operandsFor(ask, hash).some((value) => sameText(value) !== sameText(start))
}

/** Whether a start lies outside of what the condition on the range key asks for, or where that ends. */
export function startsOutside(ask: Ask): boolean {
  const [, range] = readKey(ask)
  const start = range && ask.input.ExclusiveStartKey?.[range.name]
  if (range === undefined || start === undefined) return false
  const [one, other] = operandsFor(ask, range)
  return one !== undefined && !isInside(start, operatorFor(ask, range), one, other ?? one)
}

function operatorFor({ input }: Ask, { name }: KeyPart): string {
  const text = String(input['KeyConditionExpression'])
  if (text.includes(`begins_with(${name},`)) return 'begins_with'
  return new RegExp(`\\b${name} (=|<|<=|>|>=|BETWEEN) `).exec(text)?.[1] ?? ''
}

function isInside(start: Value, operator: string, one: Value, other: Value): boolean {
  const [low, high] = [order(start, one), order(start, other)]
  if (operator === 'begins_with') return String(start['S'] ?? start['B']).startsWith(String(one['S'] ?? one['B']))
  if (operator === 'BETWEEN') return low >= 0 && high <= 0
  if (operator === '=') return low === 0
  return (operator.includes('=') && low === 0) || (operator.startsWith('<') ? low < 0 : low > 0)
}
