import { type DocumentPath, pathText } from './document-path.ts'
import { ExpressionProblem } from './problem.ts'

/** Paths that begin alike, joined: what to do at their ends, and where they part. */
export interface PathNode<Leaf> {
  /** The first path that went through here. */
  readonly path: DocumentPath
  leaf?: Leaf
  readonly children: Map<string | number, PathNode<Leaf>>
}

export type PathTree<Leaf> = Map<string, PathNode<Leaf>>

/**
 * Joins paths. The service adds them from the last to the first and refuses one that another covers, or that takes for a
 * list what another takes for a map. Of three such paths it may name another pair than this does.
 */
export function growTree<Leaf>(
  leaves: readonly { readonly bind: () => DocumentPath; readonly leaf: Leaf }[],
): PathTree<Leaf> {
  const tree: PathTree<Leaf> = new Map()
  for (const { bind, leaf } of leaves.toReversed()) addPath(tree, bind(), leaf)
  return tree
}

function addPath<Leaf>(tree: PathTree<Leaf>, path: DocumentPath, leaf: Leaf): void {
  const [head, ...rest] = path
  let node = childOf(tree, head, path)
  for (const element of rest) {
    if (node.leaf !== undefined) throw clash('overlap', path, node.path)
    const other = firstKey(node.children)
    if (other !== undefined && typeof other !== typeof element) throw clash('conflict', path, node.path)
    node = childOf(node.children, element, path)
  }
  if (node.leaf !== undefined || node.children.size > 0) throw clash('overlap', path, node.path)
  node.leaf = leaf
}

function childOf<Element, Leaf>(
  children: Map<Element, PathNode<Leaf>>,
  element: Element,
  path: DocumentPath,
): PathNode<Leaf> {
  const known = children.get(element)
  if (known !== undefined) return known
  const made: PathNode<Leaf> = { path, children: new Map() }
  children.set(element, made)
  return made
}

function firstKey<Key>(map: ReadonlyMap<Key, unknown>): Key | undefined {
  for (const key of map.keys()) return key
  return undefined
}

function clash(how: 'overlap' | 'conflict', path: DocumentPath, other: DocumentPath): ExpressionProblem {
  return new ExpressionProblem(
    `Two document paths ${how} with each other; must remove or rewrite one of these paths; path one: ${pathText(path)}, path two: ${pathText(other)}`,
  )
}
