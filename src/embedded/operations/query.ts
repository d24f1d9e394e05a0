import { readKeyTerms } from '../expression/key-terms.ts'
import { type KeyCondition, type KeyTypes, matchKey } from '../expression/parse-key-condition.ts'
import { type Fields, flagField } from '../fields.ts'
import type { AttributeValue, Item } from '../item.ts'
import { type ServiceError, validationError } from '../service-error.ts'
import { assertKeyValue, badIndexKey, isEmptyKey } from '../table/key-rules.ts'
import { attributesOf, type KeyAttribute, keyText, type TypedKey } from '../table/key.ts'
import { tableNameOf } from '../table/names.ts'
import type { SecondaryIndex } from '../table/secondary-index.ts'
import { keySchemaOf, type Store } from '../table/store.ts'
import { refuseLegacy } from './legacy.ts'
import { rowsInRange } from './key-range.ts'
import { answerPage } from './page.ts'
import { throttledAs } from './reach.ts'
import { assertSelection, type Reading, type ReadingRequest, readingOf, readReadingRequest } from './reading.ts'
import { RequestExpressions } from './request-expressions.ts'
import { assertStartKey } from './start-key.ts'

export function query(store: Store, fields: Fields): object {
  refuseLegacy(fields)
  const name = tableNameOf(fields)
  const expressions = new RequestExpressions(fields, [
    'FilterExpression',
    'KeyConditionExpression',
    'ProjectionExpression',
  ])
  const request = readReadingRequest(fields, expressions, 'Querying')
  const terms = expressions.parse('KeyConditionExpression', readKeyTerms)
  if (terms === undefined) throw noKeyCondition()
  expressions.finish()
  const { start } = request
  const reading = readingOf(throttledAs('Query')(store, name), request)
  const collection = reading.index?.rows ?? reading.table.rows
  const condition = matchKey(terms, keySchemaOf(collection.key), typesOf(collection.key))
  assertOperands(condition, reading)
  if (start !== undefined) {
    assertStartKey(start, reading)
    assertWithin(start, condition, collection.key)
  }
  expressions.assertFor(reading.table)
  assertNoKeyFiltered(request, collection.key)
  if (reading.index !== undefined) assertFilterable(reading.index, request.filtered)
  assertSelection(request, reading)
  const isForward = fields['ScanIndexForward'] === undefined || flagField(fields, 'ScanIndexForward')
  return answerPage(store, fields, reading, rowsInRange(collection, condition, start, isForward))
}

function typesOf(key: TypedKey): KeyTypes {
  return Object.fromEntries(attributesOf(key).map(({ name, type }) => [name, type]))
}

// A filter sees what the index holds. A Scan's, too, but there the rest is just absent.
function assertFilterable({ definition, projected }: SecondaryIndex, filtered: ReadonlySet<string>): void {
  const absent = [...filtered].filter((name) => projected?.has(name) === false)
  if (absent.length > 0)
    throw validationError(
      `One or more parameter values were invalid: Secondary index ${definition.name} does not project one or more filter attributes: [${absent.join(', ')}]`,
    )
}

function assertOperands({ hash, rangeTerm }: KeyCondition, { table, index }: Reading): void {
  const key = index?.definition.key ?? table.definition.key
  const check = (value: AttributeValue, attribute: KeyAttribute) => {
    if (index !== undefined && isEmptyKey(value, attribute)) throw badIndexKey(value, attribute, index.definition)
    assertKeyValue(value, attribute, key)
  }
  check(hash, key.hash)
  for (const value of rangeTerm?.operands ?? []) if (key.range !== undefined) check(value, key.range)
}

// The key condition is the place for those.
function assertNoKeyFiltered({ filtered }: ReadingRequest, key: TypedKey): void {
  const attribute = attributesOf(key).find(({ name }) => filtered.has(name))
  if (attribute !== undefined)
    throw validationError(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${attribute.name}`,
    )
}

function assertWithin(start: Item, condition: KeyCondition, key: TypedKey): void {
  const hash = start[key.hash.name]
  const range = key.range === undefined ? undefined : start[key.range.name]
  if (condition.range !== undefined && range !== undefined && !condition.range(range)) throw outsideRange()
  if (hash === undefined || keyText(hash) !== keyText(condition.hash))
    throw validationError('The provided starting key is outside query boundaries based on provided conditions')
}

function noKeyCondition(): ServiceError {
  return validationError(
    'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
  )
}

function outsideRange(): ServiceError {
  return validationError('The provided starting key does not match the range key predicate')
}
