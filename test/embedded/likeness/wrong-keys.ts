import type { Step } from '../both.ts'
import { type Ask, asksOf, operandsFor } from './asks.ts'
import { sameText } from './faulty-values.ts'
import { keyParts, type KeyPart } from './tables.ts'
import type { Fields, Value } from './values.ts'

/** Each index of each item to put whose key that item has with a wrong type or empty. */
export function wrongIndexes(step: Step): readonly string[] {
  return asksOf(step).flatMap(({ table, item }, at) => {
    if (item === undefined) return []
    const wrong = (table?.indexes ?? []).filter((index) =>
      keyParts(index).some((part) => isWrong(item[part.name], part)),
    )
    return wrong.map(({ name }) => `${name} of ${at}`)
  })
}

/** The items and keys of a request that have an empty value in the key of their table. */
export function emptyKeys(step: Step): readonly Fields[] {
  return asksOf(step).flatMap((ask) =>
    named(ask).filter((fields) => partsOf(ask).some((part) => isEmpty(fields[part.name], part))),
  )
}

/** Whether a `Key` has more or less than its table's key. */
export function hasOtherCount(ask: Ask): boolean {
  return ask.keys.some((key) => Object.keys(key).length !== partsOf(ask).length)
}

/** Whether a `Key` or an item lacks this part of its table's key; any part, where none is named. */
export function lacksPart(ask: Ask, name?: string): boolean {
  const parts = partsOf(ask).filter((part) => name === undefined || part.name === name)
  return named(ask).some((fields) => parts.some((part) => fields[part.name] === undefined))
}

/** Whether a part of a `Key` or of an item's key has another type than the table's. */
export function hasOtherType(ask: Ask): boolean {
  return named(ask).some((fields) => partsOf(ask).some((part) => isOtherType(fields[part.name], part)))
}

/** Whether an item has an attribute of another type than an index's key. */
export function hasOtherIndexType({ table, item = {} }: Ask): boolean {
  return (table?.indexes ?? []).some((index) => keyParts(index).some((part) => isOtherType(item[part.name], part)))
}

/** Whether this part of the table's key is empty, in a key, an item, or a condition on the key. */
export function hasEmptyPart(ask: Ask, kind: string, name: string): boolean {
  const parts = partsOf(ask).filter((part) => part.name === name && part.type === (kind === 'binary' ? 'B' : 'S'))
  return parts.some((part) => given(ask, part).some((value) => isEmpty(value, part)))
}

/** Whether this part of this index's key is empty, in an item or a condition on the key. */
export function hasEmptyIndexPart(ask: Ask, indexName: string, name: string): boolean {
  const index = ask.table?.indexes.find((one) => one.name === indexName)
  const parts = index === undefined ? [] : keyParts(index).filter((part) => part.name === name)
  const values = (part: KeyPart) => [ask.item?.[name], ...(ask.index === index ? operandsFor(ask, part) : [])]
  return parts.some((part) => values(part).some((value) => isEmpty(value, part)))
}

/** Whether two of what a request asks are about the same item. */
export function isTwice(asks: readonly Ask[]): boolean {
  const all = asks.flatMap((ask) => named(ask).map((fields) => `${ask.table?.name} ${sameText(keyIn(ask, fields))}`))
  return new Set(all).size < all.length
}

function keyIn(ask: Ask, fields: Fields): object {
  if (ask.item === undefined) return fields
  return Object.fromEntries(partsOf(ask).map(({ name }) => [name, fields[name] ?? null]))
}

function partsOf({ table }: Ask): readonly KeyPart[] {
  return table === undefined ? [] : keyParts(table)
}

function named({ item, keys }: Ask): readonly Fields[] {
  return item === undefined ? keys : [item]
}

function given(ask: Ask, part: KeyPart): readonly (Value | undefined)[] {
  return [...named(ask).map((fields) => fields[part.name]), ...operandsFor(ask, part)]
}

function isWrong(value: Value | undefined, part: KeyPart): boolean {
  return isOtherType(value, part) || isEmpty(value, part)
}

export function isOtherType(value: Value | undefined, { type }: KeyPart): boolean {
  return value !== undefined && !(type in value)
}

function isEmpty(value: Value | undefined, { type }: KeyPart): boolean {
  const inner = value?.[type]
  return inner === '' || (inner instanceof Uint8Array && inner.length === 0)
}
