import type { AttributeValue, Item } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { attributesOf, type KeyAttribute, type TypedKey } from './key.ts'
import { valueSize } from '../../record/item-size.ts'

const mismatch = 'The provided key element does not match the schema'
const invalid = 'One or more parameter values were invalid:'
const maxHashBytes = 2048
const maxRangeBytes = 1024

/** A key that is not of its table's schema: most operations refuse the request, a transaction is cancelled for it. */
export class KeyMismatch extends ServiceError {
  constructor(message: string) {
    super('ValidationException', message)
  }
}

/** Tells of a mismatch in an item to put as of one in a `Key`, which is how batches do it. */
export function asKeyElement<Result>(attempt: () => Result): Result {
  try {
    return attempt()
  } catch (error) {
    throw error instanceof KeyMismatch ? new KeyMismatch(mismatch) : error
  }
}

interface IndexKey {
  readonly name: string
  readonly key: TypedKey
}

/** Refuses a `Key` that does not name exactly one item of a table with this key. */
export function assertKey(key: Item, schema: TypedKey): void {
  const attributes = attributesOf(schema)
  if (Object.keys(key).length !== attributes.length) throw new KeyMismatch(mismatch)
  for (const attribute of attributes) {
    const value = key[attribute.name]
    if (value === undefined || !hasType(value, attribute)) throw new KeyMismatch(mismatch)
    assertKeyValue(value, attribute, schema)
  }
}

/** Refuses an item to put that lacks a part of its key. */
export function assertKeyOfItem(item: Item, schema: TypedKey): void {
  for (const attribute of attributesOf(schema)) {
    const value = item[attribute.name]
    if (value === undefined) throw new KeyMismatch(`${invalid} Missing the key ${attribute.name} in the item`)
    if (!hasType(value, attribute))
      throw new KeyMismatch(
        `${invalid} Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${typeOf(value)}`,
      )
    assertKeyValue(value, attribute, schema)
  }
}

/** Refuses an empty value and one that is longer than the service takes. */
export function assertKeyValue(value: AttributeValue, attribute: KeyAttribute, schema: TypedKey): void {
  const bytes = valueSize(value)
  if (bytes === 0) throw emptyKey(value, attribute)
  if (attribute === schema.range) {
    if (bytes > maxRangeBytes)
      throw validationError(
        `${invalid} Aggregated size of all range keys has exceeded the size limit of ${maxRangeBytes} bytes`,
      )
  } else if (bytes > maxHashBytes)
    throw validationError(`${invalid} Size of hashkey has exceeded the maximum size limit of${maxHashBytes} bytes`)
}

/** Whether the value can be this part of an index's key. */
export function isIndexKey(value: AttributeValue, attribute: KeyAttribute, schema: TypedKey): boolean {
  const bytes = hasType(value, attribute) ? valueSize(value) : 0
  return bytes > 0 && bytes <= maxBytes(attribute, schema)
}

/** Whether the value is of the type of this part of a key, but empty. */
export function isEmptyKey(value: AttributeValue, attribute: KeyAttribute): boolean {
  return hasType(value, attribute) && valueSize(value) === 0
}

/** Why a value that an item is put with can't be this part of an index's key. */
export function badIndexKey(value: AttributeValue, attribute: KeyAttribute, index: IndexKey): ServiceError {
  if (!hasType(value, attribute))
    return validationError(
      `${invalid} Type mismatch for Index Key ${attribute.name} Expected: ${attribute.type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
    )
  if (valueSize(value) > 0)
    return validationError(
      `${invalid} Size of ${attribute === index.key.range ? 'rangekey' : 'hashkey'} has exceeded the maximum size limit of ${maxBytes(attribute, index.key)} bytes`,
    )
  return validationError(
    `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${kindOf(value)} value. IndexName: ${index.name}, IndexKey: ${attribute.name}`,
  )
}

/** Why a value that an update would make can't be this part of an index's key. */
export function badUpdatedIndexKey(value: AttributeValue, attribute: KeyAttribute): ServiceError {
  if (!hasType(value, attribute))
    return validationError('The update expression attempted to update the secondary index key to unsupported type')
  if (valueSize(value) > 0)
    return validationError(
      'The update expression attempted to update the secondary index key beyond allowed size limits',
    )
  return validationError(
    `One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty ${kindOf(value)} value.`,
  )
}

function maxBytes(attribute: KeyAttribute, schema: TypedKey): number {
  return attribute === schema.range ? maxRangeBytes : maxHashBytes
}

function hasType(value: AttributeValue, { type }: KeyAttribute): boolean {
  return type in value
}

function typeOf(value: AttributeValue): string {
  return Object.keys(value)[0] ?? ''
}

function emptyKey(value: AttributeValue, { name }: KeyAttribute): ServiceError {
  return validationError(
    `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${kindOf(value)} value. Key: ${name}`,
  )
}

function kindOf(value: AttributeValue): string {
  return 'B' in value ? 'binary' : 'string'
}
