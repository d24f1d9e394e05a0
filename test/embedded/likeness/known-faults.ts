import type { Ask } from './asks.ts'
import {
  type ExpressionName,
  expressionFaults,
  expressionIn,
  expressionNames,
  hasWord,
  targetsOf,
} from './faulty-expressions.ts'
import * as reads from './faulty-reads.ts'
import { leadsNowhere, mixesTypes, readsAbsent } from './faulty-updates.ts'
import { valueFaults, within } from './faulty-values.ts'
import type { Fields, Value } from './values.ts'
import * as keys from './wrong-keys.ts'

/** What a request asks of one table, and the item that was there. */
export interface Part extends Ask {
  readonly found: Fields | undefined
}

/** What requests are refused for: the words that tell it, and whether this part of a request does deserve them. */
export interface Fault {
  /** Of one kind an engine tells one: only faults of two kinds are excused for each other. */
  readonly kind: string
  readonly told: RegExp
  readonly isIn: (part: Part, told: readonly string[]) => boolean
}

function fault(kind: string, told: RegExp, isIn: Fault['isIn']): Fault {
  return { kind, told, isIn }
}

const ofKeys: readonly Fault[] = [
  fault(
    'table',
    /^Cannot do operations on a non-existent table$|^Requested resource not found$/,
    ({ table }) => table === undefined,
  ),
  fault(
    'key',
    /^The provided key element does not match the schema$/,
    (part) => keys.hasOtherCount(part) || keys.lacksPart(part) || keys.hasOtherType(part),
  ),
  fault('key', /^The number of conditions on the keys is invalid$/, keys.hasOtherCount),
  fault('key', /^One of the required keys was not given a value$/, (part) => keys.lacksPart(part)),
  fault('key', /: Missing the key (\w+) in the item$/, (part, [name]) => keys.lacksPart(part, name)),
  fault('key', /: Type mismatch for key/, keys.hasOtherType),
  fault(
    'key',
    /^Invalid attribute value type$/,
    (part) => keys.hasOtherType(part) || keys.hasOtherIndexType(part) || reads.startsNowhere(part),
  ),
  fault('empty key', /cannot contain an empty (\w+) value\. Key: (\w+)$/, (part, [kind = '', name = '']) =>
    keys.hasEmptyPart(part, kind, name),
  ),
  fault('index key', /IndexName: ([\w-]+), IndexKey: (\w+)$/, (part, [index = '', name = '']) =>
    keys.hasEmptyIndexPart(part, index, name),
  ),
  fault('index key', /Type mismatch for Index Key/, keys.hasOtherIndexType),
]

const ofReads: readonly Fault[] = [
  fault('select', /^Must specify the AttributesToGet or ProjectionExpression/, reads.wantsNothingInParticular),
  fault('projected', /^ALL_PROJECTED_ATTRIBUTES can be used only/, reads.wantsProjectedOfTable),
  fault('both', /^Cannot specify the ProjectionExpression when choosing to get (.*)$/, (part, [told = '']) =>
    reads.wantsPartsAnd(part, told),
  ),
  fault(
    'all of a part',
    /: Select type ALL_ATTRIBUTES is not supported for global secondary index/,
    reads.wantsAllOfPart,
  ),
  fault('consistent', /^Consistent reads? (cannot be true|are not supported)/, reads.isConsistentOnGlobal),
  fault('index', /^The table does not have the specified index: (\S+)$/, (part, [name = '']) =>
    reads.hasNoSuchIndex(part, name),
  ),
  fault('absent', /does not project \[(.*)\]$/, (part, [names = '']) =>
    reads.isNotInIndex(part, 'ProjectionExpression', names),
  ),
  fault('filtered', /one or more filter attributes: \[(.*)\]$/, (part, [names = '']) =>
    reads.isNotInIndex(part, 'FilterExpression', names),
  ),
  fault(
    'filters key',
    /^Filter Expression can only contain non-primary key attributes: Primary key attribute: (\w+)$/,
    (part, [name = '']) => reads.filtersKey(part, name),
  ),
  fault('type of a condition', /: Condition parameter type does not match schema type$/, reads.comparesOtherType),
  fault('limit', /^Limit must be greater|at 'limit' failed/, ({ input }) => Number(input['Limit']) < 1),
  fault(
    'start',
    /^The provided starting key (is outside query boundaries|does not match the range key predicate)/,
    (part) => reads.startsInOtherPartition(part) || reads.startsOutside(part),
  ),
  fault(
    'start',
    /^(Type mismatch for attribute to update|Exclusive Start Key must have.*|The provided starting key is invalid)$/,
    reads.startsNowhere,
  ),
  fault('start', /^The provided starting key is invalid: (.*)$/, ({ input }, [told = '']) =>
    holdsFaulty(Object.values(input.ExclusiveStartKey ?? {}), told),
  ),
]

const ofUpdates: readonly Fault[] = [
  fault(
    'path',
    /^The document path provided in the update expression is invalid for update$/,
    withUpdate(leadsNowhere),
  ),
  fault(
    'absent operand',
    /^The provided expression refers to an attribute that does not exist in the item$/,
    withUpdate(readsAbsent),
  ),
  fault('operand', /^An operand in the update expression has an incorrect data type$/, withUpdate(mixesTypes)),
  fault('part of the key', /Cannot update attribute (\w+)\. This attribute is part of the key$/, ({ input }, [key]) => {
    const update = expressionIn(input, 'UpdateExpression')
    return update !== undefined && targetsOf(update).some(([head]) => head === key)
  }),
]

const ofExpressions: readonly Fault[] = [
  fault(
    'values',
    /^ExpressionAttributeValues contains invalid value: (.*) for key (:\w+)$/,
    ({ input }, [told = '', name = '']) => holdsFaulty([input.ExpressionAttributeValues?.[name] ?? {}], told),
  ),
  ...expressionNames.map((name) =>
    fault(name, new RegExp(`^Invalid ${name}: (.*)$`), (part, [told = '']) => isFaulty(part, name, told)),
  ),
  fault('scalar', /^Key attributes must be scalars.*Key: (\w+)$/, (part, [key = '']) =>
    expressionNames.some((name) => reads.entersKey(part, name, key)),
  ),
  fault('unused', /unused in expressions: keys: \{(.*)\}$/, (part, [names = '']) =>
    names.split(', ').every((name) => isUnused(part, name)),
  ),
  fault(
    'needless',
    /^(ExpressionAttribute\w+) can only be specified when using expressions/,
    ({ input }, [name = '']) => isNeedless(input, name),
  ),
]

const ofRequests: readonly Fault[] = [
  fault('return values', /^Return values set to invalid value$|at 'returnValues' failed/, ({ input }) =>
    isOther(input['ReturnValues'], ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW']),
  ),
  fault(
    'return values',
    /^(Return values set to invalid value|ReturnValues can only be ALL_OLD or NONE)$/,
    (part) => part.input['UpdateExpression'] === undefined && isOther(part.input['ReturnValues'], ['NONE', 'ALL_OLD']),
  ),
  ...valueFaults.map(([told, isIn]) =>
    fault('value', told, (part) => valuesAsked(part).some((value) => within(value).some(isIn))),
  ),
]

export const faults: readonly Fault[] = [...ofKeys, ...ofReads, ...ofUpdates, ...ofExpressions, ...ofRequests]

function isOther(given: unknown, known: readonly string[]): boolean {
  return given !== undefined && !known.includes(String(given))
}

function withUpdate(holds: typeof leadsNowhere): Fault['isIn'] {
  return ({ input, found, keys: [key = {}] }) => {
    const update = expressionIn(input, 'UpdateExpression')
    return update !== undefined && holds(update, found ?? key)
  }
}

function isFaulty({ input }: Part, name: ExpressionName, message: string): boolean {
  const expression = expressionIn(input, name)
  if (expression === undefined) return false
  return expressionFaults.some(([told, isIn]) => {
    const words = told.exec(message)?.slice(1)
    return words !== undefined && isIn(expression, words)
  })
}

function holdsFaulty(values: readonly Value[], message: string): boolean {
  return valueFaults.some(([told, isIn]) => told.test(message) && values.some((value) => within(value).some(isIn)))
}

function valuesAsked({ item, keys: asked }: Part): readonly Value[] {
  return [...(item === undefined ? [] : [item]), ...asked].flatMap((fields) => Object.values(fields))
}

function isUnused({ input }: Part, name: string): boolean {
  const isGiven = [input.ExpressionAttributeNames, input.ExpressionAttributeValues].some(
    (given) => given?.[name] !== undefined,
  )
  return isGiven && expressionNames.every((one) => !hasWord(String(input[one] ?? ''), name))
}

function isNeedless(input: Part['input'], name: string): boolean {
  return (
    input[name] !== undefined &&
    expressionNames.every((one) => one === 'ProjectionExpression' || input[one] === undefined)
  )
}
