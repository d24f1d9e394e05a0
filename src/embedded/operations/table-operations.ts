import { type Fields, integerField, textField } from '../fields.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { readDefinition } from '../table/definition.ts'
import { describeTable } from '../table/description.ts'
import { tableNameOf } from '../table/names.ts'
import type { Store } from '../table/store.ts'
import { readStreamSpecification, startStream } from '../table/table-stream.ts'
import { Table } from '../table/table.ts'

const mostNames = 100

/** Makes a table, which is there at once; the answer says CREATING, as the service's does. */
export function createTable(store: Store, fields: Fields): object {
  const definition = readDefinition(fields)
  const viewType = readStreamSpecification(fields)?.viewType
  const { name } = definition
  if (store.tables.has(name)) throw new ServiceError('ResourceInUseException', `Table already exists: ${name}`)
  const { region, accountId, clock, random } = store.setting
  const arn = `arn:aws:dynamodb:${region}:${accountId}:table/${name}`
  const table = new Table(definition, { arn, id: uuid(random.id()), at: clock.now() })
  store.tables.set(name, table)
  if (viewType !== undefined) startStream(store, table, viewType)
  return { TableDescription: describeTable(table, 'CREATING') }
}

export function describe(store: Store, fields: Fields): object {
  return { Table: describeTable(existing(store, fields)) }
}

export function deleteTable(store: Store, fields: Fields): object {
  const table = existing(store, fields)
  if (table.definition.isProtected)
    throw validationError(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    )
  store.tables.delete(table.name)
  if (table.stream !== undefined) store.setting.streams.remove(table.name)
  return { TableDescription: describeTable(table, 'DELETING') }
}

export function listTables(store: Store, fields: Fields): object {
  const limit = integerField(fields, 'Limit', 1, mostNames) ?? mostNames
  const after = textField(fields, 'ExclusiveStartTableName') ?? ''
  const names = [...store.tables.keys()].filter((name) => name > after).toSorted()
  const page = names.slice(0, limit)
  const last = page.at(-1)
  return { TableNames: page, ...(names.length > limit && last !== undefined ? { LastEvaluatedTableName: last } : {}) }
}

/** The table that a request of the control plane names: it says more of one that is not there. */
export function existing(store: Store, fields: Fields): Table {
  const name = tableNameOf(fields)
  const table = store.tables.get(name)
  if (table !== undefined) return table
  throw new ServiceError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`)
}

export function isPresent(fields: Fields, name: string): boolean {
  return (fields[name] ?? undefined) !== undefined
}

function uuid(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
