import { type Fields, structureField } from '../fields.ts'
import type { Item } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import type { IndexDefinition } from '../table/secondary-index.ts'
import { assertKey, badIndexKey, isEmptyKey } from '../table/key-rules.ts'
import { attributesOf, primaryKeyOf } from '../table/key.ts'
import { takeItem } from '../table/take-value.ts'
import { positionNames } from './page.ts'
import type { Reading } from './reading.ts'

const invalid = 'The provided starting key is invalid'

// Of these the service does not say that they are in the starting key.
const unexplained = /contains duplicates|number set|numeric value|significant digits|number with magnitude/

/** The `ExclusiveStartKey` before the table is known. */
export function takeStartKey(fields: Fields): Item | undefined {
  const given = structureField(fields, 'ExclusiveStartKey')
  return given === undefined ? undefined : explained(() => takeItem(given))
}

/** Refuses a start that no page of this table or index can have ended at. */
export function assertStartKey(start: Item, reading: Pick<Reading, 'table' | 'index'>): void {
  const names = positionNames(reading)
  const fits = Object.keys(start).length === names.size && [...names].every((name) => start[name] !== undefined)
  if (!fits) throw validationError(invalid)
  const { key } = reading.table.definition
  explained(() => assertKey(primaryKeyOf(start, key), key))
  if (reading.index !== undefined) assertIndexKey(start, reading.index.definition)
}

function assertIndexKey(start: Item, index: IndexDefinition): void {
  const attributes = attributesOf(index.key)
  if (!attributes.every(({ name, type }) => type in (start[name] ?? {})))
    throw validationError(`${invalid}: The provided key element does not match the schema`)
  for (const attribute of attributes) {
    const value = start[attribute.name]
    if (value === undefined || !isEmptyKey(value, attribute)) continue
    throw validationError(`${invalid}: ${badIndexKey(value, attribute, index).message}`)
  }
}

function explained<Result>(attempt: () => Result): Result {
  try {
    return attempt()
  } catch (error) {
    if (!(error instanceof ServiceError) || error.name !== 'ValidationException' || unexplained.test(error.message))
      throw error
    throw validationError(`${invalid}: ${error.message}`)
  }
}
