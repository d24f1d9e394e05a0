import { choiceField, type Fields } from '../fields.ts'
import type { Item } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import type { Row } from '../table/collection.ts'
import type { Store } from '../table/store.ts'
import { Bill } from './capacity.ts'
import { refuseLegacy } from './legacy.ts'
import { type PlannedWrite, readDelete, readPut, readUpdate, rowAfter } from './planned-write.ts'
import { assertFree, throttledAs } from './reach.ts'

const conditionFailed = 'The conditional request failed'
const returnValues = ['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'] as const

export function putItem(store: Store, fields: Fields): object {
  return replaceItem(store, fields, 'PutItem', readPut)
}

export function deleteItem(store: Store, fields: Fields): object {
  return replaceItem(store, fields, 'DeleteItem', readDelete)
}

export function updateItem(store: Store, fields: Fields): object {
  refuseLegacy(fields)
  const wanted = choiceField(fields, 'ReturnValues', returnValues)
  const bill = Bill.for(fields)
  const plan = readUpdate(fields)(store, throttledAs('UpdateItem'))
  const { before, after } = commit(store, plan, 'UpdateItem', bill)
  if (wanted === undefined || wanted === 'NONE') return answer(undefined, bill)
  if (wanted === 'ALL_OLD') return answer(before?.item, bill)
  if (wanted === 'ALL_NEW') return answer(after?.item, bill)
  if (plan.program === undefined || after === undefined) return answer(undefined, bill)
  const touched = plan.program.touched(before?.item, after.item)
  const attributes = wanted === 'UPDATED_OLD' ? touched.old : touched.new
  return answer(Object.keys(attributes).length === 0 ? undefined : attributes, bill)
}

function replaceItem(store: Store, fields: Fields, operation: string, read: typeof readPut): object {
  refuseLegacy(fields)
  const wanted = choiceField(fields, 'ReturnValues', returnValues)
  if (wanted !== undefined && wanted !== 'NONE' && wanted !== 'ALL_OLD')
    throw validationError('ReturnValues can only be ALL_OLD or NONE')
  const bill = Bill.for(fields)
  const { before } = commit(store, read(fields)(store, throttledAs(operation)), operation, bill)
  return answer(wanted === 'ALL_OLD' ? before?.item : undefined, bill)
}

interface Change {
  readonly before: Row | undefined
  readonly after: Row | undefined
}

function commit(store: Store, plan: PlannedWrite, operation: string, bill: Bill | undefined): Change {
  const { table, key, condition } = plan
  assertFree(store, operation, table, key)
  const before = table.rows.find(key)
  const whole = plan.isUpdate ? undefined : rowAfter(plan, before) // what can be judged without the item there comes first
  if (condition !== undefined && !condition(before?.item ?? {})) throw refused(plan, before)
  const after = plan.isUpdate ? rowAfter(plan, before) : whole
  bill?.write(table, before, after)
  store.write(table, before, after)
  return { before, after }
}

function refused({ returnsItemOnFailure }: PlannedWrite, before: Row | undefined): ServiceError {
  const fields = returnsItemOnFailure && before !== undefined ? { Item: { ...before.item } } : {}
  return new ServiceError('ConditionalCheckFailedException', conditionFailed, fields)
}

// The outermost object is new, so that a caller who adds to it or takes from it changes nothing here.
function answer(attributes: Item | undefined, bill: Bill | undefined): object {
  return {
    ...(attributes === undefined ? {} : { Attributes: { ...attributes } }),
    ...(bill === undefined ? {} : { ConsumedCapacity: bill.one() }),
  }
}
