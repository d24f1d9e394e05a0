import type { Item } from '../item.ts'
import type { TableDefinition } from './definition.ts'
import { itemSize } from '../../record/item-size.ts'
import type { KeyType } from './key.ts'
import type { Store } from './store.ts'
import { Table, type TableStream } from './table.ts'
import type { TokenUse } from './token-memory.ts'

/** All that a database holds, as plain objects: binary as `Uint8Array`, everything else has JSON. */
export interface DatabaseState {
  readonly tables: readonly TableState[]
  readonly tokens: readonly TokenUse[]
}

interface TableState {
  readonly definition: Omit<TableDefinition, 'types'> & { readonly types: readonly (readonly [string, KeyType])[] }
  readonly arn: string
  readonly id: string
  readonly createdAt: number
  readonly stream: TableStream | undefined
  readonly timeToLive: string | undefined
  readonly items: readonly Item[]
}

export function saveState(store: Store): DatabaseState {
  return { tables: [...store.tables.values()].map(saveTable), tokens: store.tokens.all() }
}

/** Puts a saved state into a store without tables. Streams are told nothing: they keep their own state. */
export function loadState(store: Store, state: DatabaseState): void {
  for (const saved of state.tables) store.tables.set(saved.definition.name, loadTable(saved))
  store.tokens.restore(state.tokens)
}

function saveTable(table: Table): TableState {
  const { definition, arn, id, createdAt, stream, timeToLive } = table
  const items = table.rows.inScanOrder().flatMap(({ rows }) => rows.map(({ item }) => item))
  return { definition: { ...definition, types: [...definition.types] }, arn, id, createdAt, stream, timeToLive, items }
}

function loadTable({ definition, arn, id, createdAt, stream, timeToLive, items }: TableState): Table {
  const table = new Table({ ...definition, types: new Map(definition.types) }, { arn, id, at: createdAt })
  table.stream = stream
  table.timeToLive = timeToLive
  for (const item of items) table.write(undefined, { item, size: itemSize(item) })
  return table
}
