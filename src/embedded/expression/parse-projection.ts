import type { Item } from '../item.ts'
import { BoundedCache } from './bounded-cache.ts'
import { checkPath } from './check-syntax.ts'
import type { ExpressionContext } from './context.ts'
import { bindPath } from './document-path.ts'
import { parseList, parsePath } from './parse-operand.ts'
import { cacheSize, checkText } from './parsed-text.ts'
import { growTree } from './path-tree.ts'
import { inExpression } from './problem.ts'
import { project } from './project.ts'
import type { PathSyntax } from './syntax.ts'
import { TokenReader } from './token-reader.ts'

const parsed = new BoundedCache<readonly PathSyntax[]>(cacheSize)

/** Parses a projection into what picks its parts of an item; throws the service's `ValidationException`. */
export function parseProjection(text: string, context: ExpressionContext): (item: Item) => Item {
  return inExpression('ProjectionExpression', () => {
    const paths = parsed.get(text, parse)
    const tree = growTree(paths.map((path) => ({ bind: () => bindPath(path, context), leaf: true })))
    return (item) => project(item, tree)
  })
}

function parse(text: string): readonly PathSyntax[] {
  checkText(text)
  const reader = new TokenReader(text)
  const paths = parseList(reader, parsePath)
  reader.expect('end')
  paths.forEach(checkPath)
  return paths
}
