import { isUint8Array } from 'node:util/types'
import { EncodeError } from '../errors.ts'
import { owns } from './attribute-type.ts'
import { describe } from './describe.ts'
import { encodeNumber, isNumeric } from './encode-number.ts'
import { Place } from './place.ts'
import type { WritableItem, WritableValue } from './writable-value.ts'

// DynamoDB's own limit; an item counts as no level.
const maxDepth = 32

/** A value as DynamoDB takes it. */
export type EncodedValue =
  | { S: string }
  | { N: string }
  | { B: Uint8Array }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: Uint8Array[] }
  | { L: EncodedValue[] }
  | { M: EncodedItem }

/** An item as DynamoDB takes it. */
export type EncodedItem = { [name: string]: EncodedValue }

/**
 * Encodes an item, the mirror of `decodeItem`: what that made of an image is encoded to the same image. An `EncodeError`
 * with the exact path where a value would be lost or changed on its way, which `undefined` would be, too.
 */
export function encodeItem(item: WritableItem, path: string): EncodedItem {
  return encodeMap(item, new Place(undefined, path))
}

/** Encodes one value; `path`, and the attribute's name below it, names it in an error. */
export function encodeValue(value: WritableValue, path: string, attribute?: string): EncodedValue {
  const place = new Place(undefined, path)
  return encodeAt(value, attribute === undefined ? place : new Place(place, attribute))
}

function encodeMap(map: unknown, place: Place): EncodedItem {
  if (!isPlainObject(map)) throw misfit('a plain object', map, place)
  const encoded: EncodedItem = {}
  for (const name in map) {
    if (!owns(map, name)) continue
    const value = encodeAt(map[name as never], new Place(place, name))
    // An assignment would call the setter that Object.prototype has under this name.
    if (name === '__proto__') Object.defineProperty(encoded, name, { value, enumerable: true })
    else encoded[name] = value
  }
  return encoded
}

function encodeAt(value: unknown, place: Place): EncodedValue {
  if (place.depth > maxDepth + 1) throw new EncodeError(`nested deeper than ${maxDepth} levels`, { path: place.path })
  if (typeof value === 'string') return { S: wellFormed(value, place) }
  if (isNumeric(value)) return { N: encodeNumber(value, place.path) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null) return { NULL: true }
  if (isUint8Array(value)) return { B: value }
  if (Array.isArray(value))
    return { L: Array.from(value, (element, index) => encodeAt(element, new Place(place, index))) }
  if (value instanceof Set) return encodeSet(value, place)
  if (isPlainObject(value)) return { M: encodeMap(value, place) }
  throw misfit(expected, value, place)
}

const expected =
  'a string, number, bigint, boolean, null, Uint8Array, Set, array or plain object (what is not to be there is left out, ' +
  'not undefined; a Date is written as the text or number that you choose)'

function encodeSet(set: ReadonlySet<unknown>, place: Place): EncodedValue {
  const elements = [...set]
  if (elements.length === 0)
    throw new EncodeError('DynamoDB has no empty sets: leave the attribute out', { path: place.path })
  const all = (is: (element: unknown) => boolean) => elements.every(is)
  if (all((element) => typeof element === 'string'))
    return { SS: elements.map((element) => wellFormed(element as string, place)) }
  if (all(isNumeric))
    return {
      NS: distinct(
        elements.map((element) => encodeNumber(element as number, place.path)),
        place,
      ),
    }
  if (all(isUint8Array)) {
    distinct(
      elements.map((element) => Buffer.from(element as Uint8Array).toString('base64')),
      place,
    )
    return { BS: elements as Uint8Array[] }
  }
  throw new EncodeError('a set holds strings, or numbers, or Uint8Arrays, and no two kinds', { path: place.path })
}

// 1 and 1n, or two arrays of the same bytes: two elements here, and one in DynamoDB, which refuses to hear it twice.
function distinct(texts: readonly string[], place: Place): string[] {
  const kept = [...new Set(texts)]
  if (kept.length === texts.length) return kept
  throw new EncodeError('a set holds the same value twice', { path: place.path })
}

// Half of a surrogate pair has no UTF-8: the client would write U+FFFD in its place.
function wellFormed(text: string, place: Place): string {
  if (!/\p{Surrogate}/u.test(text)) return text
  throw new EncodeError('the text is not well formed: it holds half of a surrogate pair', { path: place.path })
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function misfit(what: string, value: unknown, place: Place): EncodeError {
  return new EncodeError(`expected ${what}, got ${nameOf(value)}`, { path: place.path })
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return describe(value)
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } }
  return typeof constructor?.name === 'string' ? `a ${constructor.name}` : 'an object'
}
