import { createHash } from 'node:crypto'
import { constraint, type Fields, listField, missing, structureField, structuresField, textField } from '../fields.ts'
import { ServiceError, validationError } from '../service-error.ts'
import type { Row } from '../table/collection.ts'
import { readUnits } from '../table/capacity-rules.ts'
import { itemSize } from '../../record/item-size.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'
import { type CancellationReason, cancelled, noReason, plannedOrMismatch } from './cancellation.ts'
import { Bill } from './capacity.ts'
import { refuseLegacy } from './legacy.ts'
import {
  type PlannedWrite,
  readCheck,
  readDelete,
  readPut,
  readUpdate,
  type ReadWrite,
  rowAfter,
} from './planned-write.ts'
import { conflictReason, isBusy, throttledReason } from './reach.ts'
import { assertDistinctItems } from './distinct-items.ts'

const operation = 'TransactWriteItems'
const mostActions = 100
const mostBytes = 4 * 1024 * 1024
const readers = { ConditionCheck: readCheck, Put: readPut, Update: readUpdate, Delete: readDelete } as const
const actions = ['ConditionCheck', 'Put', 'Update', 'Delete'] as const

/** All writes or none: every condition is checked before anything is written. */
export function transactWriteItems(store: Store, fields: Fields): object {
  const items = readItems(fields)
  const token = readToken(fields)
  const plans = items.map(readAction)
  const fingerprint = token === undefined ? '' : fingerprintOf(items)
  // Before the keys are judged: of a token that was used for another request nothing else is told.
  const isRepeated = token !== undefined && isReplay(store, token, fingerprint)
  const writes = planAll(store, plans)
  assertDistinctItems(writes)
  assertPayload(writes)
  if (isRepeated) return replayed(fields, writes)
  const bill = Bill.for(fields, 'write transaction')
  const changes = prepare(store, writes)
  for (const { table, before, after, isWrite } of changes) {
    bill?.write(table, before, after)
    if (isWrite) store.write(table, before, after)
  }
  if (token !== undefined) store.tokens.remember(token, fingerprint)
  return bill === undefined ? {} : { ConsumedCapacity: bill.all() }
}

interface Planned extends PlannedWrite {
  readonly isWrite: boolean
}

function readItems(fields: Fields): readonly Fields[] {
  if (listField(fields, 'TransactItems') === undefined) throw missing('transactItems')
  const items = structuresField(fields, 'TransactItems')
  if (items.length === 0) throw constraint('[]', 'transactItems', 'Member must have length greater than or equal to 1')
  if (items.length > mostActions)
    throw constraint('[…]', 'transactItems', `Member must have length less than or equal to ${mostActions}`)
  return items
}

function readToken(fields: Fields): string | undefined {
  const token = textField(fields, 'ClientRequestToken')
  if (token !== undefined && token.length > 36)
    throw constraint(token, 'clientRequestToken', 'Member must have length less than or equal to 36')
  return token === '' ? undefined : token
}

function readAction(item: Fields): ReadWrite<Planned> {
  const given = actions.filter((action) => (item[action] ?? undefined) !== undefined)
  const [action] = given
  if (action === undefined)
    throw validationError('Invalid Request: TransactWriteRequest should contain Delete or Put or Update request')
  if (given.length > 1) throw validationError('TransactItems can only contain one of Check, Put, Update or Delete')
  const fields = structureField(item, action) ?? {}
  refuseLegacy(fields)
  if (action === 'Update' && (fields['UpdateExpression'] ?? undefined) === undefined)
    throw missing('transactItems.1.member.update.updateExpression')
  const plan = readers[action](fields)
  return (store, find) => ({ ...plan(store, find), isWrite: action !== 'ConditionCheck' })
}

// A key that does not fit cancels the transaction before anything else of it is looked at.
function planAll(store: Store, plans: readonly ReadWrite<Planned>[]): readonly Planned[] {
  const outcomes = plans.map((plan) => plannedOrMismatch(() => plan(store, findTable)))
  const writes = outcomes.flatMap((outcome) => ('table' in outcome ? [outcome] : []))
  if (writes.length === plans.length) return writes
  throw cancelled(outcomes.map((outcome) => ('table' in outcome ? noReason : outcome)))
}

function findTable(store: Store, name: string): Table {
  return store.table(name)
}

function assertPayload(writes: readonly PlannedWrite[]): void {
  const bytes = writes.reduce((total, write) => total + itemSize(write.payload()), 0)
  if (bytes > mostBytes) throw validationError(`Transaction payload size cannot exceed 4MB. Payload Size: ${bytes}`)
}

interface Change {
  readonly table: Table
  readonly before: Row | undefined
  readonly after: Row | undefined
  readonly isWrite: boolean
}

function prepare(store: Store, writes: readonly Planned[]): readonly Change[] {
  const throttled = new Set(
    [...new Set(writes.map(({ table }) => table))].filter(
      (table) => store.faults.throttle?.(operation, table.name) === true,
    ),
  )
  const outcomes = writes.map((write) => attempt(store, write, throttled))
  const changes = outcomes.flatMap((outcome) => ('table' in outcome ? [outcome] : []))
  if (changes.length === writes.length) return changes
  throw cancelled(outcomes.map((outcome) => ('table' in outcome ? noReason : outcome)))
}

/** The change that a write makes, or the reason why it can't. */
function attempt(store: Store, write: Planned, throttled: ReadonlySet<Table>): Change | CancellationReason {
  const { table, key, condition, isWrite } = write
  if (throttled.has(table)) return throttledReason(table)
  if (isBusy(store, operation, table, key)) return conflictReason
  const before = table.rows.find(key)
  try {
    const whole = write.isUpdate ? undefined : rowAfter(write, before)
    if (condition !== undefined && !condition(before?.item ?? {})) return conditionReason(write, before)
    return { table, before, after: write.isUpdate ? rowAfter(write, before) : whole, isWrite }
  } catch (error) {
    if (!(error instanceof ServiceError) || error.name !== 'ValidationException') throw error
    return { Code: 'ValidationError', Message: error.message }
  }
}

function conditionReason({ returnsItemOnFailure }: PlannedWrite, before: Row | undefined): CancellationReason {
  const item = returnsItemOnFailure && before !== undefined ? { Item: { ...before.item } } : {}
  return { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', ...item }
}

function isReplay(store: Store, token: string, fingerprint: string): boolean {
  const known = store.tokens.fingerprint(token)
  if (known === undefined) return false
  if (known === fingerprint) return true
  throw new ServiceError(
    'IdempotentParameterMismatchException',
    'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical',
  )
}

// Nothing is written again; the items are read, and that is charged.
function replayed(fields: Fields, writes: readonly PlannedWrite[]): object {
  const bill = Bill.for(fields, 'read transaction')
  for (const { table, key } of writes) bill?.read(table, readUnits(table.rows.find(key)?.size ?? 0))
  return bill === undefined ? {} : { ConsumedCapacity: bill.all() }
}

function fingerprintOf(items: readonly Fields[]): string {
  const text = JSON.stringify(items, (_name, value: unknown) => sorted(value))
  return createHash('sha256').update(text).digest('base64')
}

// The order of names is no difference: a map has none once it has been on its way.
function sorted(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
}
