import { PutItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Request } from '../send.ts'
import { noteName, noteValue, type Note } from './note.ts'

/** An item, or a part of one, as the SDK takes it. */
export type Attributes = Record<string, AttributeValue>

/** What a handler has to be done with its one item. */
export type ItemWrite =
  | { readonly kind: 'put'; readonly item: Attributes }
  | {
      readonly kind: 'update'
      readonly key: Attributes
      readonly set: Attributes
      readonly remove: readonly string[]
    }
  | { readonly kind: 'delete'; readonly key: Attributes }

/** The table of the projected items, and what becomes of tombstones in it. */
export interface ProjectionTable {
  readonly tableName: string
  readonly tombstones: { readonly ttlAttribute: string; readonly keepMs: number } | undefined
}

/** The request for a write: it takes effect only where no change of this source item, this one or later, is in the item. */
export function requestOf(write: ItemWrite, note: Note, table: ProjectionTable, now: number): Request<unknown> {
  if (write.kind === 'update') {
    const update = updateOf(write, note, table)
    return (client, options) => client.send(update, options)
  }
  const item =
    write.kind === 'put' ? { ...write.item, [noteName]: noteValue(note) } : tombstoneOf(write.key, note, table, now)
  const put = putOf(item, note, table)
  return (client, options) => client.send(put, options)
}

/** A put, not a delete: the number of the delete has to stay, and nothing else of the item may. */
function tombstoneOf(key: Attributes, note: Note, { tombstones }: ProjectionTable, now: number): Attributes {
  const tombstone = { ...key, [noteName]: noteValue(note, now) }
  if (tombstones === undefined) return tombstone
  const { ttlAttribute, keepMs } = tombstones
  return { ...tombstone, [ttlAttribute]: { N: String(Math.ceil((now + keepMs) / 1_000)) } }
}

function putOf(item: Attributes, note: Note, { tableName }: ProjectionTable): PutItemCommand {
  const { condition, names, values } = conditionOf(note)
  return new PutItemCommand({
    ...{ TableName: tableName, Item: item, ConditionExpression: condition },
    ...{ ExpressionAttributeNames: names, ExpressionAttributeValues: values },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD', // which costs nothing, and tells a duplicate from the rest
  })
}

function updateOf(
  { key, set, remove }: ItemWrite & { readonly kind: 'update' },
  note: Note,
  { tableName, tombstones }: ProjectionTable,
): UpdateItemCommand {
  const { condition, names, values } = conditionOf(note)
  const sets = ['#note = :note']
  for (const [index, [name, value]] of Object.entries(set).entries()) {
    sets.push(`#s${index} = :s${index}`)
    names[`#s${index}`] = name
    values[`:s${index}`] = value
  }
  const removes = removedBy(set, remove, tombstones?.ttlAttribute).map((name, index) => {
    names[`#r${index}`] = name
    return `#r${index}`
  })
  return new UpdateItemCommand({
    ...{ TableName: tableName, Key: key, ConditionExpression: condition },
    UpdateExpression: `SET ${sets.join(', ')}${removes.length === 0 ? '' : ` REMOVE ${removes.join(', ')}`}`,
    ...{ ExpressionAttributeNames: names, ExpressionAttributeValues: { ...values, ':note': noteValue(note) } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
}

/** The item may be a tombstone: the time at which that would be forgotten must not stay on what is alive again. */
function removedBy(set: Attributes, remove: readonly string[], ttlAttribute: string | undefined): readonly string[] {
  if (ttlAttribute === undefined || Object.hasOwn(set, ttlAttribute) || remove.includes(ttlAttribute)) return remove
  return [...remove, ttlAttribute]
}

function conditionOf({ position, source }: Note) {
  return {
    condition: 'attribute_not_exists(#note) OR (#note.#position < :position AND #note.#source = :source)',
    names: { '#note': noteName, '#position': 'position', '#source': 'source' } as Record<string, string>,
    values: { ':position': { S: position }, ':source': { S: source } } as Attributes,
  }
}
