import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import { Collection, type Row } from './collection.ts'
import type { TableDefinition } from './definition.ts'
import { itemSize } from '../../record/item-size.ts'
import { attributesOf } from './key.ts'
import { type IndexDefinition, SecondaryIndex } from './secondary-index.ts'

const maxItemBytes = 400 * 1024

/** The stream that a table had last, and whether it still writes to it. */
export interface TableStream {
  readonly arn: string
  readonly label: string
  /** `undefined` once the stream is disabled. */
  readonly viewType: string | undefined
}

/** A table: its definition, its items and its indexes. */
export class Table {
  definition: TableDefinition
  readonly arn: string
  readonly id: string
  readonly createdAt: number
  readonly rows: Collection
  readonly keyNames: readonly string[]
  indexKeyNames: readonly string[] = []
  readonly #indexes = new Map<string, SecondaryIndex>()
  stream: TableStream | undefined
  /** The attribute that says when an item expires, while time to live is on. */
  timeToLive: string | undefined
  itemCount = 0
  sizeBytes = 0

  constructor(definition: TableDefinition, identity: { readonly arn: string; readonly id: string; at: number }) {
    this.definition = definition
    this.arn = identity.arn
    this.id = identity.id
    this.createdAt = identity.at
    this.rows = new Collection(definition.key)
    this.keyNames = attributesOf(definition.key).map(({ name }) => name)
    for (const index of definition.indexes) this.addIndex(index)
  }

  get name(): string {
    return this.definition.name
  }

  get indexes(): ReadonlyMap<string, SecondaryIndex> {
    return this.#indexes
  }

  /** Adds an index with what the table holds. Items that can't be in it are left out, as the service does. */
  addIndex(definition: IndexDefinition): void {
    const index = new SecondaryIndex(definition, this.definition.key)
    for (const { rows } of this.rows.inScanOrder()) {
      for (const row of rows) index.update(undefined, row)
    }
    this.#indexes.set(definition.name, index)
    this.#namesChanged()
  }

  removeIndex(name: string): void {
    this.#indexes.delete(name)
    this.#namesChanged()
  }

  /** The item that is put, or that an update makes of `before`, as a row; refuses what is too large or not for an index. */
  row(item: Item, before: Row | undefined, isUpdate: boolean): Row {
    const size = itemSize(item)
    if (size > maxItemBytes)
      throw validationError(`Item size ${isUpdate ? 'to update ' : ''}has exceeded the maximum allowed size`)
    for (const index of this.#indexes.values()) index.assertAccepts(item, before?.item, isUpdate)
    return { item, size }
  }

  /** Replaces what is there by what is to be there; both are of one key. */
  write(before: Row | undefined, after: Row | undefined): void {
    if (after === undefined) {
      if (before !== undefined) this.rows.remove(before)
    } else if (before === undefined) this.rows.insert(after)
    else this.rows.replace(after)
    for (const index of this.#indexes.values()) index.update(before, after)
    this.itemCount += Number(after !== undefined) - Number(before !== undefined)
    this.sizeBytes += (after?.size ?? 0) - (before?.size ?? 0)
  }

  #namesChanged(): void {
    const keys = [...this.#indexes.values()].flatMap(({ definition }) => attributesOf(definition.key))
    this.indexKeyNames = keys.map(({ name }) => name)
  }
}
