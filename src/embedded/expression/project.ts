import type { AttributeValue, Item } from '../item.ts'
import { member } from './document-path.ts'
import { byIndex } from './list-order.ts'
import type { PathNode, PathTree } from './path-tree.ts'

/** The parts of an item that the paths of a tree lead to. Lists close up, and containers without a part are left out. */
export function project(item: Item, tree: PathTree<unknown>): Item {
  return pickMembers(item, tree)
}

function pickMembers(item: Item, children: ReadonlyMap<string | number, PathNode<unknown>>): Item {
  const entries: [string, AttributeValue][] = []
  for (const [name, node] of children) {
    const value = typeof name === 'string' ? member(item, name) : undefined
    const picked = value && pick(value, node)
    if (picked !== undefined) entries.push([String(name), picked])
  }
  return Object.fromEntries(entries)
}

function pick(value: AttributeValue, { children }: PathNode<unknown>): AttributeValue | undefined {
  if (children.size === 0) return value
  if ('L' in value) return pickElements(value.L, children)
  if (!('M' in value)) return undefined
  const M = pickMembers(value.M, children)
  return Object.keys(M).length === 0 ? undefined : { M }
}

function pickElements(
  list: readonly AttributeValue[],
  children: ReadonlyMap<string | number, PathNode<unknown>>,
): AttributeValue | undefined {
  const L = byIndex(children).flatMap(([index, node]) => {
    const element = list[index]
    const picked = element && pick(element, node)
    return picked === undefined ? [] : [picked]
  })
  return L.length === 0 ? undefined : { L }
}
