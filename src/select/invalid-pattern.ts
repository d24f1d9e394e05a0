import { ConfigurationError } from '../errors.ts'
import { shown } from '../internal/validate.ts'

/** The error for a pattern that can't be used: where in it, what belongs there, and what was found. */
export function invalidPattern(at: string, problem: string, found: unknown): ConfigurationError {
  return new ConfigurationError(`${at}: ${problem}; got ${shown(found)}`)
}

/** The place of `name` under `at`, as code would write it: `select.dynamodb.NewImage["unit.price"].N`. */
export function placeOf(at: string, name: string): string {
  return /^[$\w-]+$/.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`
}
