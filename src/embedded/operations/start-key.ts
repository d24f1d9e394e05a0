import { type Fields, structureField } from '../fields.ts'
import type { Item } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { assertKey } from '../table/key-rules.ts'
import { attributesOf, primaryKeyOf } from '../table/key.ts'
import { takeItem } from '../table/take-value.ts'
import { positionNames } from './page.ts'
import type { Reading } from './reading.ts'

const invalid = 'The provided starting key is invalid'

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
  const indexKey = reading.index?.definition.key
  if (indexKey !== undefined && !attributesOf(indexKey).every(({ name, type }) => type in (start[name] ?? {})))
    throw validationError(`${invalid}: The provided key element does not match the schema`)
}

function explained<Result>(attempt: () => Result): Result {
  try {
    return attempt()
  } catch (error) {
    if (!(error instanceof ServiceError) || error.name !== 'ValidationException') throw error
    throw validationError(`${invalid}: ${error.message}`)
  }
}
