import { DecodeError } from '../errors.ts'
import { describe, shorten } from './describe.ts'
import { shortDecimal } from './short-decimal.ts'

/**
 * How DynamoDB's numbers, of up to 38 digits, arrive; none of the three rounds.
 * - `number`: a JavaScript number when that prints the same decimal again, else a `DecodeError`.
 * - `bigint`: every whole number is a bigint, also `5.00` and `1E+3`; a fraction is as with `number`.
 * - `string`: the text as DynamoDB gave it.
 */
export type NumberMode = 'number' | 'bigint' | 'string'

// Exponents stop at three digits, far beyond DynamoDB's ±130: written out, '1E999999999' would fill the memory.
const numeric = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/
const canonicalInteger = /^(?:0|-?[1-9]\d*)$/

/** Reads a number; a `DecodeError` when the text is not one, or when `mode` can't hold it exactly. */
export function decodeNumber(text: unknown, mode: NumberMode, path: string): number | bigint | string {
  const decoded = exactNumber(text, mode)
  if (decoded === undefined) throw new DecodeError(complaint(text, mode), { path })
  return decoded
}

/** As `decodeNumber`, but `undefined` instead of an error: for a caller that names the place only when it must. */
export function exactNumber(text: unknown, mode: NumberMode): number | bigint | string | undefined {
  if (typeof text !== 'string') return undefined
  switch (mode) {
    case 'number':
      return exactDouble(text)
    case 'bigint':
      return exactBigInt(text)
    case 'string':
      return numeric.test(text) ? text : undefined
  }
}

function exactDouble(text: string): number | undefined {
  return shortDecimal(text) ?? exactLongDouble(text)
}

function exactLongDouble(text: string): number | undefined {
  const canonical = canonicalNumber(text)
  if (canonical === undefined) return undefined
  const double = Number(text)
  return canonicalNumber(String(double)) === canonical ? double : undefined
}

function exactBigInt(text: string): bigint | number | undefined {
  const canonical = canonicalNumber(text)
  if (canonical === undefined) return undefined
  return isWhole(canonical) ? BigInt(canonical) : exactDouble(text)
}

/** The one spelling that equal decimals share, without exponent or needless zeros; `undefined` when it is no number. */
export function canonicalNumber(text: string): string | undefined {
  if (canonicalInteger.test(text)) return text
  const parts = numeric.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const all = whole + fraction
  const digits = trimZeros(all)
  if (digits.text === '') return '0'
  const unsigned = writeOut(digits.text, whole.length + Number(exponent) - digits.start)
  return sign === '-' ? `-${unsigned}` : unsigned
}

// By hand: /0+$/ takes quadratic time on a long run of zeros that another digit ends.
function trimZeros(digits: string): { readonly text: string; readonly start: number } {
  let start = 0
  let end = digits.length
  while (digits[start] === '0') start += 1
  while (end > start && digits[end - 1] === '0') end -= 1
  return { text: digits.slice(start, end), start }
}

/** `point` is where the decimal point stands, counted from the first digit; it may lie outside of the digits. */
function writeOut(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return digits + '0'.repeat(point - digits.length)
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

function isWhole(canonical: string): boolean {
  return !canonical.includes('.')
}

function complaint(text: unknown, mode: NumberMode): string {
  const canonical = typeof text === 'string' ? canonicalNumber(text) : undefined
  if (typeof text !== 'string' || canonical === undefined) return `expected a number as text, got ${describe(text)}`
  const remedy = mode === 'number' && isWhole(canonical) ? `'bigint' or 'string'` : `'string'`
  return `${shorten(text)} can't be held exactly by a JavaScript number; set numbers: ${remedy}`
}
