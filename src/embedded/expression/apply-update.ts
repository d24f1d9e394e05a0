import type { AttributeValue, Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import type { Outcome } from './bind-action.ts'
import { member } from './document-path.ts'
import { byIndex } from './list-order.ts'
import type { PathNode, PathTree } from './path-tree.ts'

type Children<Leaf> = ReadonlyMap<string | number, PathNode<Leaf>>

/** What becomes of the place at the end of a path. */
type OutcomeOf<Leaf> = (leaf: Leaf) => Outcome

/** The item with every outcome in its place. What lies off the paths is shared with the item as it was. */
export function applyActions<Leaf>(item: Item, tree: PathTree<Leaf>, outcomeOf: OutcomeOf<Leaf>): Item {
  return updateMap(item, tree, outcomeOf)
}

function updateMap<Leaf>(map: Item, children: Children<Leaf>, outcomeOf: OutcomeOf<Leaf>): Item {
  const copy: { [name: string]: AttributeValue } = { ...map }
  for (const [key, node] of children) {
    const name = typeof key === 'string' ? key : invalidPath()
    const outcome = update(member(map, name), node, outcomeOf)
    if (outcome === 'removed') delete copy[name]
    else if (outcome !== 'unchanged') put(copy, name, outcome)
  }
  return copy
}

// Indexes are those of the list as it was: what lies behind its end goes to its end, and only then elements leave it.
function updateList<Leaf>(
  list: readonly AttributeValue[],
  children: Children<Leaf>,
  outcomeOf: OutcomeOf<Leaf>,
): readonly AttributeValue[] {
  const copy: (AttributeValue | undefined)[] = [...list]
  for (const [index, node] of byIndex(children)) {
    const outcome = update(list[index], node, outcomeOf)
    if (outcome !== 'unchanged') copy[Math.min(index, copy.length)] = outcome === 'removed' ? undefined : outcome
  }
  return copy.filter((element) => element !== undefined)
}

function update<Leaf>(
  known: AttributeValue | undefined,
  { leaf, children }: PathNode<Leaf>,
  outcomeOf: OutcomeOf<Leaf>,
): Outcome {
  if (leaf !== undefined) return outcomeOf(leaf)
  if (known === undefined) return invalidPath()
  const [key] = children.keys()
  if (typeof key === 'number') return 'L' in known ? { L: updateList(known.L, children, outcomeOf) } : invalidPath()
  return 'M' in known ? { M: updateMap(known.M, children, outcomeOf) } : invalidPath()
}

function put(map: { [name: string]: AttributeValue }, name: string, value: AttributeValue): void {
  if (name !== '__proto__') map[name] = value
  else Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
}

function invalidPath(): never {
  throw validationError('The document path provided in the update expression is invalid for update')
}
