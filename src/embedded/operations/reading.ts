import type { ExpressionContext } from '../expression/context.ts'
import { conditionAttributes, parseCondition } from '../expression/parse-condition.ts'
import { parseProjection } from '../expression/parse-projection.ts'
import { choiceField, type Fields, flagField, integerField, textField } from '../fields.ts'
import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import type { SecondaryIndex } from '../table/secondary-index.ts'
import type { Table } from '../table/table.ts'
import type { RequestExpressions } from './request-expressions.ts'
import { takeStartKey } from './start-key.ts'

const selections = ['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'] as const
type Selection = (typeof selections)[number]
type Verb = 'Querying' | 'Scanning'

/** What a Query or a Scan reads and what it wants of it. */
export interface Reading {
  readonly table: Table
  readonly index: SecondaryIndex | undefined
  readonly isConsistent: boolean
  readonly isCount: boolean
  /** Of rows to a page. */
  readonly limit: number
  /** A local index may give what it does not hold: the item is then read from the table. */
  readonly fetchesItems: boolean
  readonly filter: ((item: Item) => boolean) | undefined
  project(item: Item): Item
}

/** What both operations have in common of a request, before the table is known. */
export interface ReadingRequest {
  readonly verb: Verb
  readonly selection: Selection | undefined
  readonly limit: number
  readonly start: Item | undefined
  readonly indexName: string | undefined
  readonly isConsistent: boolean
  readonly filter: ((item: Item) => boolean) | undefined
  /** The attributes that the filter reads. */
  readonly filtered: ReadonlySet<string>
  readonly projection: ((item: Item) => Item) | undefined
  /** The attributes that the projection is about. */
  readonly wanted: readonly string[] | undefined
}

// The rules of single fields come first, then the starting key, then the filter, then the projection.
export function readReadingRequest(fields: Fields, expressions: RequestExpressions, verb: Verb): ReadingRequest {
  const selection = choiceField(fields, 'Select', selections)
  const limit = integerField(fields, 'Limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY
  const indexName = textField(fields, 'IndexName')
  const start = takeStartKey(fields)
  const filter = expressions.parse('FilterExpression', (text, context) =>
    parseCondition(text, context, 'FilterExpression'),
  )
  const filtered = expressions.parse('FilterExpression', conditionAttributes) ?? new Set()
  const projection = expressions.parse('ProjectionExpression', parseProjection)
  const wanted = expressions.parse('ProjectionExpression', attributesOfProjection)
  return {
    verb,
    selection,
    limit,
    start,
    indexName,
    isConsistent: flagField(fields, 'ConsistentRead'),
    filter,
    filtered,
    projection,
    wanted,
  }
}

/** Refuses a selection that can't be had. The last of the checks, after all that are about keys and filters. */
export function assertSelection(request: ReadingRequest, reading: Reading): void {
  assertSelect(request)
  if (reading.index?.definition.scope === 'global') assertInGlobal(reading.index, request)
}

function assertSelect({ selection, projection, indexName, verb }: ReadingRequest): void {
  const projects = projection !== undefined
  if (selection === 'SPECIFIC_ATTRIBUTES' && !projects)
    throw validationError(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    )
  if (projects && selection !== undefined && selection !== 'SPECIFIC_ATTRIBUTES')
    throw validationError(
      `Cannot specify the ProjectionExpression when choosing to get ${selection === 'COUNT' ? 'only the Count' : selection}`,
    )
  if (selection === 'ALL_PROJECTED_ATTRIBUTES' && indexName === undefined)
    throw validationError(`ALL_PROJECTED_ATTRIBUTES can be used only when ${verb} using an IndexName`)
}

export function readingOf(table: Table, request: ReadingRequest): Reading {
  const { selection, limit, indexName, isConsistent, filter, projection } = request
  const index = indexName === undefined ? undefined : indexOf(table, indexName)
  if (isConsistent && index?.definition.scope === 'global')
    throw validationError('Consistent reads are not supported on global secondary indexes')
  const wantsAll = selection === 'ALL_ATTRIBUTES' && index?.projected !== undefined
  return {
    table,
    index,
    isConsistent,
    isCount: selection === 'COUNT',
    limit,
    fetchesItems: wantsAll || (index !== undefined && absentFrom(index, request).length > 0),
    filter,
    project: projection ?? ((item) => ({ ...item })),
  }
}

// For a projection that has been parsed: whatever else a path has comes after its first name.
function attributesOfProjection(text: string, context: ExpressionContext): readonly string[] {
  const heads = text.split(',').map((path) => path.trim().replace(/[.[\s].*$/s, ''))
  return heads.map((head) => (head.startsWith('#') ? context.name(head) : head))
}

function indexOf(table: Table, name: string): SecondaryIndex {
  const index = table.indexes.get(name)
  if (index === undefined) throw validationError(`The table does not have the specified index: ${name}`)
  return index
}

// What is to be projected and the index does not have.
function absentFrom({ projected }: SecondaryIndex, { wanted = [] }: ReadingRequest): readonly string[] {
  return wanted.filter((name) => projected?.has(name) === false)
}

function assertInGlobal(index: SecondaryIndex, request: ReadingRequest): void {
  const absent = absentFrom(index, request)
  if (request.selection === 'ALL_ATTRIBUTES' && index.projected !== undefined)
    throw validationError(
      `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.definition.name} because its projection type is not ALL`,
    )
  if (absent.length > 0)
    throw validationError(
      `One or more parameter values were invalid: Global secondary index ${index.definition.name} does not project [${absent.join(', ')}]`,
    )
}
