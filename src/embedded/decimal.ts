import { shortDecimal } from '../record/short-decimal.ts'
import { type ServiceError, validationError } from './service-error.ts'

// `digits` × 10^`exponent`: the digits without zeros at either end, and the power of ten of the last of them.
interface Decimal {
  readonly negative: boolean
  readonly digits: string
  readonly exponent: number
}

const syntax = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/
const shortWhole = /^(?:0|-?[1-9]\d{0,14})$/

const maxDigits = 38
const maxMagnitude = 125
const minMagnitude = -130

const zero: Decimal = { negative: false, digits: '', exponent: 0 }

/** The one spelling the service gives a number back in: all its digits and nothing else, without an exponent. */
export function normalizeNumber(text: string): string {
  if (shortWhole.test(text)) return text
  const decimal = parse(text)
  if (decimal === undefined) throw notNumeric(text)
  assertInRange(decimal)
  if (decimal.digits.length > maxDigits)
    throw validationError('Attempting to store more than 38 significant digits in a Number')
  return print(decimal)
}

/** Less than, equal to or greater than 0, by value: `1.0` and `1` are the same. */
export function compareNumbers(left: string, right: string): number {
  if (left === right) return 0
  const [short, otherShort] = [shortDecimal(left), shortDecimal(right)]
  if (short !== undefined && otherShort !== undefined) return short - otherShort
  return compare(read(left), read(right))
}

export function addNumbers(left: string, right: string): string {
  if (shortWhole.test(left) && shortWhole.test(right)) return String(Number(left) + Number(right))
  return sum(read(left), read(right))
}

export function subtractNumbers(left: string, right: string): string {
  if (shortWhole.test(left) && shortWhole.test(right)) return String(Number(left) - Number(right))
  const decimal = read(right)
  return sum(read(left), { ...decimal, negative: !decimal.negative })
}

function sum(left: Decimal, right: Decimal): string {
  const exponent = Math.min(left.exponent, right.exponent)
  const total = scaled(left, exponent) + scaled(right, exponent)
  const result = decimalOf(total < 0n, String(total < 0n ? -total : total), exponent)
  assertInRange(result)
  // Strange, but these are the service's words for a result with too many digits, however small it is.
  if (result.digits.length > maxDigits) throw overflow()
  return print(result)
}

function scaled({ negative, digits, exponent }: Decimal, to: number): bigint {
  const size = BigInt(digits) * 10n ** BigInt(exponent - to)
  return negative ? -size : size
}

function compare(left: Decimal, right: Decimal): number {
  const sign = signOf(left)
  if (sign !== signOf(right)) return sign - signOf(right)
  const difference = magnitude(left) - magnitude(right)
  if (difference !== 0) return sign * difference
  if (left.digits === right.digits) return 0
  return left.digits < right.digits ? -sign : sign
}

function signOf({ negative, digits }: Decimal): number {
  if (digits === '') return 0
  return negative ? -1 : 1
}

/** The power of ten of the first digit. */
function magnitude({ digits, exponent }: Decimal): number {
  return exponent + digits.length - 1
}

function read(text: string): Decimal {
  const decimal = parse(text)
  if (decimal === undefined) throw notNumeric(text)
  return decimal
}

function parse(text: string): Decimal | undefined {
  const parts = syntax.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  return decimalOf(sign === '-', whole + fraction, Number(exponent) - fraction.length)
}

// By hand: /0+$/ takes quadratic time on a long run of zeros that another digit ends.
function decimalOf(negative: boolean, digits: string, exponent: number): Decimal {
  let start = 0
  let end = digits.length
  while (digits[start] === '0') start += 1
  while (end > start && digits[end - 1] === '0') end -= 1
  if (start === end) return zero
  return { negative, digits: digits.slice(start, end), exponent: exponent + digits.length - end }
}

function print(decimal: Decimal): string {
  const { negative, digits, exponent } = decimal
  if (digits === '') return '0'
  return negative ? `-${writeOut(digits, digits.length + exponent)}` : writeOut(digits, digits.length + exponent)
}

/** `point` is where the decimal point stands, counted from the first digit; it may lie outside of the digits. */
function writeOut(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return digits + '0'.repeat(point - digits.length)
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

function assertInRange(decimal: Decimal): void {
  if (decimal.digits === '') return
  if (magnitude(decimal) > maxMagnitude) throw overflow()
  if (magnitude(decimal) < minMagnitude)
    throw validationError('Number underflow. Attempting to store a number with magnitude smaller than supported range')
}

function overflow(): ServiceError {
  return validationError('Number overflow. Attempting to store a number with magnitude larger than supported range')
}

function notNumeric(text: string): ServiceError {
  const shown = text === '' ? '' : `: ${text}`
  return validationError(`The parameter cannot be converted to a numeric value${shown}`)
}
