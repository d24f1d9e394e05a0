import { constraint, type Fields, listField, missing, structureField, structuresField } from '../fields.ts'
import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import { readUnits } from '../table/capacity-rules.ts'
import { assertKey } from '../table/key-rules.ts'
import { tableNameOf } from '../table/names.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'
import { takeItem } from '../table/take-value.ts'
import { type CancellationReason, cancelled, noReason, plannedOrMismatch } from './cancellation.ts'
import { Bill } from './capacity.ts'
import { assertDistinctItems } from './distinct-items.ts'
import { readProjection } from './get-item.ts'
import { conflictReason, isBusy, throttledReason } from './reach.ts'

const operation = 'TransactGetItems'
const mostActions = 100
const mostBytes = 4 * 1024 * 1024

interface Get {
  readonly table: Table
  readonly key: Item
  project(item: Item): Item
}

export function transactGetItems(store: Store, fields: Fields): object {
  const outcomes = readGets(store, fields)
  const gets = outcomes.flatMap((outcome) => ('table' in outcome ? [outcome] : []))
  if (gets.length < outcomes.length)
    throw cancelled(outcomes.map((outcome) => ('table' in outcome ? noReason : outcome)))
  assertDistinctItems(gets)
  assertReadable(store, gets)
  const bill = Bill.for(fields, 'read transaction')
  let bytes = 0
  const responses = gets.map(({ table, key, project }) => {
    const row = table.rows.find(key)
    bytes += row?.size ?? 0
    bill?.read(table, readUnits(row?.size ?? 0))
    return row === undefined ? {} : { Item: project(row.item) }
  })
  if (bytes > mostBytes) throw validationError('Aggregate size of the items in the transaction exceeds 4 MB')
  return { ...(bill === undefined ? {} : { ConsumedCapacity: bill.all() }), Responses: responses }
}

function readGets(store: Store, fields: Fields): readonly (Get | CancellationReason)[] {
  if (listField(fields, 'TransactItems') === undefined) throw missing('transactItems')
  const items = structuresField(fields, 'TransactItems')
  if (items.length === 0) throw constraint('[]', 'transactItems', 'Member must have length greater than or equal to 1')
  if (items.length > mostActions)
    throw constraint('[…]', 'transactItems', `Member must have length less than or equal to ${mostActions}`)
  const plans = items.map(readGet) // all before the first table is looked for
  return plans.map((plan) => plannedOrMismatch(() => plan(store)))
}

function readGet(item: Fields): (store: Store) => Get {
  const fields = structureField(item, 'Get')
  if (fields === undefined) throw missing('transactItems.1.member.get')
  const name = tableNameOf(fields)
  const given = structureField(fields, 'Key')
  if (given === undefined) throw missing('transactItems.1.member.get.key')
  const key = takeItem(given)
  const wanted = readProjection(fields)
  return (store) => {
    const table = store.table(name)
    wanted.assertFor(table)
    assertKey(key, table.definition.key)
    return { table, key, project: (item) => wanted.project(item) }
  }
}

function assertReadable(store: Store, gets: readonly Get[]): void {
  const reasons = gets.map(({ table, key }): CancellationReason => {
    if (store.faults.throttle?.(operation, table.name) === true) return throttledReason(table)
    return isBusy(store, operation, table, key) ? conflictReason : noReason
  })
  if (reasons.some((reason) => reason !== noReason)) throw cancelled(reasons)
}
