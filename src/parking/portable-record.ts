import { isDate } from 'node:util/types'
import { base64Of } from '../record/binary.ts'
import type { RawRecord } from '../source/source.ts'

/**
 * The record in the form that Lambda's events have, whichever source it came from: binary as base64 text, times as epoch
 * seconds. Written as JSON and parsed again it decodes to the same; fields that nobody knows are kept.
 */
export function portableRecord(record: RawRecord): RawRecord {
  return portable(record) as RawRecord
}

function portable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isDate(value)) return value.getTime() / 1_000
  const bytes = base64Of(value)
  if (bytes !== undefined) return bytes
  if (Array.isArray(value)) return value.map(portable)
  // `fromEntries` defines, where an assignment would call the setter that `__proto__` has.
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, portable(field)]))
}
