import type { AttributeValue, Item } from '../item.ts'
import type { ExpressionContext } from './context.ts'
import { ExpressionProblem } from './problem.ts'
import type { PathSyntax } from './syntax.ts'

/** Names and indexes that lead to a value; the first is an attribute of the item. */
export type DocumentPath = readonly [string, ...(string | number)[]]

export type Read = (item: Item) => AttributeValue | undefined

const maxLevels = 32

/** The path that this syntax means among these names. */
export function bindPath({ elements }: PathSyntax, context: ExpressionContext): DocumentPath {
  if (elements.length > maxLevels)
    throw new ExpressionProblem(`The document path has too many nesting levels; nesting levels: ${elements.length}`)
  const [head, ...rest] = elements.map((element) => bindElement(element, context))
  if (typeof head !== 'string') throw new TypeError('A path begins with a name')
  if (rest.length > 0) context.enter(head)
  return [head, ...rest]
}

function bindElement(element: string | number | bigint, context: ExpressionContext): string | number {
  if (typeof element === 'string') return element.startsWith('#') ? context.name(element) : element
  return Number(element)
}

/** Finds the value at a path, if there is one. */
export function reader(path: DocumentPath): Read {
  const [head, ...rest] = path
  if (rest.length === 0) return (item) => member(item, head)
  return (item) => {
    let value = member(item, head)
    for (const element of rest) value = value && descend(value, element)
    return value
  }
}

/** What an item or a map has under a name. Not `item[name]`, which finds `constructor` in every object. */
export function member(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined
}

function descend(value: AttributeValue, element: string | number): AttributeValue | undefined {
  if (typeof element === 'number') return 'L' in value ? value.L[element] : undefined
  return 'M' in value ? member(value.M, element) : undefined
}

export function samePath(left: DocumentPath, right: DocumentPath): boolean {
  return left.length === right.length && left.every((element, index) => element === right[index])
}

/** As the service writes a path: `[a, [1], b]`. */
export function pathText(path: DocumentPath): string {
  return `[${path.map((element) => (typeof element === 'number' ? `[${element}]` : element)).join(', ')}]`
}
