import { ExpressionContext } from '../expression/context.ts'
import { type Fields, structureField, textField } from '../fields.ts'
import { validationError } from '../service-error.ts'
import type { Table } from '../table/table.ts'

type ExpressionName =
  'UpdateExpression' | 'FilterExpression' | 'ConditionExpression' | 'KeyConditionExpression' | 'ProjectionExpression'

/** The expressions of one request and the names and values that they share. */
export class RequestExpressions {
  readonly #names: Record<string, string> | undefined
  readonly #values: Fields | undefined
  readonly #fields: Fields
  #known: ExpressionContext | undefined

  /**
   * `known` are the expressions that the operation has. Names and values without any are refused at once; what they are
   * is looked at with the first expression, since the service looks at a request's key or item between the two.
   */
  constructor(fields: Fields, known: readonly ExpressionName[]) {
    this.#fields = fields
    const names = structureField(fields, 'ExpressionAttributeNames')
    const values = structureField(fields, 'ExpressionAttributeValues')
    if (names !== undefined) assertMeant(fields, known)
    if (values !== undefined) assertNeeded(fields, known)
    this.#names = names && readNames(names)
    this.#values = values
  }

  get #context(): ExpressionContext {
    this.#known ??= new ExpressionContext(this.#names, this.#values)
    return this.#known
  }

  /** Parses the expression of this name, or does nothing where the request has none. */
  parse<Parsed>(name: ExpressionName, parse: (text: string, context: ExpressionContext) => Parsed): Parsed | undefined {
    const text = textField(this.#fields, name)
    return text === undefined ? undefined : parse(text, this.#context)
  }

  /** To be called when all are parsed: a name or a value that none uses is refused. */
  finish(): void {
    this.#context.assertAllUsed()
  }

  /** To be called when the table is known: refuses paths into its keys. */
  assertFor({ keyNames, indexKeyNames }: Table): void {
    this.#context.assertScalarKeys(keyNames, indexKeyNames)
  }
}

function assertMeant(fields: Fields, known: readonly ExpressionName[]): void {
  if (known.every((name) => (fields[name] ?? undefined) === undefined))
    throw validationError('ExpressionAttributeNames can only be specified when using expressions')
}

// A projection has no values.
function assertNeeded(fields: Fields, known: readonly ExpressionName[]): void {
  const users = known.filter((name) => name !== 'ProjectionExpression')
  if (users.some((name) => (fields[name] ?? undefined) !== undefined)) return
  const absent = `${users.join(' and ')} ${users.length > 1 ? 'are' : 'is'} null`
  throw validationError(
    `ExpressionAttributeValues can only be specified when using expressions${users.length === 0 ? '' : `: ${absent}`}`,
  )
}

function readNames(given: Fields): Record<string, string> {
  const names: Record<string, string> = {}
  for (const name of Object.keys(given)) {
    const text = textField(given, name)
    if (text !== undefined) names[name] = text
  }
  return names
}
