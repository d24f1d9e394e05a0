import { hasScalar, isList, someElement, valueAt } from './values.ts'

/** A condition on any value in a record, compiled. */
export type Match = (value: unknown) => boolean

/** A condition of a pattern, seen from some object on the way to its field. */
export interface Goal {
  /** The names that lead from that object to the field. */
  readonly path: readonly string[]
  /** Whether it holds when the field is not there. */
  readonly absence: boolean
  /** The condition on the field itself. */
  readonly match: Match
}

/**
 * Goals below a list have to be reached in one and the same element of it.
 *
 * What `{ exists: false }` means there follows the engine behind Lambda's filters (aws/event-ruler). It takes the fields
 * in the order of their paths. Before it has found a value, a field has to be missing from every element; from then on,
 * from the element with that value.
 */
export function matchElements(goals: readonly Goal[], matchObject: Match): (list: readonly unknown[]) => boolean {
  if (!goals.some(({ absence }) => absence)) return (list) => someElement(list, matchObject)
  const inOrder = goals.toSorted((one, other) => (one.path.join('.') < other.path.join('.') ? -1 : 1))
  return (list) => {
    const first = inOrder.find(({ absence, path }) => !absence || isPresent(list, path))
    return first === undefined || someElement(list, (element) => isPresent(element, first.path) && matchObject(element))
  }
}

function isPresent(value: unknown, path: readonly string[]): boolean {
  if (isList(value)) return someElement(value, (element) => isPresent(element, path))
  const [name, ...rest] = path
  return name === undefined ? hasScalar(value) : isPresent(valueAt(value, name), rest)
}
