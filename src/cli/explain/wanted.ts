import { DecodeError } from '../../errors.ts'
import type { AttributeMap } from '../../record/attribute-value.ts'
import { encodeItemKey } from '../../record/item-key.ts'
import type { RawRecord } from '../../source/source.ts'
import { UsageError } from '../command.ts'
import { laneKeyOf } from '../fleet/peek.ts'
import { jsonObject } from '../option-values.ts'

/** Which changes are asked about. */
export interface Wanted {
  readonly eventId: string | undefined
  readonly laneKey: string | undefined
  matches(raw: RawRecord): boolean
}

/** The key of the table: its attributes' names and types. */
export type KeyShape = readonly { readonly name: string; readonly type: 'S' | 'N' | 'B' }[]

// DynamoDB Local's events are named by these, and many items are as well.
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/**
 * Reads what was asked about: 32 hex digits are an event's id, a UUID alone an event's id or an item's, all else an item's
 * key. @throws UsageError
 */
export function wantedOf(text: string, shape: KeyShape): Wanted {
  const mayBeKey = !uuid.test(text) || shape.length === 1
  const byEvent = /^[0-9a-f]{32}$/i.test(text) || !mayBeKey ? text.toLowerCase() : undefined
  const laneKey = byEvent === undefined ? encodedKey(text, shape) : undefined
  const isEvent = ({ eventID }: RawRecord) => eventID?.toLowerCase() === text.toLowerCase()
  return { eventId: byEvent, laneKey, matches: (raw) => laneKeyOf(raw) === laneKey || isEvent(raw) }
}

function encodedKey(text: string, shape: KeyShape): string {
  try {
    return encodeItemKey(keyOf(text, shape), 'key')
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new UsageError(`'${text}' is no key of the table: ${error.message}`)
  }
}

function keyOf(text: string, shape: KeyShape): AttributeMap {
  const given = text.startsWith('{') ? new Map(Object.entries(jsonObject('the key', text))) : pairs(text, shape)
  const expected = shape.map(({ name }) => name)
  if (given.size !== shape.length || !expected.every((name) => given.has(name)))
    throw new UsageError(`the key of an item is ${expected.map((name) => `${name}=…`).join(',')}; got '${text}'`)
  return Object.fromEntries(shape.map(({ name, type }) => [name, attribute(name, type, given.get(name))]))
}

function pairs(text: string, shape: KeyShape): ReadonlyMap<string, unknown> {
  const [only, ...more] = shape
  // Of a table with a key of one attribute the value will do, and may have any character in it.
  if (only !== undefined && more.length === 0 && !text.startsWith(`${only.name}=`)) return new Map([[only.name, text]])
  if (only !== undefined && more.length === 0) return new Map([[only.name, text.slice(only.name.length + 1)]])
  const parts = text
    .split(',')
    .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const)
  return new Map(parts)
}

// {"id":{"S":"17"}} as well as {"id":"17"}.
function attribute(name: string, type: 'S' | 'N' | 'B', value: unknown): Readonly<Record<string, string>> {
  const inner = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[type] : value
  if (typeof inner !== 'string' && typeof inner !== 'number')
    throw new UsageError(`${name} is of type ${type} in the key of the table; got ${JSON.stringify(value)}`)
  return { [type]: String(inner) }
}
