/**
 * Lambda's pattern language, written a second time and in another way: as aws/event-ruler describes its own work. The
 * record is flattened into fields, each with the list elements it came from, and all ways to meet the conditions are tried.
 */

type Scalar = string | number | boolean | null

/** Which element of which list a field came from. */
type Elements = ReadonlyMap<number, number>

interface Field {
  readonly path: string
  readonly value: Scalar
  readonly elements: Elements
}

interface Condition {
  readonly path: string
  readonly matchers: readonly unknown[]
}

export function interpret(pattern: object, record: object): boolean {
  const fields = flatten(record)
  return alternatives(pattern, []).some((conditions) => {
    const inOrder = conditions.toSorted((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0))
    return canMeet(inOrder, fields, new Map())
  })
}

function alternatives(pattern: object, path: readonly string[]): Condition[][] {
  let result: Condition[][] = [[]]
  for (const [name, value] of Object.entries(pattern)) {
    const inner = [...path, name]
    const own: Condition[][] =
      name === '$or'
        ? value.flatMap((alternative: object) => alternatives(alternative, path))
        : Array.isArray(value)
          ? [[{ path: inner.join('.'), matchers: value }]]
          : alternatives(value, inner)
    result = result.flatMap((left) => own.map((right) => [...left, ...right]))
  }
  return result
}

function flatten(record: object): Field[] {
  const fields: Field[] = []
  let lists = 0
  const visit = (value: unknown, path: readonly string[], elements: Elements): void => {
    if (Array.isArray(value)) {
      const list = lists++
      value.forEach((element: unknown, index) => {
        const scalar = typeof element !== 'object' || element === null
        visit(element, path, scalar ? elements : new Map([...elements, [list, index]]))
      })
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name], elements)
    } else {
      fields.push({ path: path.join('.'), value: value as Scalar, elements })
    }
  }
  visit(record, [], new Map())
  return fields
}

function canMeet([condition, ...others]: readonly Condition[], fields: readonly Field[], sofar: Elements): boolean {
  if (condition === undefined) return true
  const candidates = fields.filter(({ path, elements }) => path === condition.path && agree(elements, sofar))
  const mayBeAbsent = condition.matchers.some((matcher) => operand(matcher, 'exists') === false)
  if (candidates.length === 0) return mayBeAbsent && canMeet(others, fields, sofar)
  return candidates.some(
    ({ value, elements }) =>
      condition.matchers.some((matcher) => holds(matcher, value)) &&
      canMeet(others, fields, new Map([...sofar, ...elements])),
  )
}

function agree(one: Elements, other: Elements): boolean {
  return [...one].every(([list, index]) => (other.get(list) ?? index) === index)
}

function holds(matcher: unknown, value: Scalar): boolean {
  if (typeof matcher !== 'object' || matcher === null) return matcher === value
  const [[name, given]] = Object.entries(matcher) as [[string, unknown]]
  if (name === 'exists') return given === true
  if (name === 'numeric') return typeof value === 'number' && withinRange(given as unknown[], value)
  if (name === 'anything-but') return !asList(given).some((one) => isExcluded(one, value))
  return typeof value === 'string' && textHolds(name, given, value)
}

function isExcluded(given: unknown, value: Scalar): boolean {
  if (typeof given !== 'object' || given === null) return given === value
  const [[name, texts]] = Object.entries(given) as [[string, unknown]]
  return typeof value === 'string' && asList(texts).some((text) => textHolds(name, text, value))
}

function textHolds(name: string, given: unknown, value: string): boolean {
  const folded = operand(given, 'equals-ignore-case')
  if (typeof folded === 'string') return textHolds(name, folded.toLowerCase(), value.toLowerCase())
  if (name === 'prefix') return value.indexOf(given as string) === 0
  if (name === 'suffix') return value.slice(value.length - (given as string).length) === given
  return value.toLowerCase() === (given as string).toLowerCase()
}

function withinRange(condition: readonly unknown[], value: number): boolean {
  if (condition.length === 4) return withinRange(condition.slice(0, 2), value) && withinRange(condition.slice(2), value)
  const difference = value - (condition[1] as number)
  return {
    '=': difference === 0,
    '<': difference < 0,
    '<=': difference <= 0,
    '>': difference > 0,
    '>=': difference >= 0,
  }[condition[0] as '=']
}

function operand(matcher: unknown, name: string): unknown {
  return typeof matcher === 'object' && matcher !== null ? (matcher as Record<string, unknown>)[name] : undefined
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}
