import { actionsIn, elementsOf, type Expression, pathsIn, targetsOf } from './faulty-expressions.ts'
import type { Fields, Value } from './values.ts'

// What is wrong with an update of this item, not with its expression alone.

/** Whether an update leads into what the item does not have, or not as a map or a list. */
export function leadsNowhere(update: Expression, item: Fields): boolean {
  return targetsOf(update).some((path) => {
    const parent = valueAt(item, path.slice(0, -1))
    return path.length > 1 && parent?.[path.at(-1)?.startsWith('[') === true ? 'L' : 'M'] === undefined
  })
}

/** Whether a SET takes a value from where the item has none; an `if_not_exists` may. */
export function readsAbsent(update: Expression, item: Fields): boolean {
  return rightSides(update).some((text) => {
    const needed = text.replace(/if_not_exists\([^,]*,/g, '(')
    return valuesIn({ ...update, text: needed }, item).includes(undefined)
  })
}

/** Whether an update calculates with a value that is no number, or joins lists and sets with what is none of them. */
export function mixesTypes(update: Expression, item: Fields): boolean {
  const added = ['ADD', 'DELETE'].flatMap((section) => actionsIn(update, section))
  return (
    added.some((action) => isOfOtherType(update, action, item)) ||
    rightSides(update).some((text) => isMixed(update, text, item))
  )
}

function isOfOtherType(update: Expression, action: string, item: Fields): boolean {
  const [path = '', name = ''] = action.split(' ')
  const [known] = valuesIn({ ...update, text: path }, item)
  return known !== undefined && Object.keys(update.values[name] ?? {}).some((type) => known[type] === undefined)
}

function isMixed(update: Expression, text: string, item: Fields): boolean {
  const type = / [+-] /.test(text) ? 'N' : text.includes('list_append(') ? 'L' : undefined
  if (type === undefined) return false
  const named = Array.from(text.matchAll(/:\w+/g), ([name]) => update.values[name])
  return [...named, ...valuesIn({ ...update, text }, item)].some(
    (value) => value !== undefined && value[type] === undefined,
  )
}

function rightSides(update: Expression): readonly string[] {
  return actionsIn(update, 'SET').flatMap((action) => action.split(' = ').slice(1))
}

function valuesIn(expression: Expression, item: Fields): readonly (Value | undefined)[] {
  return pathsIn(expression).map((path) => valueAt(item, elementsOf(path)))
}

function valueAt(item: Fields, path: readonly string[]): Value | undefined {
  let value: Value | undefined = { M: item }
  for (const element of path) {
    const { L = [], M = {} } = (value ?? {}) as { readonly L?: readonly Value[]; readonly M?: Fields }
    value = element.startsWith('[') ? L[Number(element.slice(1, -1))] : M[element]
  }
  return value
}
