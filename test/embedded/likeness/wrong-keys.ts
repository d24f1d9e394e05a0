import type { Step } from '../both.ts'
import { isTableName, keyParts, type KeyPart, tables, type TableShape } from './tables.ts'
import type { Fields } from './values.ts'

/** An item or a key in a request, and the table that it is for. */
interface Named {
  readonly table: TableShape
  readonly isItem: boolean
  readonly fields: Fields
}

/** Each index of each item to put whose key that item has with a wrong type or empty. */
export function wrongIndexes(step: Step): readonly string[] {
  return namedIn(step.input).flatMap(({ table, isItem, fields }, at) => {
    const wrong = table.indexes.filter((index) => isItem && keyParts(index).some((part) => isWrong(fields, part)))
    return wrong.map(({ name }) => `${name} of ${at}`)
  })
}

/** The items and keys of a request that have an empty value in the key of their table. */
export function emptyKeys(step: Step): readonly Fields[] {
  const found = namedIn(step.input).filter(({ table, fields }) => keyParts(table).some((part) => isEmpty(fields, part)))
  return found.map(({ fields }) => fields)
}

function isWrong(fields: Fields, part: KeyPart): boolean {
  const value = fields[part.name]
  return value !== undefined && (!(part.type in value) || isEmpty(fields, part))
}

function isEmpty(fields: Fields, { name, type }: KeyPart): boolean {
  const value = fields[name]?.[type]
  return value === '' || (value instanceof Uint8Array && value.length === 0)
}

// A table's name stands beside the items or, in a batch, above them.
function namedIn(value: unknown, above?: TableShape): readonly Named[] {
  if (Array.isArray(value)) return value.flatMap((element) => namedIn(element, above))
  if (typeof value !== 'object' || value === null) return []
  const table = 'TableName' in value ? shapeOf(String(value.TableName)) : above
  return Object.entries(value).flatMap(([name, field]): readonly Named[] => {
    if (name === 'RequestItems')
      return Object.entries(field as object).flatMap(([of, asked]) => namedIn(asked, shapeOf(of)))
    if (table !== undefined && (name === 'Item' || name === 'Key'))
      return [{ table, isItem: name === 'Item', fields: field as Fields }]
    if (table !== undefined && name === 'Keys')
      return (field as Fields[]).map((fields) => ({ table, isItem: false, fields }))
    return namedIn(field, table)
  })
}

// A program's tables have a number behind their names.
function shapeOf(tableName: string): TableShape | undefined {
  const name = tableName.replace(/-\d+$/, '')
  return isTableName(name) ? tables[name] : undefined
}
