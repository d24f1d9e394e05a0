import { TransactionError } from '../errors.ts'
import type { ExactNumber } from '../record/exact-number.ts'
import type { WritableItem, WritableValue } from '../record/writable-value.ts'
import type { ConditionOptions, Placeholders, RawExpression } from './dynamodb-transaction-condition.ts'

type WritableSet = ReadonlySet<string> | ReadonlySet<number | bigint | ExactNumber> | ReadonlySet<Uint8Array>

/** What becomes of an item's attributes, each named once. */
export interface AttributeChanges {
  /** Attributes and their new values. */
  readonly set?: WritableItem
  /** Numbers to add (0 where there is none yet), and elements to add to sets. */
  readonly add?: { readonly [attribute: string]: number | bigint | ExactNumber | WritableSet }
  /** Attributes to remove. */
  readonly remove?: readonly string[]
  /** Elements to take out of sets. */
  readonly delete?: { readonly [attribute: string]: WritableSet }
}

/** An update: changes of attributes or an UpdateExpression of your own, and its condition. */
export type ItemUpdate = (AttributeChanges | RawExpression) & ConditionOptions

const known = ['set', 'add', 'remove', 'delete', 'expression', 'names', 'values', 'condition', 'returnItem']

/** The UpdateExpression of an update. */
export function updateExpression(update: ItemUpdate, placeholders: Placeholders, path: string): string {
  const unknown = Object.keys(update).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TransactionError(`${path}: there is no '${unknown}' in an update; the names are ${known.join(', ')}`)
  if ('expression' in update) return placeholders.adopt(update)
  const { set = {}, add = {}, remove = [], delete: taken = {} } = update
  const each = (changes: { readonly [attribute: string]: WritableValue }, join: string) =>
    Object.entries(changes).map(
      ([attribute, value]) => `${placeholders.name(attribute)}${join}${placeholders.value(attribute, value)}`,
    )
  const clauses = [
    clause('SET', each(set, ' = ')),
    clause('ADD', each(add, ' ')),
    clause(
      'REMOVE',
      remove.map((attribute) => placeholders.name(attribute)),
    ),
    clause('DELETE', each(taken, ' ')),
  ].filter((text) => text !== '')
  if (clauses.length > 0) return clauses.join(' ')
  throw new TransactionError(`${path}: the update changes nothing; give set, add, remove, delete or expression`)
}

function clause(verb: string, terms: readonly string[]): string {
  return terms.length === 0 ? '' : `${verb} ${terms.join(', ')}`
}
