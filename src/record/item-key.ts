import { DecodeError } from '../errors.ts'
import { attributeType, isObject, typeComplaint } from './attribute-type.ts'
import type { AttributeValue } from './attribute-value.ts'
import { base64Of } from './binary.ts'
import { misfit } from './decode-scalar.ts'
import { canonicalNumber } from './number.ts'

type Unread = { readonly [Type in keyof AttributeValue]: unknown }

/**
 * One text for each primary key: the same for every way to write the key (order of the attributes, spelling of a number,
 * base64 or bytes), different for every two keys. It is made from the AttributeValues, for a decoded value no longer
 * tells a number's text from a text. Idempotency keys are made of it: it must never change.
 */
export function encodeItemKey(keys: unknown, path: string): string {
  if (!isObject(keys) || Array.isArray(keys)) throw misfit("the key's attributes", keys, path)
  const names = Object.keys(keys)
  if (names.length !== 1 && names.length !== 2) throw misfit('a key of 1 or 2 attributes', names.length, path)
  if (names.length === 2) names.sort()
  let encoded = ''
  for (const name of names) encoded += encodeAttribute(name, keys[name as never], `${path}.${name}`)
  return encoded
}

// Lengths instead of separators: no name and no value can look like the end of the one or the start of the other.
function encodeAttribute(name: string, value: unknown, path: string): string {
  if (!isObject(value)) throw new DecodeError(typeComplaint(value), { path })
  const type = attributeType(value)
  const text = textOf(type, value, path)
  return `${type}${name.length}:${name}${text.length}:${text}`
}

function textOf(type: string | undefined, value: Unread, path: string): string {
  switch (type) {
    case 'S':
      return typeof value.S === 'string' ? value.S : refuse('a string', value.S, `${path}.S`)
    case 'N':
      return canonical(value.N) ?? refuse('a number as text', value.N, `${path}.N`)
    case 'B':
      return base64Of(value.B) ?? refuse('base64 text or bytes', value.B, `${path}.B`)
    case undefined:
      throw new DecodeError(typeComplaint(value), { path })
    default:
      return refuse('one of the types a key can have (S, N, B)', type, path)
  }
}

function canonical(value: unknown): string | undefined {
  return typeof value === 'string' ? canonicalNumber(value) : undefined
}

function refuse(expected: string, value: unknown, path: string): never {
  throw misfit(expected, value, path)
}
