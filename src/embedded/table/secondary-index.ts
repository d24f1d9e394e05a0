import type { Item } from '../item.ts'
import { Collection, type Row } from './collection.ts'
import { itemSize } from '../../record/item-size.ts'
import { attributesOf, type KeyAttribute, pick, type TypedKey } from './key.ts'
import { badIndexKey, badUpdatedIndexKey, isEmptyKey, isIndexKey } from './key-rules.ts'

export interface Projection {
  readonly type: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'
  readonly include: readonly string[]
}

/** What a table's definition says about an index. */
export interface IndexDefinition {
  readonly name: string
  readonly scope: 'global' | 'local'
  readonly key: TypedKey
  readonly projection: Projection
}

/** The rows of a table that have the key of the index, kept up to date with every write. */
export class SecondaryIndex {
  readonly definition: IndexDefinition
  readonly rows: Collection
  /** The attributes that the index holds, or `undefined` for all. */
  readonly projected: ReadonlySet<string> | undefined
  readonly #attributes: readonly KeyAttribute[]

  constructor(definition: IndexDefinition, primary: TypedKey) {
    this.definition = definition
    this.rows = new Collection(definition.key, primary)
    this.#attributes = attributesOf(definition.key)
    const { type, include } = definition.projection
    const keys = [...attributesOf(primary), ...this.#attributes].map(({ name }) => name)
    this.projected = type === 'ALL' ? undefined : new Set([...keys, ...include])
  }

  /** Whether the index has an entry for this item: it is sparse. */
  has(item: Item): boolean {
    return this.#attributes.every((attribute) => {
      const value = item[attribute.name]
      return value !== undefined && isIndexKey(value, attribute, this.definition.key)
    })
  }

  /** Refuses an item to put, or the one that an update makes of `before`, which has a value that the key can't be. */
  assertAccepts(item: Item, before: Item | undefined, isUpdate: boolean): void {
    for (const attribute of this.#attributes) {
      const value = item[attribute.name]
      if (value === undefined || isIndexKey(value, attribute, this.definition.key)) continue
      if (!isUpdate) throw badIndexKey(value, attribute, this.definition)
      if (before?.[attribute.name] !== value) throw badUpdatedIndexKey(value, attribute)
    }
  }

  /**
   * Refuses an item to put that has an empty value for a part of the key, which is wrong whatever the table holds. Parts
   * are judged in order: behind one of another type nothing is told but that, which `assertAccepts` does.
   */
  assertNotEmpty(item: Item): void {
    for (const attribute of this.#attributes) {
      const value = item[attribute.name]
      if (value === undefined) continue
      if (isEmptyKey(value, attribute)) throw badIndexKey(value, attribute, this.definition)
      if (!isIndexKey(value, attribute, this.definition.key)) return
    }
  }

  update(before: Row | undefined, after: Row | undefined): void {
    const old = before !== undefined && this.has(before.item) ? before : undefined
    const next = after !== undefined && this.has(after.item) ? after : undefined
    if (old !== undefined && next !== undefined && this.samePlace(old.item, next.item)) return this.rows.replace(next)
    if (old !== undefined) this.rows.remove(old)
    if (next !== undefined) this.rows.insert(next)
  }

  /** Whether both items have their entry at the same key. */
  samePlace(left: Item, right: Item): boolean {
    return this.rows.textOf(left) === this.rows.textOf(right) && this.rows.compare(left, right) === 0
  }

  /** What the index holds of an item. */
  project(item: Item): Item {
    return this.projected === undefined ? item : pick(item, this.projected)
  }

  sizeOf(row: Row): number {
    return this.projected === undefined ? row.size : itemSize(this.project(row.item))
  }
}
