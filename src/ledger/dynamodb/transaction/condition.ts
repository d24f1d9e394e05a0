import { TransactionError } from '../../../errors.ts'
import { encodeValue, type EncodedItem, type EncodedValue } from '../../../record/encode-value.ts'
import type { ExactNumber } from '../../../record/exact-number.ts'
import { valueSize } from '../../../record/item-size.ts'
import type { WritableItem, WritableValue } from '../../../record/writable-value.ts'

/** What can be compared by size. */
export type Comparable = string | number | bigint | ExactNumber | Uint8Array

/** What has to hold of one attribute; of several tests all have to. An attribute that is not there passes none but `exists: false` and `not`. */
export interface AttributeTest {
  readonly exists?: boolean
  readonly equals?: WritableValue
  readonly not?: WritableValue
  readonly lessThan?: Comparable
  readonly atMost?: Comparable
  readonly moreThan?: Comparable
  readonly atLeast?: Comparable
}

/** An expression in DynamoDB's own language, with its placeholders' names and plain values. */
export interface RawExpression {
  readonly expression: string
  readonly names?: { readonly [placeholder: string]: string }
  readonly values?: WritableItem
}

/**
 * What has to hold of an item for the transaction to commit: that it is there or is not, and tests of its attributes, all of
 * them; or an expression of your own.
 */
export type ItemCondition =
  { readonly exists?: boolean; readonly where?: { readonly [attribute: string]: AttributeTest } } | RawExpression

/** The condition of an operation. */
export interface ConditionOptions {
  readonly condition?: ItemCondition
  /** Whether the error of a condition that does not hold has the item as it is. Default: false. */
  readonly returnItem?: boolean
}

const comparators = {
  equals: '=',
  not: '<>',
  lessThan: '<',
  atMost: '<=',
  moreThan: '>',
  atLeast: '>=',
} as const

/** The names and values that the expressions of one operation stand for. */
export class Placeholders {
  readonly #path: string
  #names: Record<string, string> | undefined
  #values: EncodedItem | undefined
  #nameCount = 0
  #valueCount = 0
  #bytes = 0

  /** @param path names the operation in an error. */
  constructor(path: string) {
    this.#path = path
  }

  /** A placeholder for an attribute, the same at each call. */
  name(attribute: string): string {
    const names = (this.#names ??= {})
    for (const placeholder in names)
      if (names[placeholder] === attribute && placeholder.startsWith('#tm')) return placeholder
    let placeholder: string
    do placeholder = `#tm${this.#nameCount++}`
    while (names[placeholder] !== undefined) // by an expression of the user's
    names[placeholder] = attribute
    return placeholder
  }

  /** A placeholder for the value of an attribute. */
  value(attribute: string, value: WritableValue): string {
    this.#valueCount += 1
    const placeholder = `:tm${this.#valueCount}`
    this.#put(placeholder, encodeValue(value, this.#path, attribute))
    return placeholder
  }

  /** Takes over the placeholders of an expression of the user's. */
  adopt({ expression, names = {}, values = {} }: RawExpression): string {
    for (const [placeholder, name] of Object.entries(names)) this.#adoptName(placeholder, name)
    for (const [placeholder, value] of Object.entries(values)) {
      if (this.#values?.[placeholder] !== undefined)
        throw new TransactionError(
          `${this.#path}: ${placeholder} is given twice; each expression needs values of its own`,
        )
      this.#put(placeholder, encodeValue(value, this.#path, placeholder))
    }
    return expression
  }

  /** As a request has them, where there are any. */
  get names(): Record<string, string> | undefined {
    return this.#names
  }

  /** As a request has them, where there are any. */
  get values(): EncodedItem | undefined {
    return this.#values
  }

  get bytes(): number {
    return this.#bytes
  }

  #adoptName(placeholder: string, name: string): void {
    const names = (this.#names ??= {})
    if ((names[placeholder] ?? name) !== name)
      throw new TransactionError(`${this.#path}: ${placeholder} stands for two names in its expressions`)
    names[placeholder] = name
  }

  #put(placeholder: string, value: EncodedValue): void {
    ;(this.#values ??= {})[placeholder] = value
    this.#bytes += valueSize(value)
  }
}

/** The ConditionExpression of a condition; `keyAttribute` is there in every item of the table. */
export function conditionExpression(
  condition: ItemCondition,
  keyAttribute: string,
  placeholders: Placeholders,
  path: string,
): string {
  if ('expression' in condition) return placeholders.adopt(condition)
  const { exists, where = {} } = condition
  const terms = Object.entries(where).flatMap(([attribute, test]) => testTerms(attribute, test, placeholders, path))
  if (exists !== undefined) terms.unshift(existence(placeholders.name(keyAttribute), exists))
  if (terms.length > 0) return terms.join(' AND ')
  throw new TransactionError(`${path}: its condition says nothing; give exists, where or expression`)
}

function testTerms(attribute: string, test: AttributeTest, placeholders: Placeholders, path: string): string[] {
  const name = placeholders.name(attribute)
  return Object.entries(test).map(([kind, operand]: [string, WritableValue]) => {
    if (kind === 'exists') return existence(name, operand === true)
    const comparator = comparators[kind as keyof typeof comparators] as string | undefined
    if (comparator === undefined)
      throw new TransactionError(
        `${path}.${attribute}: there is no test '${kind}'; the tests are exists, ${Object.keys(comparators).join(', ')}`,
      )
    return `${name} ${comparator} ${placeholders.value(attribute, operand)}`
  })
}

function existence(name: string, exists: boolean): string {
  return exists ? `attribute_exists(${name})` : `attribute_not_exists(${name})`
}
