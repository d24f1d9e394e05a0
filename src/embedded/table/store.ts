import type { Clock, Random } from '../../internal/clock.ts'
import { equalItems } from '../expression/compare-values.ts'
import type { Item, ItemChange, KeySchema } from '../item.ts'
import { ServiceError } from '../service-error.ts'
import type { Row } from './collection.ts'
import type { DatabaseFaults } from './faults.ts'
import { primaryKeyOf, type TypedKey } from './key.ts'
import { PastRows } from './past-rows.ts'
import type { Table } from './table.ts'
import { TokenMemory } from './token-memory.ts'

/** What the tables need of the streams. */
export interface StreamSink {
  enable(tableName: string, key: KeySchema, viewType: StreamViewType): { streamArn: string; streamLabel: string }
  disable(tableName: string): void
  /** The table is deleted. */
  remove(tableName: string): void
  record(tableName: string, change: ItemChange): void
}

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES'

export interface StoreSetting {
  readonly clock: Clock
  readonly random: Random
  readonly region: string
  readonly accountId: string
  readonly streams: StreamSink
  readonly faults?: DatabaseFaults | undefined
}

/** All tables, and the one way in which an item of theirs changes. */
export class Store {
  readonly setting: StoreSetting
  readonly tables: Map<string, Table> = new Map()
  readonly tokens: TokenMemory
  readonly #past: PastRows

  constructor(setting: StoreSetting) {
    this.setting = setting
    this.tokens = new TokenMemory(setting.clock)
    this.#past = new PastRows(setting.clock)
  }

  get faults(): DatabaseFaults {
    return this.setting.faults ?? {}
  }

  table(name: string): Table {
    const table = this.tables.get(name)
    if (table === undefined) throw new ServiceError('ResourceNotFoundException', 'Requested resource not found')
    return table
  }

  /** What a read finds under a key: with eventual consistency it may be what was there before the last write. */
  find(table: Table, key: Item, isConsistent: boolean): Row | undefined {
    const row = table.rows.find(key)
    return isConsistent ? row : this.maybeStale(table, key, row)
  }

  /** A row that was met by an eventually consistent read, or the one before it. */
  maybeStale(table: Table, key: Item, row: Row | undefined): Row | undefined {
    if (!this.happens(this.faults.staleReadChance)) return row
    const past = this.#past.before(table, key)
    return past === undefined ? row : past.row
  }

  /** Draws whether a fault of this probability strikes; nothing is drawn for one that can't. */
  happens(chance: number | undefined): boolean {
    return chance !== undefined && chance > 0 && this.setting.random.next() < chance
  }

  /** Replaces an item. Both are of one key, and `before` is what is there. */
  write(table: Table, before: Row | undefined, after: Row | undefined, byTimeToLive = false): void {
    const row = after ?? before
    if (row === undefined) return
    table.write(before, after)
    if ((this.faults.staleReadChance ?? 0) > 0) this.#past.remember(table, row.item, before)
    if (table.stream?.viewType === undefined || isSame(before, after)) return
    this.setting.streams.record(table.name, {
      keys: primaryKeyOf(row.item, table.definition.key),
      oldItem: before?.item,
      newItem: after?.item,
      at: this.setting.clock.now(),
      byTimeToLive,
    })
  }
}

export function keySchemaOf({ hash, range }: TypedKey): KeySchema {
  return range === undefined ? { hash: hash.name } : { hash: hash.name, range: range.name }
}

function isSame(before: Row | undefined, after: Row | undefined): boolean {
  return (
    before !== undefined && after !== undefined && before.size === after.size && equalItems(before.item, after.item)
  )
}
