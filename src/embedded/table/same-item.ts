import type { AttributeValue, Item } from '../item.ts'

/** Whether two items hold the same: a write between them changes nothing and a stream gets no record of it. */
export function sameItem(left: Item, right: Item): boolean {
  if (left === right) return true
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => {
    const [mine, other] = [left[name], right[name]]
    return mine !== undefined && other !== undefined && sameValue(mine, other)
  })
}

function sameValue(left: AttributeValue, right: AttributeValue): boolean {
  if (left === right) return true
  if ('S' in left) return 'S' in right && left.S === right.S
  if ('N' in left) return 'N' in right && left.N === right.N
  if ('B' in left) return 'B' in right && Buffer.compare(left.B, right.B) === 0
  if ('BOOL' in left) return 'BOOL' in right && left.BOOL === right.BOOL
  if ('NULL' in left) return 'NULL' in right
  if ('M' in left) return 'M' in right && sameItem(left.M, right.M)
  if ('L' in left) return 'L' in right && sameList(left.L, right.L)
  return sameSet(left, right)
}

function sameList(left: readonly AttributeValue[], right: readonly AttributeValue[]): boolean {
  return left.length === right.length && left.every((value, index) => sameValue(value, right[index] ?? { NULL: true }))
}

// Sets have no order, and the one that an update makes of two need not be that of the store.
function sameSet(left: AttributeValue, right: AttributeValue): boolean {
  const [mine, other] = [members(left), members(right)]
  return mine.size === other.size && [...mine].every((member) => other.has(member))
}

function members(value: AttributeValue): ReadonlySet<string> {
  if ('SS' in value) return new Set(value.SS.map((member) => `S${member}`))
  if ('NS' in value) return new Set(value.NS.map((member) => `N${member}`))
  if ('BS' in value) return new Set(value.BS.map((member) => `B${Buffer.from(member).toString('latin1')}`))
  return new Set()
}
