import { EncodeError } from '../errors.ts'
import { describe } from './describe.ts'
import { canonicalNumber } from './number.ts'

/** A number by its decimal text, for what no JavaScript number holds; see {@link exactNumber}. */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * A number to be written exactly as its text says: `exactNumber('0.1234567890123456789012345678901234567')`. Also the way
 * back for images read with `numbers: 'string'`, where a number arrives as its text and would be written as text.
 */
export function exactNumber(text: string): ExactNumber {
  if (typeof text === 'string' && canonicalNumber(text) !== undefined) return new ExactNumber(text)
  throw new EncodeError(`expected a decimal number as text, got ${describe(text)}`, { path: 'exactNumber' })
}
