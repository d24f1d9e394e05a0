import { DecodeError } from '../errors.ts'
import { describe } from './describe.ts'

declare const brand: unique symbol

/**
 * A record's place in its shard: 1 to 40 decimal digits, to be treated as opaque text everywhere but here. Numbers of
 * one stream can be compared, by `compareSequenceNumbers`; those of two streams have nothing to do with each other.
 */
export type SequenceNumber = string & { readonly [brand]: true }

// A DynamoDB number holds 38 digits: sequence numbers can't be stored or compared as numbers anywhere.
const maxDigits = 40
const digits = /^\d{1,40}$/

/** Reads a sequence number; a `DecodeError` when it is anything but 1 to 40 decimal digits. */
export function parseSequenceNumber(text: unknown, path: string): SequenceNumber {
  if (isSequenceNumber(text)) return text
  throw new DecodeError(`expected a sequence number of 1 to ${maxDigits} digits, got ${describe(text)}`, { path })
}

function isSequenceNumber(text: unknown): text is SequenceNumber {
  return typeof text === 'string' && digits.test(text)
}

/** Negative when `a` comes before `b`, positive when after, 0 when they are the same place. Within one stream only. */
export function compareSequenceNumbers(a: SequenceNumber, b: SequenceNumber): number {
  if (a === b) return 0
  // Lengths differ within a real shard, and DynamoDB Local pads with zeros where the service does not.
  const [left, right] = a.length === b.length ? [a, b] : [padSequenceNumber(a), padSequenceNumber(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The number as 40 digits, so that a store that can only compare text compares it rightly. */
export function padSequenceNumber(sequenceNumber: SequenceNumber): string {
  return sequenceNumber.padStart(maxDigits, '0')
}
