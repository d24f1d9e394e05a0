import { compareValues } from '../expression/compare-values.ts'
import type { KeyCondition } from '../expression/parse-key-condition.ts'
import type { AttributeValue, Item } from '../item.ts'
import type { Collection, Row } from '../table/collection.ts'
import { search } from '../table/search.ts'

/** The rows that a key condition asks for, in the order of their range key, those that come after the start. */
export function* rowsInRange(
  collection: Collection,
  condition: KeyCondition,
  start: Item | undefined,
  isForward: boolean,
): Iterable<Row> {
  const rows = collection.rowsOf({ [collection.key.hash.name]: condition.hash })
  const range = rangeOf(rows, collection.key.range?.name, condition)
  const from = isForward && start !== undefined ? Math.max(range.from, indexAfter(collection, rows, start)) : range.from
  const to = !isForward && start !== undefined ? Math.min(range.to, collection.seek(rows, start)) : range.to
  for (let count = 0; count < to - from; count += 1) {
    const row = rows[isForward ? from + count : to - 1 - count]
    if (row !== undefined) yield row
  }
}

/** Where the rows after `start` begin, which itself need no longer be there. */
export function indexAfter(collection: Collection, rows: readonly Row[], start: Item): number {
  const at = collection.seek(rows, start)
  const row = rows[at]
  return row !== undefined && collection.compare(row.item, start) === 0 ? at + 1 : at
}

// Every condition on a range key holds for neighbours only: below them it is too early, above them too late.
function rangeOf(
  rows: readonly Row[],
  name: string | undefined,
  { range, rangeTerm }: KeyCondition,
): { readonly from: number; readonly to: number } {
  if (name === undefined || range === undefined || rangeTerm === undefined) return { from: 0, to: rows.length }
  const { operator } = rangeTerm
  const [low] = rangeTerm.operands
  const isBelow = (value: AttributeValue): boolean => {
    if (operator === '<' || operator === '<=') return false
    const order = compareValues(value, low)
    return operator === '>' ? order <= 0 : order < 0
  }
  const first = (holds: (value: AttributeValue) => boolean): number =>
    search(rows.length, (index) => {
      const value = rows[index]?.item[name]
      return value === undefined || holds(value)
    })
  return {
    from: first((value) => !isBelow(value)),
    to: first((value) => !isBelow(value) && !range(value)),
  }
}
