import { type Fields, flagField, structureField, structuresField, textField } from '../fields.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { readGlobalIndex } from '../table/definition-keys.ts'
import { readAttributeTypes, readBilling, readThroughput } from '../table/definition.ts'
import { describeTable } from '../table/description.ts'
import type { Store } from '../table/store.ts'
import { readStreamSpecification, startStream, stopStream } from '../table/table-stream.ts'
import type { Table } from '../table/table.ts'
import { existing, isPresent } from './table-operations.ts'

const mostGlobalIndexes = 20

/** Changes a table at once; an index is filled before the answer, which says UPDATING, as the service's does. */
export function updateTable(store: Store, fields: Fields): object {
  const table = existing(store, fields)
  const stream = readStreamSpecification(fields)
  const known = ['StreamSpecification', 'GlobalSecondaryIndexUpdates', 'BillingMode', 'ProvisionedThroughput']
  if (![...known, 'DeletionProtectionEnabled'].some((name) => isPresent(fields, name)))
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    )
  updateIndexes(table, fields)
  updateBilling(table, fields)
  if (isPresent(fields, 'DeletionProtectionEnabled'))
    table.definition = { ...table.definition, isProtected: flagField(fields, 'DeletionProtectionEnabled') }
  if (stream?.viewType !== undefined) startStream(store, table, stream.viewType)
  else if (stream !== undefined) stopStream(store, table)
  return { TableDescription: describeTable(table, 'UPDATING') }
}

function updateBilling(table: Table, fields: Fields): void {
  const { definition } = table
  if (isPresent(fields, 'BillingMode')) table.definition = { ...definition, throughput: readBilling(fields) }
  else if (isPresent(fields, 'ProvisionedThroughput')) {
    if (definition.throughput === undefined) readBilling({ ...fields, BillingMode: 'PAY_PER_REQUEST' })
    table.definition = { ...definition, throughput: readThroughput(fields) }
  }
}

function updateIndexes(table: Table, fields: Fields): void {
  const updates = structuresField(fields, 'GlobalSecondaryIndexUpdates')
  const changes = updates.filter((update) => isPresent(update, 'Create') || isPresent(update, 'Delete'))
  if (changes.length > 1)
    throw new ServiceError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    )
  for (const update of changes) {
    const create = structureField(update, 'Create')
    if (create === undefined) removeIndex(table, structureField(update, 'Delete') ?? {})
    else createIndex(table, fields, create)
  }
}

function createIndex(table: Table, fields: Fields, create: Fields): void {
  const { definition } = table
  const types = new Map([...definition.types, ...readAttributeTypes(fields)])
  const index = readGlobalIndex(create, types)
  if (table.indexes.has(index.name)) throw validationError('Attempting to create an index which already exists')
  if ([...table.indexes.values()].filter((one) => one.definition.scope === 'global').length >= mostGlobalIndexes)
    throw validationError(
      `One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of ${mostGlobalIndexes}`,
    )
  table.definition = { ...definition, types, indexes: [...definition.indexes, index] }
  table.addIndex(index)
}

function removeIndex(table: Table, fields: Fields): void {
  const name = textField(fields, 'IndexName') ?? ''
  if (table.indexes.get(name)?.definition.scope !== 'global')
    throw new ServiceError('ResourceNotFoundException', 'Requested resource not found')
  table.removeIndex(name)
  const { definition } = table
  table.definition = { ...definition, indexes: definition.indexes.filter((index) => index.name !== name) }
}
