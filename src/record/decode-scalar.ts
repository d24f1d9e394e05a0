import { DecodeError } from '../errors.ts'
import { bytesOf } from './binary.ts'
import { describe } from './describe.ts'
import { decodeNumber, exactNumber, type NumberMode } from './number.ts'
import type { Place } from './place.ts'

// Each takes where the value stands in parts (`place`, `name`, `type`) and puts them together only for an error.

export function decodeText(field: unknown, place: Place, name: string | number, type?: string): string {
  if (typeof field === 'string') return field
  throw misfit('a string', field, place.pathOf(name, type))
}

export function decodeNumberAt(
  field: unknown,
  numbers: NumberMode,
  place: Place,
  name: string | number,
  type?: string,
): number | bigint | string {
  return exactNumber(field, numbers) ?? decodeNumber(field, numbers, place.pathOf(name, type))
}

export function decodeBoolean(field: unknown, place: Place, name: string | number, type: string): boolean {
  if (typeof field === 'boolean') return field
  throw misfit('true or false', field, place.pathOf(name, type))
}

export function decodeBytes(field: unknown, place: Place, name: string | number, type?: string): Uint8Array {
  const bytes = bytesOf(field)
  if (bytes !== undefined) return bytes
  throw misfit('base64 text or bytes', field, place.pathOf(name, type))
}

/** The error for a value of another kind than the one that has to stand here. */
export function misfit(expected: string, value: unknown, path: string): DecodeError {
  return new DecodeError(`expected ${expected}, got ${describe(value)}`, { path })
}
