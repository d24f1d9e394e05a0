import { isDate } from 'node:util/types'
import { base64Of } from '../record/binary.ts'

/** What a matcher compares: a JSON value that is neither an object nor a list. */
export type Scalar = string | number | boolean | null

/** A condition on one value. */
export type Test = (value: Scalar) => boolean

// DynamoDB nests 32 levels deep. A hostile record may nest lists until a recursion breaks, and matching must not throw.
const maxListDepth = 100

/** Whether `value` is neither a scalar nor a list. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether `value` is a list. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** The value of the own property `name`. Bytes have none, though they have indexes: in Lambda's event they are text. */
export function valueAt(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) && !ArrayBuffer.isView(value) ? value[name] : undefined
}

/** Whether `value` is a scalar that passes, or a list with one. */
export function someScalar(value: unknown, test: Test): boolean {
  if (typeof value === 'string') return test(value)
  if (isList(value)) return someElement(value, (element) => someScalar(element, test))
  const scalar = toScalar(value)
  return scalar !== undefined && test(scalar)
}

/** Whether there is a scalar: a value, or a list with one. That is what `exists` asks. */
export function hasScalar(value: unknown): boolean {
  return someScalar(value, isThere)
}

/** Whether an element of `list` passes. The elements of a list within the list count as its own. */
export function someElement(list: readonly unknown[], test: (element: unknown) => boolean, depth = 0): boolean {
  return list.some((element) =>
    isList(element) ? depth < maxListDepth && someElement(element, test, depth + 1) : test(element),
  )
}

// The SDK gives bytes and a date where Lambda's event has base64 text and epoch seconds, and patterns are written for the event.
function toScalar(value: unknown): Scalar | undefined {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  return isDate(value) ? value.getTime() / 1000 : base64Of(value)
}

const isThere: Test = () => true
