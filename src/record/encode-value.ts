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
  if (!isPlainObject(item)) throw misfit('a plain object', item, path)
  return encodeMap(item, new Place(undefined, path))
}

/** Encodes the value of an attribute; `path` with its name names it in an error. */
export function encodeValue(value: WritableValue, path: string, attribute: string): EncodedValue {
  return encodeAt(value, new Place(undefined, path), attribute)
}

function encodeMap(map: object, place: Place): EncodedItem {
  const encoded: EncodedItem = {}
  for (const name in map) {
    if (!owns(map, name)) continue
    const value = encodeAt(map[name as never], place, name)
    // An assignment would call the setter that Object.prototype has under this name.
    if (name === '__proto__') Object.defineProperty(encoded, name, { value, enumerable: true })
    else encoded[name] = value
  }
  return encoded
}

// Each takes where the value stands in parts (`place`, `name`) and puts them together only for an error.
function encodeAt(value: unknown, place: Place, name: string | number): EncodedValue {
  if (place.depth > maxDepth)
    throw new EncodeError(`nested deeper than ${maxDepth} levels`, { path: place.pathOf(name) })
  if (typeof value === 'string') return { S: wellFormed(value, place, name) }
  if (isNumeric(value)) return { N: encodeNumber(value, place, name) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null) return { NULL: true }
  if (isUint8Array(value)) return { B: value }
  if (Array.isArray(value)) return { L: encodeList(value, new Place(place, name)) }
  if (value instanceof Set) return encodeSet(value, place, name)
  if (isPlainObject(value)) return { M: encodeMap(value, new Place(place, name)) }
  throw misfit(expected, value, place.pathOf(name))
}

function encodeList(list: readonly unknown[], place: Place): EncodedValue[] {
  return Array.from(list, (element, index) => encodeAt(element, place, index))
}

const expected =
  'a string, number, bigint, boolean, null, Uint8Array, Set, array or plain object (what is not to be there is left out, ' +
  'not undefined; a Date is written as the text or number that you choose)'

function encodeSet(set: ReadonlySet<unknown>, place: Place, name: string | number): EncodedValue {
  const elements = [...set]
  const wrong = (message: string) => new EncodeError(message, { path: place.pathOf(name) })
  if (elements.length === 0) throw wrong('DynamoDB has no empty sets: leave the attribute out')
  const all = (is: (element: unknown) => boolean) => elements.every(is)
  // 1 and 1n, or two arrays of the same bytes: two elements here, and one in DynamoDB, which refuses to hear it twice.
  const distinct = (texts: string[]) => {
    if (new Set(texts).size === texts.length) return texts
    throw wrong('a set holds the same value twice')
  }
  if (all((element) => typeof element === 'string'))
    return { SS: elements.map((element) => wellFormed(element as string, place, name)) }
  if (all(isNumeric)) return { NS: distinct(elements.map((element) => encodeNumber(element as number, place, name))) }
  if (all(isUint8Array)) {
    distinct(elements.map((element) => Buffer.from(element as Uint8Array).toString('base64')))
    return { BS: elements as Uint8Array[] }
  }
  throw wrong('a set holds strings, or numbers, or Uint8Arrays, and no two kinds')
}

const surrogate = /\p{Surrogate}/u

// Half of a surrogate pair has no UTF-8: the client would write U+FFFD in its place.
function wellFormed(text: string, place: Place, name: string | number): string {
  if (!surrogate.test(text)) return text
  throw new EncodeError('the text is not well formed: it holds half of a surrogate pair', { path: place.pathOf(name) })
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function misfit(what: string, value: unknown, path: string): EncodeError {
  return new EncodeError(`expected ${what}, got ${nameOf(value)}`, { path })
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return describe(value)
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } }
  return typeof constructor?.name === 'string' ? `a ${constructor.name}` : 'an object'
}
