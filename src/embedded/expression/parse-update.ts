import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import { applyActions } from './apply-update.ts'
import { type Action, bindAction } from './bind-action.ts'
import { BoundedCache } from './bounded-cache.ts'
import { checkAction } from './check-syntax.ts'
import type { ExpressionContext } from './context.ts'
import { bindPath, type DocumentPath } from './document-path.ts'
import { type Clause, parseUpdateSyntax } from './parse-update-syntax.ts'
import { cacheSize, checkText } from './parsed-text.ts'
import { growTree, type PathTree } from './path-tree.ts'
import { ExpressionProblem, inExpression } from './problem.ts'
import { project } from './project.ts'
import type { ActionSyntax } from './syntax.ts'

/** An update with its names and values known. */
export interface UpdateProgram {
  /** Refuses an update of a key attribute. {@link apply} does too, but a condition that fails comes before that. */
  assertKeysUntouched(keyNames: readonly string[]): void
  /**
   * The item as the update leaves it; `keyNames` are the attributes that no update may touch. The given item is the one
   * that is there or, where there is none, its key alone. Throws the service's `ValidationException`.
   */
  apply(item: Item, keyNames: readonly string[]): Item
  /** What UPDATED_OLD and UPDATED_NEW return: what was and is where the update's paths lead. Either may be empty. */
  touched(before: Item | undefined, after: Item): { readonly old: Item; readonly new: Item }
}

const parsed = new BoundedCache<readonly ActionSyntax[]>(cacheSize)

/** Parses an update; throws the service's `ValidationException`. */
export function parseUpdate(text: string, context: ExpressionContext): UpdateProgram {
  return inExpression('UpdateExpression', () => bindUpdate(parsed.get(text, parse), context))
}

function parse(text: string): readonly ActionSyntax[] {
  checkText(text)
  const clauses = parseUpdateSyntax(text)
  const actions = clauses.flatMap((clause) => clause.actions)
  actions.forEach(checkAction)
  assertSectionsOnce(clauses)
  return actions
}

function assertSectionsOnce(clauses: readonly Clause[]): void {
  const repeated = clauses.find(({ section }, index) => clauses.findIndex((one) => one.section === section) < index)
  if (repeated !== undefined)
    throw new ExpressionProblem(`The "${repeated.section}" section can only be used once in an update expression;`)
}

// Like the service, from the last action to the first: all paths, then all values. It shows in which problem is reported.
function bindUpdate(syntax: readonly ActionSyntax[], context: ExpressionContext): UpdateProgram {
  const paths = new Map<ActionSyntax, DocumentPath>()
  const tree = growTree(
    syntax.map((leaf) => {
      const bind = (): DocumentPath => {
        const path = bindPath(leaf.path, context)
        paths.set(leaf, path)
        return path
      }
      return { bind, leaf }
    }),
  )
  const actions = new Map<ActionSyntax, Action>()
  for (const [action, path] of paths) actions.set(action, bindAction(action, path, context))
  return new Program(tree, actions)
}

class Program implements UpdateProgram {
  readonly #tree: PathTree<ActionSyntax>
  readonly #actions: ReadonlyMap<ActionSyntax, Action>

  constructor(tree: PathTree<ActionSyntax>, actions: ReadonlyMap<ActionSyntax, Action>) {
    this.#tree = tree
    this.#actions = actions
  }

  assertKeysUntouched(keyNames: readonly string[]): void {
    const key = keyNames.find((name) => this.#tree.has(name))
    if (key !== undefined)
      throw validationError(
        `One or more parameter values were invalid: Cannot update attribute ${key}. This attribute is part of the key`,
      )
  }

  apply(item: Item, keyNames: readonly string[]): Item {
    this.assertKeysUntouched(keyNames)
    return applyActions(item, this.#tree, (leaf) => this.#actions.get(leaf)?.(item) ?? 'unchanged')
  }

  touched(before: Item | undefined, after: Item): { readonly old: Item; readonly new: Item } {
    return { old: before === undefined ? {} : project(before, this.#tree), new: project(after, this.#tree) }
  }
}
