import type { Step } from '../both.ts'
import { isTableName, keyParts, type IndexShape, type KeyPart, tables, type TableShape } from './tables.ts'
import type { Fields, Value } from './values.ts'

/** One thing that a request asks of one table: the request itself, or one action, write or table of a larger one. */
export interface Ask {
  /** None: the programs know no table of that name. */
  readonly table: TableShape | undefined
  readonly index: IndexShape | undefined
  readonly input: Input
  readonly item: Fields | undefined
  readonly keys: readonly Fields[]
}

/** What stands beside the name of the table. */
export interface Input {
  readonly [name: string]: unknown
  readonly ExpressionAttributeNames?: { readonly [alias: string]: string }
  readonly ExpressionAttributeValues?: Fields
  readonly ExclusiveStartKey?: Fields
}

/** What a step asks, in its order. */
export function asksOf({ operation, input }: Step): readonly Ask[] {
  if (operation.startsWith('Transact'))
    return actionsIn(input).map((action) => askOf(String(action['TableName']), action))
  if (!operation.startsWith('Batch')) return [askOf(String((input as Input)['TableName']), input as Input)]
  const { RequestItems } = input as { readonly RequestItems: { readonly [table: string]: Input | readonly Input[] } }
  return Object.entries(RequestItems).flatMap(([name, asked]) => listOf(asked).map((one) => askOf(name, one)))
}

function actionsIn(input: object): readonly Input[] {
  const { TransactItems } = input as { readonly TransactItems: readonly { readonly [action: string]: Input }[] }
  return TransactItems.flatMap((action) => Object.values(action))
}

// A write of a batch is wrapped as an action is.
function listOf(asked: Input | readonly Input[]): readonly Input[] {
  return 'Keys' in asked ? [asked] : (asked as readonly { [write: string]: Input }[]).flatMap(Object.values)
}

function askOf(tableName: string, input: Input): Ask {
  const { Item, Key, Keys = [] } = input as { Item?: Fields; Key?: Fields; Keys?: readonly Fields[] }
  const table = shapeOf(tableName)
  const index = table?.indexes.find(({ name }) => name === input['IndexName'])
  return { table, index, input, item: Item, keys: Key === undefined ? Keys : [Key] }
}

// A program's tables have a number behind their names.
function shapeOf(tableName: string): TableShape | undefined {
  const name = tableName.replace(/-\d+$/, '')
  return isTableName(name) ? tables[name] : undefined
}

/** The values that a key condition holds against this part of a key. */
export function operandsFor({ input }: Ask, { name }: KeyPart): readonly Value[] {
  const values = input.ExpressionAttributeValues ?? {}
  const text = String(input['KeyConditionExpression'] ?? '')
  const terms = [
    new RegExp(`\\b${name} (?:=|<|<=|>|>=) (:\\w+)`),
    new RegExp(`\\b${name} BETWEEN (:\\w+) AND (:\\w+)`),
    new RegExp(`begins_with\\(${name}, (:\\w+)\\)`),
  ]
  const aliases = terms.flatMap((term) => (term.exec(text) ?? []).slice(1))
  return aliases.map((alias) => values[alias]).filter((value) => value !== undefined)
}

/** The key that is read or written by: the index's where there is one. */
export function readKey({ table, index }: Ask): readonly KeyPart[] {
  const keyed = index ?? table
  return keyed === undefined ? [] : keyParts(keyed)
}
