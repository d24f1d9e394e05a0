import { EncodeError } from '../errors.ts'
import { ExactNumber } from './exact-number.ts'
import { canonicalNumber } from './number.ts'

// DynamoDB: 38 significant digits, from 1E-130 to 9.99…E+125.
const maxDigits = 38
const maxExponent = 125
const minExponent = -130

export function isNumeric(value: unknown): value is number | bigint | ExactNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber
}

/** The text of a number that DynamoDB holds exactly; an `EncodeError` when it can't. */
export function encodeNumber(value: number | bigint | ExactNumber, path: string): string {
  const text = value instanceof ExactNumber ? value.text : String(value)
  const canonical = canonicalNumber(text)
  if (canonical === undefined) throw new EncodeError(`DynamoDB has no number ${text}`, { path })
  const { digits, exponent } = sizeOf(canonical)
  if (digits > maxDigits)
    throw new EncodeError(`a number has at most ${maxDigits} digits, and this one ${digits}`, { path })
  if (exponent <= maxExponent && exponent >= minExponent) return text
  throw new EncodeError(`${text} is out of DynamoDB's range, 1E${minExponent} to 9.99E+${maxExponent}`, { path })
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
