import { validationError } from '../service-error.ts'

interface Bounds {
  readonly min: number
  readonly max?: number
}

/** Fields of a request, read by the service's model: all that is wrong is told in one error, by `assertValid`. */
export class RequestFields {
  readonly #input: { readonly [field: string]: unknown }
  readonly #path: string
  readonly #violations: string[]

  constructor(input: object, path: string = '', violations: string[] = []) {
    this.#input = { ...input }
    this.#path = path
    this.#violations = violations
  }

  /** Throws the service's error unless all fields read so far are as they must be. */
  assertValid(): void {
    const { length } = this.#violations
    if (length === 0) return
    const detected = `${length} validation error${length === 1 ? '' : 's'} detected`
    throw validationError(`${detected}: ${this.#violations.join('; ')}`)
  }

  /** A field that must be there; '' when it is not. */
  requiredText(field: string, bounds: Bounds): string {
    const value = this.text(field, bounds)
    if (value === undefined) this.#violation(field, 'null', 'Member must not be null')
    return value ?? ''
  }

  text(field: string, { min, max = Infinity }: Bounds): string | undefined {
    const value = this.#input[field] ?? undefined
    if (value === undefined) return undefined
    const text = String(value)
    const relation = text.length < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`
    if (text.length < min || text.length > max)
      this.#violation(field, `'${text}'`, `Member must have length ${relation}`)
    return text
  }

  /** A text of a set; the first of the set when it is another. */
  choice<const Choice extends string>(field: string, choices: readonly [Choice, ...Choice[]]): Choice | undefined {
    const value = this.#input[field] ?? undefined
    if (value === undefined) return undefined
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    this.#violation(field, `'${String(value)}'`, `Member must satisfy enum value set: [${choices.join(', ')}]`)
    return choices[0]
  }

  requiredChoice<const Choice extends string>(field: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const value = this.choice(field, choices)
    if (value === undefined) this.#violation(field, 'null', 'Member must not be null')
    return value ?? choices[0]
  }

  positive(field: string): number | undefined {
    const value = this.#input[field] ?? undefined
    if (value === undefined) return undefined
    const number = Number(value)
    if (!(number >= 1)) this.#violation(field, `'${number}'`, 'Member must have value greater than or equal to 1')
    return number
  }

  /** The fields of a structure, whose violations are told together with those around it. */
  structure(field: string): RequestFields | undefined {
    const value = this.#input[field]
    if (typeof value !== 'object' || value === null) return undefined
    return new RequestFields(value, `${this.#path}${lowerFirst(field)}.`, this.#violations)
  }

  #violation(field: string, value: string, constraint: string): void {
    const at = `${this.#path}${lowerFirst(field)}`
    this.#violations.push(`Value ${value} at '${at}' failed to satisfy constraint: ${constraint}`)
  }
}

function lowerFirst(field: string): string {
  return `${field.charAt(0).toLowerCase()}${field.slice(1)}`
}
