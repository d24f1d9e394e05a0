import { isTidemarkError } from '../../errors.ts'
import { decodeRecord, locate, type RecordLocation } from '../../record/decode.ts'
import type { ChangeRecord, Item, Value } from '../../record/record.ts'
import type { RawRecord } from '../../source/source.ts'

/** A change as it is shown, or why it can't be read. */
export type ShownChange = { readonly record: ChangeRecord } | { readonly eventId: string; readonly fault: string }

/** Decodes a record for a person. Where a double can't hold one of its numbers, they come with all their digits. */
export function shownChange(raw: RawRecord, shardId: string): ShownChange {
  try {
    const location = locate(raw)
    return { record: decoded(location, shardId) }
  } catch (error) {
    if (!isTidemarkError(error)) throw error
    return { eventId: String(raw.eventID), fault: error.message }
  }
}

function decoded(location: RecordLocation, shardId: string): ChangeRecord {
  for (const numbers of ['number', 'bigint'] as const) {
    try {
      return decodeRecord(location, { numbers, shardId })
    } catch (error) {
      if (!isTidemarkError(error, 'ERR_DECODE')) throw error
    }
  }
  return decodeRecord(location, { numbers: 'string', shardId })
}

/** What JSON has no words for: sets become lists, bytes base64, numbers that a double can't hold text. */
export function plainValue(value: Value): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Set) return [...value].map((one: Value) => plainValue(one))
  if (Array.isArray(value)) return value.map((one: Value) => plainValue(one))
  if (typeof value === 'object' && value !== null) return plainItem(value as Item)
  return value
}

/** The same of an item. */
export function plainItem(item: Item): { readonly [name: string]: unknown } {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]))
}

/** An item's key in one line: `customer=17, id=a`. */
export function keyText(keys: Item): string {
  return Object.entries(keys)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(plainValue(value))}`)
    .join(', ')
}
