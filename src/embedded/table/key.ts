import type { AttributeValue, Item } from '../item.ts'

export type KeyType = 'S' | 'N' | 'B'

export interface KeyAttribute {
  readonly name: string
  readonly type: KeyType
}

/** A key schema and the types that the table's attribute definitions give it. */
export interface TypedKey {
  readonly hash: KeyAttribute
  readonly range: KeyAttribute | undefined
}

export function attributesOf(key: TypedKey): readonly KeyAttribute[] {
  return key.range === undefined ? [key.hash] : [key.hash, key.range]
}

/** One text per key value of one type. Numbers have one form in the store. */
export function keyText(value: AttributeValue): string {
  if ('S' in value) return value.S
  if ('N' in value) return value.N
  return 'B' in value ? Buffer.from(value.B).toString('latin1') : ''
}

/** The text of the attribute in this item, or `undefined` where the item has none. */
function attributeText(item: Item, name: string): string | undefined {
  const value = item[name]
  return value === undefined ? undefined : keyText(value)
}

/** One text per primary key, for maps of items. */
export function primaryKeyText(item: Item, key: TypedKey): string {
  const hash = attributeText(item, key.hash.name) ?? ''
  if (key.range === undefined) return hash
  return `${hash.length}:${hash}${attributeText(item, key.range.name) ?? ''}`
}

/** The named attributes of an item, those that it has. */
export function pick(item: Item, names: Iterable<string>): Item {
  const picked: { [name: string]: AttributeValue } = {}
  for (const name of names) {
    const value = Object.hasOwn(item, name) ? item[name] : undefined
    if (value !== undefined) picked[name] = value
  }
  return picked
}

export function primaryKeyOf(item: Item, key: TypedKey): Item {
  return pick(
    item,
    attributesOf(key).map(({ name }) => name),
  )
}

/** Where a hash key value lies on the ring that a scan goes around: 32 bits, the same in every run. */
export function placeOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  // Texts that differ at their ends only are neighbours so far; a scan's order is to look like chance, as the service's.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
