import { DecodeError } from '../errors.ts'
import { attributeType, isObject, owns, typeComplaint } from './attribute-type.ts'
import type { AttributeValue } from './attribute-value.ts'
import { decodeBoolean, decodeBytes, decodeNumberAt, decodeText, misfit } from './decode-scalar.ts'
import type { NumberMode } from './number.ts'
import { Place } from './place.ts'
import type { Item, Value } from './record.ts'

// DynamoDB nests to 32. What is nested deeper is not from DynamoDB, and could be deep enough to overflow the stack.
const maxDepth = 100

type Unread = { readonly [Type in keyof AttributeValue]: unknown }

/**
 * Decodes a map of AttributeValues; a `DecodeError` with the exact path when anything in it would get lost. Every name
 * becomes an own property of a plain object, also `__proto__`.
 */
export function decodeItem(map: unknown, numbers: NumberMode, path: string): Item {
  return decodeMap(map, numbers, new Place(undefined, path))
}

function decodeMap(map: unknown, numbers: NumberMode, place: Place): Item {
  if (!isObject(map) || Array.isArray(map)) throw misfit('a map of attributes', map, place.path)
  guardDepth(place)
  const item: { [name: string]: Value } = {}
  for (const name in map) {
    if (!owns(map, name)) continue
    const value = decodeValue(map[name as never], numbers, place, name)
    if (name === '__proto__') defineOwn(item, name, value)
    else item[name] = value
  }
  return item
}

// An assignment would call the setter that Object.prototype has under this name.
function defineOwn(item: object, name: string, value: Value): void {
  Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true })
}

function decodeList(list: unknown, numbers: NumberMode, place: Place): Value[] {
  if (!Array.isArray(list)) throw misfit('an array', list, place.path)
  guardDepth(place)
  const values: Value[] = []
  for (let index = 0; index < list.length; index += 1) values.push(decodeValue(list[index], numbers, place, index))
  return values
}

function decodeValue(value: unknown, numbers: NumberMode, place: Place, name: string | number): Value {
  if (!isObject(value)) throw new DecodeError(typeComplaint(value), { path: place.pathOf(name) })
  const unread: Unread = value
  // Read by its name in each case, a field costs next to nothing; `unread[type]` would be a lookup.
  switch (attributeType(value)) {
    case 'S':
      return decodeText(unread.S, place, name, 'S')
    case 'N':
      return decodeNumberAt(unread.N, numbers, place, name, 'N')
    case 'M':
      return decodeMap(unread.M, numbers, new Place(place, name, 'M'))
    case 'L':
      return decodeList(unread.L, numbers, new Place(place, name, 'L'))
    case 'BOOL':
      return decodeBoolean(unread.BOOL, place, name, 'BOOL')
    case 'NULL':
      decodeBoolean(unread.NULL, place, name, 'NULL')
      return null
    case 'B':
      return decodeBytes(unread.B, place, name, 'B')
    case 'SS':
      return decodeSet(unread.SS, new Place(place, name, 'SS'), decodeText)
    case 'NS':
      return decodeNumbers(unread.NS, numbers, new Place(place, name, 'NS'))
    case 'BS':
      return decodeSet(unread.BS, new Place(place, name, 'BS'), decodeBytes)
    case undefined:
    default:
      throw new DecodeError(typeComplaint(value), { path: place.pathOf(name) })
  }
}

function decodeSet<Element>(
  list: unknown,
  place: Place,
  decode: (element: unknown, place: Place, index: number) => Element,
): Set<Element> {
  if (!Array.isArray(list)) throw misfit('an array', list, place.path)
  const set = new Set<Element>()
  for (let index = 0; index < list.length; index += 1) set.add(decode(list[index], place, index))
  return set
}

function decodeNumbers(list: unknown, numbers: NumberMode, place: Place): Value {
  const set = decodeSet(list, place, (element, inside, index) => decodeNumberAt(element, numbers, inside, index))
  // One mode never mixes text with numbers, which the type of a single number can't say.
  return set as Set<string> | Set<number | bigint>
}

function guardDepth(place: Place): void {
  if (place.depth <= maxDepth) return
  throw new DecodeError(`nested deeper than ${maxDepth} levels, and DynamoDB stops at 32`, { path: place.path })
}
