import { UsageError } from './command.ts'

// What the values of options can be. Each returns what it read, and its complaint names the option and the value.

/** A whole number in a range. @throws UsageError */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`${option} must be a whole number from ${min} to ${max}; got '${text}'`)
}

/** One of some words. @throws UsageError */
export function oneOf<const Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text.toLowerCase())
  if (word !== undefined) return word
  throw new UsageError(`${option} must be ${words.join(' or ')}; got '${text}'`)
}

/** The name of a table as DynamoDB permits it. @throws UsageError */
export function nameOfTable(option: string, text: string): string {
  if (/^[A-Za-z0-9_.-]{3,255}$/.test(text)) return text
  throw new UsageError(`${option} must be the name of a table, 3 to 255 of A-Z a-z 0-9 _ . -; got '${text}'`)
}

const unitMs = { ms: 1, s: 1_000, m: 60_000 } as const

/** A time span with its unit, such as 500ms, 10s or 2m, in milliseconds. @throws UsageError */
export function durationMs(option: string, text: string, minMs: number, maxMs: number): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text) ?? []
  const ms = Number(amount) * unitMs[(unit ?? 'ms') as keyof typeof unitMs]
  if (ms >= minMs && ms <= maxMs) return Math.round(ms)
  const range = `from ${minMs / 1_000} s to ${maxMs / 60_000} min`
  throw new UsageError(`${option} must be a time with its unit, such as 500ms, 10s or 2m, ${range}; got '${text}'`)
}

/** The address of a service. @throws UsageError */
export function httpUrl(option: string, text: string): string {
  if (/^https?:\/\/[^/\s]+/.test(text) && URL.canParse(text)) return text
  throw new UsageError(`${option} must be a URL such as http://localhost:8000; got '${text}'`)
}
