import { pattern } from '../internal/validate.ts'

/**
 * What a person writes beside a record that leaves the lot: the row has room for so much, behind a record that is nearly as
 * large as a row may be.
 */
export function noteText(name: string, value: unknown): string {
  return pattern(name, value, /^(?=.*\S).{1,1000}$/su, 'a text of at most 1,000 characters')
}
