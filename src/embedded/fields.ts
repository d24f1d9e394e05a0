import { ServiceError, validationError } from './service-error.ts'

/** A request, or a structure in one, before anything about it is known. */
export type Fields = { readonly [name: string]: unknown }

/** The text at `name`. Like the service, `null` counts as absent and another type as unreadable. */
export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw unreadable(value, 'String')
}

export function flagField(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value === 'boolean') return value
  throw unreadable(value, 'Boolean')
}

export function integerField(fields: Fields, name: string, min: number, max: number): number | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw unreadable(value, 'Integer')
  if (value < min) throw constraint(value, lowerFirst(name), `Member must have value greater than or equal to ${min}`)
  if (value > max) throw constraint(value, lowerFirst(name), `Member must have value less than or equal to ${max}`)
  return Math.trunc(value)
}

export function choiceField<const Choice extends string>(
  fields: Fields,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = textField(fields, name)
  if (value === undefined) return undefined
  const choice = choices.find((one) => one === value)
  if (choice !== undefined) return choice
  throw constraint(value, lowerFirst(name), `Member must satisfy enum value set: [${choices.join(', ')}]`)
}

export function structureField(fields: Fields, name: string): Fields | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined || isFields(value)) return value
  throw new ServiceError('SerializationException', 'Unexpected field type')
}

export function requiredStructure(fields: Fields, name: string): Fields {
  const structure = structureField(fields, name)
  if (structure === undefined) throw missing(lowerFirst(name))
  return structure
}

export function listField(fields: Fields, name: string): readonly unknown[] | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined || isList(value)) return value
  throw new ServiceError('SerializationException', 'Unexpected field type')
}

/** The structures of the list at `name`; none where there is no list. */
export function structuresField(fields: Fields, name: string): readonly Fields[] {
  return (listField(fields, name) ?? []).map((element) => {
    if (isFields(element)) return element
    throw new ServiceError('SerializationException', 'Unexpected field type')
  })
}

export function textsField(fields: Fields, name: string): readonly string[] | undefined {
  return listField(fields, name)?.map((element) => {
    if (typeof element === 'string') return element
    throw unreadable(element, 'String')
  })
}

/** The service's words for a member of a request that breaks a rule of its model. */
export function constraint(value: unknown, path: string, rule: string): ServiceError {
  const shown = value === null ? 'null' : `'${String(value)}'`
  return validationError(
    `1 validation error detected: Value ${shown} at '${path}' failed to satisfy constraint: ${rule}`,
  )
}

export function missing(path: string): ServiceError {
  return constraint(null, path, 'Member must not be null')
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function unreadable(value: unknown, wanted: string): ServiceError {
  const found = `${(typeof value).toUpperCase()}_VALUE`
  return new ServiceError('SerializationException', `${found} cannot be converted to ${wanted}`)
}

function lowerFirst(name: string): string {
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`
}
