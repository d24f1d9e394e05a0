import type { ExpressionContext } from '../expression/context.ts'
import { conditionAttributes, parseCondition } from '../expression/parse-condition.ts'
import { parseProjection } from '../expression/parse-projection.ts'
import { choiceField, type Fields, flagField, textField } from '../fields.ts'
import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import type { SecondaryIndex } from '../table/secondary-index.ts'
import type { Table } from '../table/table.ts'
import type { RequestExpressions } from './request-expressions.ts'

const selections = ['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'] as const
type Selection = (typeof selections)[number]

/** What a Query or a Scan reads and what it wants of it. */
export interface Reading {
  readonly table: Table
  readonly index: SecondaryIndex | undefined
  readonly isConsistent: boolean
  readonly isCount: boolean
  /** A local index may give what it does not hold: the item is then read from the table. */
  readonly fetchesItems: boolean
  readonly filter: ((item: Item) => boolean) | undefined
  project(item: Item): Item
}

/** What both operations have in common of a request, before the table is known. */
export interface ReadingRequest {
  readonly selection: Selection | undefined
  readonly indexName: string | undefined
  readonly isConsistent: boolean
  readonly filter: ((item: Item) => boolean) | undefined
  /** The attributes that the filter reads. */
  readonly filtered: ReadonlySet<string>
  readonly projection: ((item: Item) => Item) | undefined
  /** The attributes that the projection is about. */
  readonly wanted: readonly string[] | undefined
}

export function readReadingRequest(fields: Fields, expressions: RequestExpressions, verb: string): ReadingRequest {
  const selection = choiceField(fields, 'Select', selections)
  const indexName = textField(fields, 'IndexName')
  const projection = expressions.parse('ProjectionExpression', parseProjection)
  assertSelection(selection, projection !== undefined, indexName, verb)
  const wanted = expressions.parse('ProjectionExpression', attributesOfProjection)
  const filter = expressions.parse('FilterExpression', (text, context) =>
    parseCondition(text, context, 'FilterExpression'),
  )
  const filtered = expressions.parse('FilterExpression', conditionAttributes) ?? new Set()
  return {
    selection,
    indexName,
    isConsistent: flagField(fields, 'ConsistentRead'),
    filter,
    filtered,
    projection,
    wanted,
  }
}

function assertSelection(
  selection: Selection | undefined,
  projects: boolean,
  index: string | undefined,
  verb: string,
): void {
  if (selection === 'SPECIFIC_ATTRIBUTES' && !projects)
    throw validationError(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    )
  if (selection === 'ALL_PROJECTED_ATTRIBUTES' && index === undefined)
    throw validationError(`ALL_PROJECTED_ATTRIBUTES can be used only when ${verb} using an IndexName`)
  if (!projects || selection === undefined || selection === 'SPECIFIC_ATTRIBUTES') return
  const wanted = selection === 'COUNT' ? 'only the Count' : selection
  throw validationError(`Cannot specify the ProjectionExpression when choosing to get ${wanted}`)
}

export function readingOf(table: Table, request: ReadingRequest): Reading {
  const { selection, indexName, isConsistent, filter, projection, wanted = [] } = request
  const index = indexName === undefined ? undefined : indexOf(table, indexName)
  const absent = index?.projected === undefined ? [] : wanted.filter((name) => index.projected?.has(name) === false)
  if (index?.definition.scope === 'global') assertGlobal(index, request, absent)
  const wantsAll = selection === 'ALL_ATTRIBUTES' && index?.projected !== undefined
  return {
    table,
    index,
    isConsistent,
    isCount: selection === 'COUNT',
    fetchesItems: wantsAll || absent.length > 0,
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

function assertGlobal(
  index: SecondaryIndex,
  { isConsistent, selection }: ReadingRequest,
  absent: readonly string[],
): void {
  if (isConsistent) throw validationError('Consistent reads are not supported on global secondary indexes')
  if (selection === 'ALL_ATTRIBUTES' && index.projected !== undefined)
    throw validationError(
      `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.definition.name} because its projection type is not ALL`,
    )
  if (absent.length > 0)
    throw validationError(
      `One or more parameter values were invalid: Global secondary index ${index.definition.name} does not project [${absent.join(', ')}]`,
    )
}
