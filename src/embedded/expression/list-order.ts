import type { PathNode } from './path-tree.ts'

/** The children that are elements of a list, by their place in it. */
export function byIndex<Leaf>(
  children: ReadonlyMap<string | number, PathNode<Leaf>>,
): readonly (readonly [number, PathNode<Leaf>])[] {
  return [...children]
    .flatMap(([index, node]) => (typeof index === 'number' ? [[index, node] as const] : []))
    .toSorted(([left], [right]) => left - right)
}
