import { ConfigurationError } from '../errors.ts'

// Checks of options. Each returns the value it was given, so that a resolver reads as a list of names and rules.

/** What was given as an option, short enough for a message. Not for data: `record/describe.ts` keeps that out of messages. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  const text = safeJson(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return Object.prototype.toString.call(value) // cyclic, or a toJSON that throws
  }
}

/** Throws a `ConfigurationError` that shows what was expected and what was given. */
export function reject(name: string, expected: string, value: unknown): never {
  throw new ConfigurationError(`${name} must be ${expected}; got ${shown(value)}`)
}

export function shape(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) reject(name, 'an object', value)
}

/** Refuses misspelt names: an option that is silently ignored is found only in production. */
export function knownNames(name: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw new ConfigurationError(`${name}: there is no '${unknown}'; the names are ${known.join(', ')}`)
}

export function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  return reject(name, `a whole number from ${min} to ${max}`, value)
}

export function choice<const Choice extends string>(
  name: string,
  value: unknown,
  choices: readonly Choice[],
  expected: string = choices.map((one) => `'${one}'`).join(' or '),
): Choice {
  return choices.find((one) => one === value) ?? reject(name, expected, value)
}

export function pattern(name: string, value: unknown, regExp: RegExp, expected: string): string {
  return typeof value === 'string' && regExp.test(value) ? value : reject(name, expected, value)
}

export function functionNamed<Value>(name: string, value: Value): Value {
  return typeof value === 'function' ? value : reject(name, 'a function', value)
}

export function optional<Value, Result>(
  value: Value | undefined,
  resolve: (value: Value) => Result,
): Result | undefined {
  return value === undefined ? undefined : resolve(value)
}
