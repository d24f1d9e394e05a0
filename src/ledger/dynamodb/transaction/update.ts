import { TransactionError } from '../../../errors.ts'
import { owns } from '../../../record/attribute-type.ts'
import type { ExactNumber } from '../../../record/exact-number.ts'
import type { WritableItem, WritableValue } from '../../../record/writable-value.ts'
import type { ConditionOptions, Placeholders, RawExpression } from './condition.ts'

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
  for (const name in update)
    if (!known.includes(name))
      throw new TransactionError(`${path}: there is no '${name}' in an update; the names are ${known.join(', ')}`)
  if ('expression' in update) return placeholders.adopt(update)
  let clauses = assignments('SET', update.set, ' = ', placeholders)
  clauses += assignments('ADD', update.add, ' ', placeholders)
  clauses += removals(update.remove, placeholders)
  clauses += assignments('DELETE', update.delete, ' ', placeholders)
  if (clauses !== '') return clauses.slice(1)
  throw new TransactionError(`${path}: the update changes nothing; give set, add, remove, delete or expression`)
}

function assignments(
  verb: string,
  changes: { readonly [attribute: string]: WritableValue } | undefined,
  join: string,
  placeholders: Placeholders,
): string {
  let clause = ''
  if (changes === undefined) return clause
  for (const attribute in changes) {
    if (!owns(changes, attribute)) continue
    clause += clause === '' ? ` ${verb} ` : ', '
    clause += `${placeholders.name(attribute)}${join}${placeholders.value(attribute, changes[attribute] as WritableValue)}`
  }
  return clause
}

function removals(attributes: readonly string[] | undefined, placeholders: Placeholders): string {
  if (attributes === undefined || attributes.length === 0) return ''
  return ` REMOVE ${attributes.map((attribute) => placeholders.name(attribute)).join(', ')}`
}
