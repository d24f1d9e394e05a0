import { compareValues } from '../expression/compare-values.ts'
import type { Item } from '../item.ts'
import { keyText, placeOf, type TypedKey } from './key.ts'
import { search } from './search.ts'

/** An item as it is kept: never changed, a write makes another. */
export interface Row {
  readonly item: Item
  readonly size: number
}

/** The rows with one hash key value, by their range key. */
export interface Group {
  readonly text: string
  readonly place: number
  readonly rows: Row[]
}

// How many groups that are gone again may wait for a scan that never comes.
const spare = 1000

type Order = (left: Item, right: Item) => number

/** Rows of a table or of an index: found by hash key, sorted by range key, scanned in the order of hashes. */
export class Collection {
  readonly key: TypedKey
  readonly #order: Order
  readonly #groups = new Map<string, Group>()
  #scanOrder: readonly Group[] = []
  #arrived: Group[] = []
  #hasGone = false

  /** `primary` is the table's key, which tells the rows of an index with equal keys apart. */
  constructor(key: TypedKey, primary?: TypedKey) {
    this.key = key
    this.#order = primary === undefined ? byRange(key) : byRangeAndPrimary(key, primary)
  }

  find(key: Item): Row | undefined {
    const rows = this.rowsOf(key)
    if (this.key.range === undefined) return rows[0]
    const row = rows[this.seek(rows, key)]
    return row !== undefined && this.#order(row.item, key) === 0 ? row : undefined
  }

  insert(row: Row): void {
    const { rows } = this.#groupFor(row.item)
    const last = rows.at(-1)
    if (last === undefined || this.#order(last.item, row.item) < 0) rows.push(row)
    else rows.splice(this.seek(rows, row.item), 0, row)
  }

  /** Puts a row in the place of one with the same key. */
  replace(row: Row): void {
    const { rows } = this.#groupFor(row.item)
    rows[this.seek(rows, row.item)] = row
  }

  remove(row: Row): void {
    const group = this.#groupFor(row.item)
    group.rows.splice(this.seek(group.rows, row.item), 1)
    if (group.rows.length > 0) return
    this.#groups.delete(group.text)
    this.#hasGone = true
  }

  /** The rows that share the hash key of `key`. */
  rowsOf(key: Item): readonly Row[] {
    return this.#groups.get(this.textOf(key))?.rows ?? []
  }

  /** Where `key` is among the rows of its hash key, or where it would be. */
  seek(rows: readonly Row[], key: Item): number {
    return search(rows.length, (index) => {
      const row = rows[index]
      return row === undefined || this.#order(row.item, key) >= 0
    })
  }

  /** Negative, 0 or positive: where two items of one hash key are to each other. */
  compare(left: Item, right: Item): number {
    return this.#order(left, right)
  }

  textOf(key: Item): string {
    const value = key[this.key.hash.name]
    return value === undefined ? '' : keyText(value)
  }

  /** All groups in the order of a scan. Sorting waits for a scan: most tables are written far more often. */
  inScanOrder(): readonly Group[] {
    if (this.#arrived.length === 0 && !this.#hasGone) return this.#scanOrder
    this.#scanOrder = [...this.#scanOrder, ...this.#arrived].filter((group) => this.#has(group)).toSorted(compareGroups)
    this.#arrived = []
    this.#hasGone = false
    return this.#scanOrder
  }

  #groupFor(item: Item): Group {
    const text = this.textOf(item)
    const found = this.#groups.get(text)
    if (found !== undefined) return found
    const group: Group = { text, place: placeOf(text), rows: [] }
    this.#groups.set(text, group)
    this.#arrived.push(group)
    if (this.#arrived.length > 2 * this.#groups.size + spare)
      this.#arrived = this.#arrived.filter((one) => this.#has(one))
    return group
  }

  #has(group: Group): boolean {
    return this.#groups.get(group.text) === group
  }
}

/** The order of hash key values in a scan. */
export function compareGroups(left: Pick<Group, 'place' | 'text'>, right: Pick<Group, 'place' | 'text'>): number {
  if (left.place !== right.place) return left.place - right.place
  if (left.text === right.text) return 0
  return left.text < right.text ? -1 : 1
}

function byRange({ range }: TypedKey): Order {
  if (range === undefined) return () => 0
  const { name } = range
  return (left, right) => {
    const [mine, other] = [left[name], right[name]]
    return mine === undefined || other === undefined ? 0 : compareValues(mine, other)
  }
}

function byRangeAndPrimary(key: TypedKey, primary: TypedKey): Order {
  const [byIndexRange, byTableRange] = [byRange(key), byRange(primary)]
  return (left, right) => byIndexRange(left, right) || byHash(left, right, primary) || byTableRange(left, right)
}

function byHash(left: Item, right: Item, { hash }: TypedKey): number {
  const [mine, other] = [left[hash.name], right[hash.name]]
  if (mine === undefined || other === undefined) return 0
  const [text, otherText] = [keyText(mine), keyText(other)]
  if (text === otherText) return 0
  return compareGroups({ place: placeOf(text), text }, { place: placeOf(otherText), text: otherText })
}
