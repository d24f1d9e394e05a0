import { compareNumbers } from '../decimal.ts'
import type { AttributeValue, Item } from '../item.ts'
import { memberText } from './member-text.ts'

const surrogates = 0xd800

/**
 * Orders two strings by their UTF-8 bytes, two numbers by value or two binaries by their bytes. `NaN`, which every
 * comparison with 0 finds false, for anything else.
 */
export function compareValues(left: AttributeValue, right: AttributeValue): number {
  if ('S' in left) return 'S' in right ? compareTexts(left.S, right.S) : NaN
  if ('N' in left) return 'N' in right ? compareNumbers(left.N, right.N) : NaN
  if ('B' in left) return 'B' in right ? Buffer.compare(left.B, right.B) : NaN
  return NaN
}

/** Orders texts as their UTF-8 bytes do. JavaScript's own order differs behind the surrogates. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0
  const shorter = Math.min(left.length, right.length)
  for (let index = 0; index < shorter; index += 1) {
    const [mine, other] = [left.charCodeAt(index), right.charCodeAt(index)]
    if (mine !== other) return mine >= surrogates && other >= surrogates ? lift(mine) - lift(other) : mine - other
  }
  return left.length - right.length
}

// A surrogate begins or ends a character above U+FFFF, so it sorts behind the units from U+E000 on.
function lift(unit: number): number {
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** Whether two values are the same: numbers by value, sets in any order, other types never. */
export function equalValues(left: AttributeValue, right: AttributeValue): boolean {
  if (left === right) return true
  if ('S' in left) return 'S' in right && left.S === right.S
  if ('N' in left) return 'N' in right && compareNumbers(left.N, right.N) === 0
  if ('B' in left) return 'B' in right && Buffer.compare(left.B, right.B) === 0
  if ('BOOL' in left) return 'BOOL' in right && left.BOOL === right.BOOL
  if ('NULL' in left) return 'NULL' in right
  if ('L' in left) return 'L' in right && equalLists(left.L, right.L)
  if ('M' in left) return 'M' in right && equalItems(left.M, right.M)
  return equalSets(left, right)
}

function equalLists(left: readonly AttributeValue[], right: readonly AttributeValue[]): boolean {
  if (left.length !== right.length) return false
  return left.every((value, index) => {
    const other = right[index]
    return other !== undefined && equalValues(value, other)
  })
}

/** Whether two items, or two maps, hold the same: a write between such changes nothing and a stream gets no record of it. */
export function equalItems(left: Item, right: Item): boolean {
  if (left === right) return true
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => {
    const [value, other] = [left[name], Object.hasOwn(right, name) ? right[name] : undefined]
    return value !== undefined && other !== undefined && equalValues(value, other)
  })
}

function equalSets(left: AttributeValue, right: AttributeValue): boolean {
  if ('SS' in left && 'SS' in right) return equalMembers(left.SS, right.SS, memberText.SS)
  if ('NS' in left && 'NS' in right) return equalMembers(left.NS, right.NS, memberText.NS)
  if ('BS' in left && 'BS' in right) return equalMembers(left.BS, right.BS, memberText.BS)
  return false
}

// The members of a set differ from each other, so as many members and each one of them also there is enough.
function equalMembers<Member>(
  left: readonly Member[],
  right: readonly Member[],
  text: (member: Member) => string,
): boolean {
  if (left.length !== right.length) return false
  const there = new Set(right.map(text))
  return left.every((member) => there.has(text(member)))
}
