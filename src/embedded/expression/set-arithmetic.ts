import { compareNumbers } from '../decimal.ts'
import type { AttributeValue } from '../item.ts'
import { compareTexts } from './compare-values.ts'
import { memberText } from './member-text.ts'

// A set keeps the order of its members, as the store does.

/** All members of both sets; `undefined` when they are not sets of one type. */
export function union(left: AttributeValue, right: AttributeValue): AttributeValue | undefined {
  if ('SS' in left && 'SS' in right) return { SS: merge(left.SS, right.SS, memberText.SS, compareTexts) }
  if ('NS' in left && 'NS' in right) return { NS: merge(left.NS, right.NS, memberText.NS, compareNumbers) }
  if ('BS' in left && 'BS' in right) return { BS: merge(left.BS, right.BS, memberText.BS, Buffer.compare) }
  return undefined
}

/** The members of the first set that are not in the other: `empty` when none is left, since there are no empty sets. */
export function difference(left: AttributeValue, right: AttributeValue): AttributeValue | 'empty' | undefined {
  if ('SS' in left && 'SS' in right) return orEmpty(without(left.SS, right.SS, memberText.SS), (SS) => ({ SS }))
  if ('NS' in left && 'NS' in right) return orEmpty(without(left.NS, right.NS, memberText.NS), (NS) => ({ NS }))
  if ('BS' in left && 'BS' in right) return orEmpty(without(left.BS, right.BS, memberText.BS), (BS) => ({ BS }))
  return undefined
}

type TextOf<Member> = (member: Member) => string
type Compare<Member> = (left: Member, right: Member) => number

function merge<Member>(
  left: readonly Member[],
  right: readonly Member[],
  text: TextOf<Member>,
  compare: Compare<Member>,
): readonly Member[] {
  return [...left, ...without(right, left, text)].toSorted(compare)
}

function without<Member>(left: readonly Member[], right: readonly Member[], text: TextOf<Member>): readonly Member[] {
  const there = new Set(right.map(text))
  return left.filter((member) => !there.has(text(member)))
}

function orEmpty<Member>(
  members: readonly Member[],
  make: (members: readonly Member[]) => AttributeValue,
): AttributeValue | 'empty' {
  return members.length === 0 ? 'empty' : make(members)
}
