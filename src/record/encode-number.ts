import { EncodeError } from '../errors.ts'
import { ExactNumber } from './exact-number.ts'
import { canonicalNumber } from './number.ts'
import type { Place } from './place.ts'

// DynamoDB: 38 significant digits, from 1E-130 to 9.99…E+125.
const maxDigits = 38
const maxExponent = 125
const minExponent = -130

export function isNumeric(value: unknown): value is number | bigint | ExactNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber
}

/**
 * The text of a number that DynamoDB holds exactly; an `EncodeError`, which names it by its place and the name in there, when
 * it can't.
 */
export function encodeNumber(value: number | bigint | ExactNumber, place: Place, name: string | number): string {
  // Of at most 16 digits, as nearly all numbers are: there is nothing to look into.
  if (Number.isSafeInteger(value)) return String(value)
  const text = value instanceof ExactNumber ? value.text : String(value)
  const wrong = (message: string) => new EncodeError(message, { path: place.pathOf(name) })
  const canonical = canonicalNumber(text)
  if (canonical === undefined) throw wrong(`DynamoDB has no number ${text}`)
  const { digits, exponent } = sizeOf(canonical)
  if (digits > maxDigits) throw wrong(`a number has at most ${maxDigits} digits, and this one ${digits}`)
  if (exponent <= maxExponent && exponent >= minExponent) return text
  throw wrong(`${text} is out of DynamoDB's range, 1E${minExponent} to 9.99E+${maxExponent}`)
}

/** Significant digits, and the exponent of the first of them. */
function sizeOf(canonical: string): { readonly digits: number; readonly exponent: number } {
  const [whole = '', fraction = ''] = canonical.replace('-', '').split('.')
  const all = whole + fraction
  const first = all.search(/[1-9]/)
  if (first < 0) return { digits: 0, exponent: 0 }
  let last = all.length
  while (all[last - 1] === '0') last -= 1
  return { digits: last - first, exponent: whole.length - 1 - first }
}
