import type { Fields } from '../fields.ts'
import type { AttributeValue, Item } from '../item.ts'
import { consistency, readUnits } from '../table/capacity-rules.ts'
import type { Row } from '../table/collection.ts'
import { attributesOf, primaryKeyOf } from '../table/key.ts'
import type { Store } from '../table/store.ts'
import { Bill } from './capacity.ts'
import type { Reading } from './reading.ts'

const pageBytes = 1024 * 1024

interface Page {
  readonly items: Item[]
  count: number
  scanned: number
  bytes: number
  /** Units of the items that an index does not hold whole and that are read from the table. */
  fetchedUnits: number
  last: Row | undefined
}

/** Reads rows until the page is full, by number or by size, and answers what Query and Scan answer. */
export function answerPage(store: Store, fields: Fields, reading: Reading, rows: Iterable<Row>): object {
  const { limit } = reading
  const bill = Bill.for(fields)
  const { page, isFull } = readPage(store, reading, rows, limit)
  charge(bill, reading, page)
  return {
    ...(reading.isCount ? {} : { Items: page.items }),
    Count: page.count,
    ScannedCount: page.scanned,
    ...(isFull && page.last !== undefined ? { LastEvaluatedKey: positionOf(page.last.item, reading) } : {}),
    ...(bill === undefined ? {} : { ConsumedCapacity: bill.one() }),
  }
}

function readPage(store: Store, reading: Reading, rows: Iterable<Row>, limit: number): { page: Page; isFull: boolean } {
  const page: Page = { items: [], count: 0, scanned: 0, bytes: 0, fetchedUnits: 0, last: undefined }
  for (const row of rows) {
    const seen = visible(store, reading, row)
    page.last = row
    if (seen !== undefined) add(page, seen, reading)
    // The row that goes beyond the size is part of the page, as with the service.
    if (page.scanned >= limit || page.bytes >= pageBytes) return { page, isFull: true }
  }
  return { page, isFull: false }
}

function add(page: Page, row: Row, reading: Reading): void {
  page.scanned += 1
  page.bytes += reading.index === undefined ? row.size : reading.index.sizeOf(row)
  if (reading.fetchesItems) page.fetchedUnits += readUnits(row.size)
  const item = reading.index === undefined || reading.fetchesItems ? row.item : reading.index.project(row.item)
  if (reading.filter !== undefined && !reading.filter(item)) return
  page.count += 1
  if (!reading.isCount) page.items.push(reading.project(item))
}

// An index is as fresh as its table here: lagging behind is the table's fault alone.
function visible(store: Store, { table, index, isConsistent }: Reading, row: Row): Row | undefined {
  if (index !== undefined || isConsistent) return row
  return store.maybeStale(table, row.item, row)
}

function charge(bill: Bill | undefined, { table, index, isConsistent }: Reading, page: Page): void {
  const factor = consistency(isConsistent)
  bill?.read(table, page.fetchedUnits * factor)
  bill?.read(table, readUnits(page.bytes) * factor, index)
}

function positionOf(item: Item, { table, index }: Reading): Item {
  const primary = primaryKeyOf(item, table.definition.key)
  if (index === undefined) return primary
  const position: { [name: string]: AttributeValue } = { ...primaryKeyOf(item, index.definition.key), ...primary }
  return position
}

/** The names that the position of a page in this reading has. */
export function positionNames({ table, index }: Pick<Reading, 'table' | 'index'>): ReadonlySet<string> {
  const keys = index === undefined ? [table.definition.key] : [table.definition.key, index.definition.key]
  return new Set(keys.flatMap(attributesOf).map(({ name }) => name))
}
