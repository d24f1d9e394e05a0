import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import { primaryKeyText } from '../table/key.ts'
import type { Table } from '../table/table.ts'

/** Refuses a transaction that names an item twice. */
export function assertDistinctItems(actions: readonly { readonly table: Table; readonly key: Item }[]): void {
  const seen = new Set(actions.map(({ table, key }) => `${table.name}/${primaryKeyText(key, table.definition.key)}`))
  if (seen.size < actions.length)
    throw validationError('Transaction request cannot include multiple operations on one item')
}
