import { describe } from './describe.ts'

const known = ['S', 'N', 'B', 'BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M']

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether `name` is a field of the object's own. Inside `for in` V8 makes it free, which `Object.hasOwn` is not. */
export function owns(object: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(object, name)
}

/**
 * The name of the only field of an AttributeValue, known or not; `undefined` when it has none or several. A field that
 * is there but undefined counts as absent, for so the SDK's types allow it to be written.
 */
export function attributeType(value: object): string | undefined {
  let type: string | undefined
  // An array of names (Object.keys) for each value would cost the whole decoder a third of its speed.
  for (const name in value) {
    if (!owns(value, name) || value[name as never] === undefined) continue
    if (type !== undefined) return undefined
    type = name
  }
  return type
}

/** Why a value is no AttributeValue that can be read. */
export function typeComplaint(value: unknown): string {
  if (!isObject(value) || Array.isArray(value)) return `expected a value such as { S: 'text' }, got ${describe(value)}`
  const types = Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [name]))
  if (types.length === 0) return `expected exactly one of ${known.join(', ')}, got none`
  if (types.length > 1) return `expected exactly one of ${known.join(', ')}, got ${types.slice(0, 3).join(' and ')}`
  return `attribute type ${describe(types[0])} is not known here (known: ${known.join(', ')}); a newer tidemark may read it`
}
