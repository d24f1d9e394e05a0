import { compareNumbers, normalizeNumber } from '../decimal.ts'
import { validationError } from '../service-error.ts'

const invalid = 'One or more parameter values were invalid:'

// A set has no order; the store's is that of its values, so that two equal sets look alike.

export function takeStringSet(members: readonly string[]): readonly string[] {
  if (members.length === 0) throw validationError(`${invalid} An string set  may not be empty`)
  if (new Set(members).size < members.length)
    throw validationError(`${invalid} Input collection [${members.join(', ')}] contains duplicates.`)
  return members.toSorted(byBytes)
}

export function takeNumberSet(members: readonly string[]): readonly string[] {
  if (members.length === 0) throw validationError(`${invalid} An number set  may not be empty`)
  // Member by member: a number twice is told before one behind it that is none.
  const numbers = new Set<string>()
  for (const member of members) {
    const number = normalizeNumber(member)
    if (numbers.has(number)) throw validationError('Input collection contains duplicates')
    numbers.add(number)
  }
  return [...numbers].toSorted(compareNumbers)
}

export function takeBinarySet(members: readonly Uint8Array[]): readonly Uint8Array[] {
  if (members.length === 0) throw validationError(`${invalid} Binary sets should not be empty`)
  const sorted = members.toSorted(Buffer.compare)
  const repeated = sorted.some(
    (member, index) => index > 0 && Buffer.compare(member, sorted[index - 1] ?? member) === 0,
  )
  if (repeated) throw validationError(`${invalid} Input collection of type BS contains duplicates.`)
  return sorted
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
