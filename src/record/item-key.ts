import { DecodeError } from '../errors.ts'
import { attributeType, isObject, typeComplaint } from './attribute-type.ts'
import type { AttributeValue } from './attribute-value.ts'
import { base64Of } from './binary.ts'
import { describe } from './describe.ts'
import { canonicalNumber } from './number.ts'

type Unread = { readonly [Type in keyof AttributeValue]: unknown }

/**
 * One text for each primary key: the same for every way to write the key (order of the attributes, spelling of a number,
 * base64 or bytes), different for every two keys. It is made from the AttributeValues, for decoding loses which of them
 * a value was. Idempotency keys are made of it: it must never change.
 */
export function encodeItemKey(keys: unknown, path: string): string {
  if (!isObject(keys) || Array.isArray(keys))
    throw new DecodeError(`expected the key's attributes, got ${describe(keys)}`, { path })
  const names = Object.keys(keys)
  if (names.length < 1 || names.length > 2)
    throw new DecodeError(`expected a key of 1 or 2 attributes, got ${names.length}`, { path })
  if (names.length === 2) names.sort()
  let encoded = ''
  for (const name of names) encoded += encodeAttribute(name, keys[name as never], path)
  return encoded
}

// Lengths instead of separators: no name and no value can look like the end of the one or the start of the other.
function encodeAttribute(name: string, value: unknown, path: string): string {
  const type = isObject(value) ? attributeType(value) : undefined
  const text = isObject(value) ? keyText(type, value) : undefined
  if (text === undefined) throw unfit(type, value, `${path}.${name}`)
  return `${type}${name.length}:${name}${text.length}:${text}`
}

function keyText(type: string | undefined, value: Unread): string | undefined {
  switch (type) {
    case 'S':
      return typeof value.S === 'string' ? value.S : undefined
    case 'N':
      return typeof value.N === 'string' ? canonicalNumber(value.N) : undefined
    case 'B':
      return base64Of(value.B)
    case undefined:
    default:
      return undefined
  }
}

function unfit(type: string | undefined, value: unknown, path: string): DecodeError {
  if (type === undefined) return new DecodeError(typeComplaint(value), { path })
  if (type !== 'S' && type !== 'N' && type !== 'B')
    return new DecodeError(`expected one of the types a key can have (S, N, B), got ${describe(type)}`, { path })
  return new DecodeError(`not a value of type ${type}`, { path: `${path}.${type}` })
}
