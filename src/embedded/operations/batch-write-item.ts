import { constraint, type Fields, isFields, requiredStructure, structureField } from '../fields.ts'
import { validationError } from '../service-error.ts'
import type { Row } from '../table/collection.ts'
import { itemSize } from '../../record/item-size.ts'
import { asKeyElement } from '../table/key-rules.ts'
import { primaryKeyText } from '../table/key.ts'
import type { Store } from '../table/store.ts'
import { Bill } from './capacity.ts'
import { type PlannedWrite, readDelete, readPut, type ReadWrite } from './planned-write.ts'
import { isBusy, throttledAs } from './reach.ts'
import { tableRequests } from './table-requests.ts'

const operation = 'BatchWriteItem'
const mostItems = 25
const mostBytes = 16 * 1024 * 1024

interface BatchedWrite {
  readonly tableName: string
  /** As the request has it, for those that are left. */
  readonly request: Fields
  readonly plan: PlannedWrite
  readonly after: Row | undefined
}

export function batchWriteItem(store: Store, fields: Fields): object {
  const bill = Bill.for(fields)
  const asked = requiredStructure(fields, 'RequestItems')
  const writes = readWrites(store, asked)
  const left: { [tableName: string]: Fields[] } = {}
  for (const [at, write] of writes.entries()) {
    // The service leaves some, never all for want of throughput: that would be an error.
    const isLeft = (at > 0 && store.happens(store.faults.unprocessedChance)) || !writeOne(store, write, bill)
    if (isLeft) (left[write.tableName] ??= []).push(write.request)
  }
  return { UnprocessedItems: left, ...(bill === undefined ? {} : { ConsumedCapacity: bill.all() }) }
}

// Each write of a batch stands for itself: one that meets a transaction is left, and the others go on.
function writeOne(store: Store, { plan, after }: BatchedWrite, bill: Bill | undefined): boolean {
  const { table, key } = plan
  if (isBusy(store, operation, table, key)) return false
  const before = table.rows.find(key)
  bill?.write(table, before, after)
  store.write(table, before, after)
  return true
}

function readWrites(store: Store, asked: Fields): readonly BatchedWrite[] {
  const requests = tableRequests(asked, operation, (value) => (Array.isArray(value) ? value : undefined))
  for (const [name, list] of requests)
    if (list.length === 0)
      throw constraint('[]', `requestItems.${name}.member`, 'Member must have length greater than or equal to 1')
  if (requests.reduce((count, [, list]) => count + list.length, 0) > mostItems)
    throw validationError('Too many items requested for the BatchWriteItem call')
  const find = findOnce(store)
  // Everything that is sent is read before the first table is looked for, and a key twice is told where it is met.
  const read = requests.flatMap(([name, list]) => list.map((request: unknown) => readWrite(name, request)))
  const seen = new Set<string>()
  const writes = read.map((one) => {
    const write = planned(store, one, find)
    assertNew(write, seen)
    return write
  })
  if (writes.reduce((bytes, { plan }) => bytes + itemSize(plan.payload()), 0) > mostBytes)
    throw validationError('Request size exceeded the limit of 16 MB')
  return writes
}

interface ReadRequest extends Pick<BatchedWrite, 'tableName' | 'request'> {
  readonly read: ReadWrite
}

function readWrite(tableName: string, request: unknown): ReadRequest {
  const fields = isFields(request) ? request : {}
  const put = structureField(fields, 'PutRequest')
  const remove = structureField(fields, 'DeleteRequest')
  const only = put ?? remove
  if (only === undefined || (put !== undefined && remove !== undefined))
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  const read = put === undefined ? readDelete : readPut
  return { tableName, request: fields, read: read({ ...pickWrite(only), TableName: tableName }) }
}

function planned(store: Store, { tableName, request, read }: ReadRequest, find: typeof planFinder): BatchedWrite {
  const plan = asKeyElement(() => read(store, find))
  const item = plan.next(undefined)
  const after = item === undefined ? undefined : plan.table.row(item, undefined, false)
  return { tableName, request, plan, after }
}

// A batch has no conditions: whatever else is in the request is not looked at.
function pickWrite({ Item, Key }: Fields): Fields {
  return { Item, Key }
}

const planFinder = throttledAs(operation)

/** Asks once a table whether it is throttled, not once an item. */
function findOnce(store: Store): typeof planFinder {
  const found = new Map<string, ReturnType<typeof planFinder>>()
  return (_store, name) => {
    const table = found.get(name) ?? planFinder(store, name)
    found.set(name, table)
    return table
  }
}

function assertNew({ tableName, plan }: BatchedWrite, seen: Set<string>): void {
  const text = `${tableName}/${primaryKeyText(plan.key, plan.table.definition.key)}`
  if (seen.has(text)) throw validationError('Provided list of item keys contains duplicates')
  seen.add(text)
}
