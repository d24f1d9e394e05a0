import { shorten } from '../record/describe.ts'
import { exactNumber } from '../record/number.ts'
import { UsageError } from './command.ts'
import type { Read } from './options.ts'

// What the values of options can be. Each reader's complaint names the option and the value.

/** A whole number in a range. */
export function wholeNumber(min: number, max: number): Read<number> {
  return (option, text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new UsageError(`${option} must be a whole number from ${min} to ${max}; got '${text}'`)
  }
}

/** One of some words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Read<Word> {
  return (option, text) => {
    const word = words.find((one) => one === text.toLowerCase())
    if (word !== undefined) return word
    throw new UsageError(`${option} must be ${words.join(' or ')}; got '${text}'`)
  }
}

/** The name of a table as DynamoDB permits it. */
export const nameOfTable: Read<string> = (option, text) => {
  if (/^[A-Za-z0-9_.-]{3,255}$/.test(text)) return text
  throw new UsageError(`${option} must be the name of a table, 3 to 255 of A-Z a-z 0-9 _ . -; got '${text}'`)
}

/** The name of a consumer, as `createConsumer` takes it; of a worker as well. */
export const shortName: Read<string> = (option, text) => {
  if (/^[A-Za-z0-9._-]{1,100}$/.test(text)) return text
  throw new UsageError(`${option} must be 1 to 100 characters of A-Z a-z 0-9 . _ -; got '${text}'`)
}

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** A time span with its unit, such as 500ms, 10s, 2m or 1h, in milliseconds. */
export function durationMs(minMs: number, maxMs: number): Read<number> {
  return (option, text) => {
    const ms = spanMs(text)
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return Math.round(ms)
    const range = `from ${minMs / 1_000} s to ${maxMs / 60_000} min`
    throw new UsageError(`${option} must be a time with its unit, such as 500ms, 10s or 2m, ${range}; got '${text}'`)
  }
}

/** A time span as it is typed, in milliseconds; `undefined` when it is none. */
export function spanMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * unitMs[unit as keyof typeof unitMs]
}

/** The address of a service. */
export const httpUrl: Read<string> = (option, text) => {
  if (/^https?:\/\/[^/\s]+/.test(text) && URL.canParse(text)) return text
  throw new UsageError(`${option} must be a URL such as http://localhost:8000; got '${text}'`)
}

/** An item, or an image of one, as a JSON object. */
export const jsonObject: Read<object> = (option, text) => {
  const item = parsed(text)
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw new UsageError(`${option} must be a JSON object, such as {"id":"1","total":42}; got '${shorten(text)}'`)
  const rounded = roundedNumber(text)
  if (rounded === undefined) return item
  throw new UsageError(
    `${option} has a number that JSON would round, ${shorten(rounded)}: write the whole item as DynamoDB does, ` +
      `such as {"id":{"S":"1"},"total":{"N":"${shorten(rounded)}"}}`,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The first number of a JSON text that a double does not hold: it would be stored as another. */
function roundedNumber(text: string): string | undefined {
  const stringsAndNumbers = text.match(/"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g) ?? []
  return stringsAndNumbers.find((one) => !one.startsWith('"') && exactNumber(one, 'number') === undefined)
}

/** Any text. */
export const anyText: Read<string> = (_option, text) => text
