import { type Fields, flagField, isFields, requiredStructure, structuresField } from '../fields.ts'
import type { Item } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { consistency, readUnits } from '../table/capacity-rules.ts'
import { assertKey } from '../table/key-rules.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'
import { takeItem } from '../table/take-value.ts'
import { Bill } from './capacity.ts'
import { readProjection, type WantedParts } from './get-item.ts'
import { refuseLegacy } from './legacy.ts'
import { throttledAs } from './reach.ts'
import { tableRequests } from './table-requests.ts'

const mostKeys = 100
const mostBytes = 16 * 1024 * 1024

interface TableReads {
  /** As the request has it, for the keys that are left. */
  readonly fields: Fields
  readonly name: string
  readonly table: Table
  readonly keys: readonly Item[]
  readonly isConsistent: boolean
  readonly wanted: WantedParts
}

/** What an answer can still take. */
interface Budget {
  bytes: number
  isUntouched: boolean
}

export function batchGetItem(store: Store, fields: Fields): object {
  const bill = Bill.for(fields)
  const asked = requiredStructure(fields, 'RequestItems')
  const reads = readReads(store, asked)
  const answers = new Map<string, Item[]>()
  const left = new Map<string, Fields>()
  const budget: Budget = { bytes: mostBytes, isUntouched: true }
  for (const read of reads) {
    const items: Item[] = []
    const unread = read.keys.filter((key) => !readOne(store, read, key, items, budget, bill))
    answers.set(read.name, items)
    if (unread.length > 0) left.set(read.name, { ...read.fields, Keys: unread })
  }
  return {
    Responses: Object.fromEntries(answers),
    UnprocessedKeys: Object.fromEntries(left),
    ...(bill === undefined ? {} : { ConsumedCapacity: bill.all() }),
  }
}

/** Whether the key was processed; an item that is not there is, too. */
function readOne(
  store: Store,
  { table, isConsistent, wanted }: TableReads,
  key: Item,
  items: Item[],
  budget: Budget,
  bill: Bill | undefined,
): boolean {
  if (budget.bytes <= 0) return false
  // The service leaves some, never all for want of throughput: that would be an error.
  if (!budget.isUntouched && store.happens(store.faults.unprocessedChance)) return false
  budget.isUntouched = false
  const row = store.find(table, key, isConsistent)
  const size = row?.size ?? 0
  if (size > budget.bytes) {
    budget.bytes = 0 // the rest is left as well: the answer ends where it is full
    return false
  }
  budget.bytes -= size
  bill?.read(table, readUnits(size) * consistency(isConsistent))
  if (row !== undefined) items.push(wanted.project(row.item))
  return true
}

function readReads(store: Store, asked: Fields): readonly TableReads[] {
  const requests = tableRequests(asked, 'BatchGetItem', (fields) => (isFields(fields) ? fields : undefined))
  const taken = requests.map(([name, fields]) => ({ name, fields, ...readFields(fields, name) }))
  if (taken.reduce((count, { keys }) => count + keys.length, 0) > mostKeys)
    throw validationError('Too many items requested for the BatchGetItem call')
  return taken.map((one) => {
    const table = throttledAs('BatchGetItem')(store, one.name)
    one.wanted.assertFor(table)
    for (const key of one.keys) assertKey(key, table.definition.key)
    return { ...one, table }
  })
}

function readFields(fields: Fields, name: string): Pick<TableReads, 'keys' | 'isConsistent' | 'wanted'> {
  refuseLegacy(fields)
  const given = structuresField(fields, 'Keys')
  if (given.length === 0)
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '[]' at 'requestItems.${name}.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    )
  const wanted = readProjection(fields)
  const keys = given.map(takeItem)
  assertNoneTwice(keys)
  return { keys, isConsistent: flagField(fields, 'ConsistentRead'), wanted }
}

// Whether they are keys of the table at all is not known yet.
function assertNoneTwice(keys: readonly Item[]): void {
  const texts = new Set(keys.map((key) => JSON.stringify(Object.entries(key).toSorted(byName))))
  if (texts.size < keys.length) throw validationError('Provided list of item keys contains duplicates')
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}
