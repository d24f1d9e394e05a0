import { parseProjection } from '../expression/parse-projection.ts'
import { type Fields, flagField, requiredStructure } from '../fields.ts'
import type { Item } from '../item.ts'
import { consistency, readUnits } from '../table/capacity-rules.ts'
import { assertKey } from '../table/key-rules.ts'
import { tableNameOf } from '../table/names.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'
import { takeItem } from '../table/take-value.ts'
import { Bill } from './capacity.ts'
import { refuseLegacy } from './legacy.ts'
import { throttledAs } from './reach.ts'
import { RequestExpressions } from './request-expressions.ts'

export function getItem(store: Store, fields: Fields): object {
  refuseLegacy(fields)
  const name = tableNameOf(fields)
  const key = takeItem(requiredStructure(fields, 'Key'))
  const wanted = readProjection(fields)
  const isConsistent = flagField(fields, 'ConsistentRead')
  const bill = Bill.for(fields)
  const table = throttledAs('GetItem')(store, name)
  wanted.assertFor(table)
  assertKey(key, table.definition.key)
  const row = store.find(table, key, isConsistent)
  bill?.read(table, readUnits(row?.size ?? 0) * consistency(isConsistent))
  return {
    ...(row === undefined ? {} : { Item: wanted.project(row.item) }),
    ...(bill === undefined ? {} : { ConsumedCapacity: bill.one() }),
  }
}

/** What a request wants of an item; a new object in any case. */
export interface WantedParts {
  project(item: Item): Item
  /** To be called when the table is known. */
  assertFor(table: Table): void
}

export function readProjection(fields: Fields): WantedParts {
  const expressions = new RequestExpressions(fields, ['ProjectionExpression'])
  const project = expressions.parse('ProjectionExpression', parseProjection)
  expressions.finish()
  return { project: project ?? ((item) => ({ ...item })), assertFor: (table) => expressions.assertFor(table) }
}
