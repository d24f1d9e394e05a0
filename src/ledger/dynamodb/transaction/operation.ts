import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { TransactionError } from '../../../errors.ts'
import { encodeItem, type EncodedItem } from '../../../record/encode-value.ts'
import { encodeItemKey } from '../../../record/item-key.ts'
import { itemSize } from '../../../record/item-size.ts'
import type { WritableItem } from '../../../record/writable-value.ts'
import { conditionExpression, Placeholders, type ConditionOptions } from './condition.ts'
import type { KeySchema } from './key-schemas.ts'
import { updateExpression, type ItemUpdate } from './update.ts'

/** One action of a handler's transaction. */
export interface Operation {
  /** For errors: `update 'balances'`. */
  readonly name: string
  readonly tableName: string
  readonly key: EncodedItem
  /** Tells items apart, over all tables. */
  readonly item: string
  readonly bytes: number
  readonly action: TransactWriteItem
}

/** An item to be put, encoded when the handler gave it; an operation once its table's key is known. */
export function putOperation(
  tableName: string,
  item: WritableItem,
  options: ConditionOptions,
): (schema: KeySchema) => Operation {
  const name = `put '${tableName}'`
  const Item = encodeItem(item, name)
  return (schema) => {
    const key = keyOf(Item, schema, name)
    const placeholders = new Placeholders(name)
    const Put = conditioned({ TableName: tableName, Item }, options, schema.partitionKey, placeholders, name)
    return operation(name, tableName, key, { Put }, itemSize(Item) + placeholders.bytes)
  }
}

export function updateOperation(
  tableName: string,
  key: WritableItem,
  update: ItemUpdate,
  schema?: KeySchema,
): Operation {
  const name = `update '${tableName}'`
  const { Key, partitionKey } = givenKey(key, schema, name)
  const placeholders = new Placeholders(name)
  const UpdateExpression = updateExpression(update, placeholders, name)
  const Update = conditioned({ TableName: tableName, Key, UpdateExpression }, update, partitionKey, placeholders, name)
  return operation(name, tableName, Key, { Update }, itemSize(Key) + placeholders.bytes)
}

export function deleteOperation(
  tableName: string,
  key: WritableItem,
  options: ConditionOptions,
  schema?: KeySchema,
): Operation {
  const name = `delete '${tableName}'`
  const { Key, partitionKey } = givenKey(key, schema, name)
  const placeholders = new Placeholders(name)
  const Delete = conditioned({ TableName: tableName, Key }, options, partitionKey, placeholders, name)
  return operation(name, tableName, Key, { Delete }, itemSize(Key) + placeholders.bytes)
}

export function checkOperation(
  tableName: string,
  key: WritableItem,
  options: Required<Pick<ConditionOptions, 'condition'>> & ConditionOptions,
  schema?: KeySchema,
): Operation {
  const name = `check '${tableName}'`
  const { Key, partitionKey } = givenKey(key, schema, name)
  const placeholders = new Placeholders(name)
  const check = { TableName: tableName, Key, ConditionExpression: '' }
  const ConditionCheck = conditioned(check, options, partitionKey, placeholders, name)
  return operation(name, tableName, Key, { ConditionCheck }, itemSize(Key) + placeholders.bytes)
}

function operation(
  name: string,
  tableName: string,
  key: EncodedItem,
  action: TransactWriteItem,
  bytes: number,
): Operation {
  return { name, tableName, key, item: `${tableName}\n${encodeItemKey(key, `${name}.key`)}`, bytes, action }
}

/** What every action may have beside its own. */
interface Conditioned {
  ConditionExpression?: string
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: EncodedItem
  ReturnValuesOnConditionCheckFailure?: 'ALL_OLD'
}

/** The action with its condition, and with what all its expressions stand for. */
function conditioned<Action extends object>(
  action: Action & Conditioned,
  { condition, returnItem }: ConditionOptions,
  keyAttribute: string,
  placeholders: Placeholders,
  name: string,
): Action & Conditioned {
  if (condition !== undefined)
    action.ConditionExpression = conditionExpression(condition, keyAttribute, placeholders, name)
  const { names, values } = placeholders
  if (names !== undefined) action.ExpressionAttributeNames = names
  if (values !== undefined) action.ExpressionAttributeValues = values
  if (returnItem === true) action.ReturnValuesOnConditionCheckFailure = 'ALL_OLD'
  return action
}

function givenKey(
  key: WritableItem,
  schema: KeySchema | undefined,
  name: string,
): { readonly Key: EncodedItem; readonly partitionKey: string } {
  const Key = encodeItem(key, `${name}.key`)
  const given = Object.keys(Key)
  if (schema === undefined) return { Key, partitionKey: given[0] ?? '' }
  const names = namesOf(schema)
  if (given.length === names.length && names.every((attribute) => given.includes(attribute)))
    return { Key, partitionKey: schema.partitionKey }
  throw new TransactionError(`${name}: the key of the table is (${names.join(', ')}); got (${given.join(', ')})`)
}

function keyOf(item: EncodedItem, schema: KeySchema, name: string): EncodedItem {
  const key: EncodedItem = {}
  for (const attribute of namesOf(schema)) {
    const value = item[attribute]
    if (value === undefined)
      throw new TransactionError(`${name}: the item lacks '${attribute}', an attribute of its key`)
    key[attribute] = value
  }
  return key
}

function namesOf({ partitionKey, sortKey }: KeySchema): string[] {
  return sortKey === undefined ? [partitionKey] : [partitionKey, sortKey]
}
