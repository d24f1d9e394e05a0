import { parseCondition } from '../expression/parse-condition.ts'
import { parseUpdate, type UpdateProgram } from '../expression/parse-update.ts'
import { choiceField, type Fields, missing, structureField } from '../fields.ts'
import type { Item } from '../item.ts'
import type { Row } from '../table/collection.ts'
import { assertKey, assertKeyOfItem } from '../table/key-rules.ts'
import { primaryKeyOf } from '../table/key.ts'
import { tableNameOf } from '../table/names.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'
import { takeItem } from '../table/take-value.ts'
import { RequestExpressions } from './request-expressions.ts'

/** One write of a request, checked as far as it can be without the item that is there. */
export interface PlannedWrite {
  readonly table: Table
  readonly key: Item
  /** What is sent to be written, which counts towards the limit of a request. */
  payload(): Item
  readonly condition: ((item: Item) => boolean) | undefined
  /** Whether a condition that fails is answered with the item. */
  readonly returnsItemOnFailure: boolean
  /** What is to be there instead of `before`. */
  next(before: Item | undefined): Item | undefined
  readonly isUpdate: boolean
}

/** Finds the table of a request. A single operation may be throttled there; a transaction has its own way. */
export type FindTable = (store: Store, name: string) => Table

/**
 * A write whose request has been read: what is left is to hold it against its table. Of several writes in one request all
 * are read before the first table is looked for, as the service does it.
 */
export type ReadWrite<Plan extends PlannedWrite = PlannedWrite> = (store: Store, find: FindTable) => Plan

export function readPut(fields: Fields): ReadWrite {
  const name = tableNameOf(fields)
  const expressions = new RequestExpressions(fields, ['ConditionExpression'])
  const item = takeItem(required(fields, 'Item'))
  const condition = expressions.parse('ConditionExpression', parseCondition)
  expressions.finish()
  const returnsItemOnFailure = readReturnsItem(fields)
  return (store, find) => {
    const table = find(store, name)
    expressions.assertFor(table)
    assertKeyOfItem(item, table.definition.key)
    for (const index of table.indexes.values()) index.assertNotEmpty(item)
    const key = primaryKeyOf(item, table.definition.key)
    return { table, key, payload: () => item, condition, returnsItemOnFailure, next: () => item, isUpdate: false }
  }
}

export function readDelete(fields: Fields): ReadWrite {
  return readByKey(fields, () => undefined)
}

export function readCheck(fields: Fields): ReadWrite {
  if ((fields['ConditionExpression'] ?? undefined) === undefined)
    throw missing('transactItems.1.member.conditionCheck.conditionExpression')
  return readByKey(fields, (before) => before)
}

function readByKey(fields: Fields, next: (before: Item | undefined) => Item | undefined): ReadWrite {
  const name = tableNameOf(fields)
  const expressions = new RequestExpressions(fields, ['ConditionExpression'])
  const key = takeItem(required(fields, 'Key'))
  const condition = expressions.parse('ConditionExpression', parseCondition)
  expressions.finish()
  const returnsItemOnFailure = readReturnsItem(fields)
  return (store, find) => {
    const table = find(store, name)
    expressions.assertFor(table)
    assertKey(key, table.definition.key)
    return { table, key, payload: () => key, condition, returnsItemOnFailure, next, isUpdate: false }
  }
}

/** A planned update, and its program for the return values that say what it touched. */
export interface PlannedUpdate extends PlannedWrite {
  readonly program: UpdateProgram | undefined
}

export function readUpdate(fields: Fields): ReadWrite<PlannedUpdate> {
  const name = tableNameOf(fields)
  const expressions = new RequestExpressions(fields, ['UpdateExpression', 'ConditionExpression'])
  const key = takeItem(required(fields, 'Key'))
  const program = expressions.parse('UpdateExpression', parseUpdate)
  const condition = expressions.parse('ConditionExpression', parseCondition)
  expressions.finish()
  const returnsItemOnFailure = readReturnsItem(fields)
  const values = structureField(fields, 'ExpressionAttributeValues')
  return (store, find) => {
    const table = find(store, name)
    expressions.assertFor(table)
    assertKey(key, table.definition.key)
    return {
      table,
      key,
      payload: () => (values === undefined ? key : { ...key, ...takeItem(values) }),
      condition,
      returnsItemOnFailure,
      next: (before) => (program === undefined ? (before ?? key) : program.apply(before ?? key, table.keyNames)),
      isUpdate: true,
      program,
    }
  }
}

/** The row that the write leaves; refuses what is too large or not for an index. */
export function rowAfter({ table, next, isUpdate }: PlannedWrite, before: Row | undefined): Row | undefined {
  const item = next(before?.item)
  return item === undefined ? undefined : table.row(item, before, isUpdate)
}

function readReturnsItem(fields: Fields): boolean {
  return choiceField(fields, 'ReturnValuesOnConditionCheckFailure', ['ALL_OLD', 'NONE']) === 'ALL_OLD'
}

function required(fields: Fields, name: 'Item' | 'Key'): Fields {
  const structure = structureField(fields, name)
  if (structure === undefined) throw missing(name.toLowerCase())
  return structure
}
