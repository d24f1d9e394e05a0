import type { AttributeValue } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { takeValue } from '../table/take-value.ts'
import { ExpressionProblem } from './problem.ts'

const longestPlaceholder = 255
const longestName = 65_535

/**
 * The names and values that come with one request's expressions. Every expression of the request is bound to the same
 * context, which then knows what none of them used.
 */
export class ExpressionContext {
  readonly #names: ReadonlyMap<string, string>
  readonly #values: ReadonlyMap<string, AttributeValue>
  readonly #unused = new Set<string>()
  /** Attributes that a path goes into, or an index into: no key can be one. */
  readonly #entered = new Set<string>()

  constructor(names?: Readonly<Record<string, string>>, values?: Readonly<Record<string, unknown>>) {
    this.#names = read('ExpressionAttributeNames', '#', names, takeName)
    this.#values = read('ExpressionAttributeValues', ':', values, takeValue)
    for (const name of this.#names.keys()) this.#unused.add(name)
    for (const name of this.#values.keys()) this.#unused.add(name)
  }

  /** The attribute that an alias stands for. */
  name(alias: string): string {
    const name = this.#names.get(alias)
    if (name === undefined)
      throw new ExpressionProblem(
        `An expression attribute name used in the document path is not defined; attribute name: ${alias}`,
      )
    this.#unused.delete(alias)
    return name
  }

  value(name: string): AttributeValue {
    const value = this.#values.get(name)
    if (value === undefined)
      throw new ExpressionProblem(
        `An expression attribute value used in expression is not defined; attribute value: ${name}`,
      )
    this.#unused.delete(name)
    return value
  }

  enter(attribute: string): void {
    this.#entered.add(attribute)
  }

  /** Refuses paths into a key, such as `pk.a`. For when the table is known; after the expressions have been parsed. */
  assertScalarKeys(keyNames: readonly string[], indexKeyNames: readonly string[] = []): void {
    if (this.#entered.size === 0) return
    assertNone(this.#entered, 'Key', keyNames)
    assertNone(this.#entered, 'IndexKey', indexKeyNames)
  }

  /** Refuses names and values that no expression has used. For when all expressions have been parsed. */
  assertAllUsed(): void {
    if (this.#unused.size === 0) return
    assertNoneLeft('ExpressionAttributeNames', this.#names, this.#unused)
    assertNoneLeft('ExpressionAttributeValues', this.#values, this.#unused)
  }
}

function assertNone(entered: ReadonlySet<string>, label: string, names: readonly string[]): void {
  const name = names.find((one) => entered.has(one))
  if (name !== undefined)
    throw validationError(
      `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${label}: ${name}`,
    )
}

function assertNoneLeft(parameter: string, given: ReadonlyMap<string, unknown>, unused: ReadonlySet<string>): void {
  const left = [...given.keys()].filter((name) => unused.has(name))
  if (left.length > 0)
    throw validationError(`Value provided in ${parameter} unused in expressions: keys: {${left.join(', ')}}`)
}

function read<Input, Value>(
  parameter: string,
  prefix: string,
  given: Readonly<Record<string, Input>> | undefined,
  take: (input: Input) => Value,
): ReadonlyMap<string, Value> {
  const entries = new Map<string, Value>()
  if (given === undefined) return entries
  const keys = Object.keys(given)
  if (keys.length === 0) throw validationError(`${parameter} must not be empty`)
  for (const key of keys) assertPlaceholder(parameter, prefix, key)
  for (const [key, input] of Object.entries(given))
    entries.set(
      key,
      taken(parameter, key, () => take(input)),
    )
  return entries
}

function assertPlaceholder(parameter: string, prefix: string, key: string): void {
  const problem = placeholderProblem(prefix, key)
  if (problem !== undefined) throw validationError(`${parameter} contains invalid key: ${problem}`)
}

function placeholderProblem(prefix: string, key: string): string | undefined {
  if (key === '') return 'The expression attribute map contains an empty key;'
  if (key.length > longestPlaceholder)
    return `The expression attribute map contains a key that is too long; size of key: ${key.length}`
  return key.startsWith(prefix) && /^[0-9a-zA-Z_]+$/.test(key.slice(1)) ? undefined : `Syntax error; key: "${key}"`
}

function taken<Value>(parameter: string, key: string, take: () => Value): Value {
  try {
    return take()
  } catch (error) {
    if (!(error instanceof ServiceError) || error.name !== 'ValidationException') throw error
    throw validationError(`${parameter} contains invalid value: ${error.message} for key ${key}`)
  }
}

function takeName(name: string): string {
  if (name === '') throw validationError('Empty attribute name')
  if (Buffer.byteLength(name) > longestName)
    throw validationError('Attribute name is too large, must be less than 65536 bytes')
  return name
}
