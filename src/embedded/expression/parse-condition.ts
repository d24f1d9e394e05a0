import type { Item } from '../item.ts'
import { bindCondition } from './bind-condition.ts'
import { BoundedCache } from './bounded-cache.ts'
import { checkCondition } from './check-syntax.ts'
import { assertOperatorCount, isSelfContained, pathsOf } from './condition-facts.ts'
import { ExpressionContext } from './context.ts'
import { parseConditionSyntax } from './parse-condition-syntax.ts'
import { cacheSize, checkText } from './parsed-text.ts'
import { type ExpressionKind, inExpression } from './problem.ts'
import type { ConditionSyntax } from './syntax.ts'

type ConditionKind = Extract<ExpressionKind, 'ConditionExpression' | 'FilterExpression'>

interface ParsedCondition {
  readonly syntax: ConditionSyntax
  /** The test itself, where it is the same for every request. */
  readonly test: ((item: Item) => boolean) | undefined
}

const parsed = new BoundedCache<ParsedCondition>(cacheSize)

/** Parses the condition of a write or the filter of a read; throws the service's `ValidationException`. */
export function parseCondition(
  text: string,
  context: ExpressionContext,
  kind: ConditionKind = 'ConditionExpression',
): (item: Item) => boolean {
  return inExpression(kind, () => {
    const { syntax, test } = parsed.get(text, parse)
    return test ?? bindWhole(syntax, context)
  })
}

/** The attributes of the item that a condition reads, of those that {@link parseCondition} accepts. */
export function conditionAttributes(text: string, context: ExpressionContext): ReadonlySet<string> {
  const heads = pathsOf(parsed.get(text, parse).syntax).map(({ elements: [head] }) => String(head))
  return new Set(heads.map((head) => (head.startsWith('#') ? context.name(head) : head)))
}

/** The syntax of a condition that is sound as far as its text goes. */
export function readCondition(text: string): ConditionSyntax {
  return parsed.get(text, parse).syntax
}

export function bindWhole(syntax: ConditionSyntax, context: ExpressionContext): (item: Item) => boolean {
  const test = bindCondition(syntax, context)
  assertOperatorCount(syntax)
  return test
}

function parse(text: string): ParsedCondition {
  checkText(text)
  const syntax = parseConditionSyntax(text)
  checkCondition(syntax)
  return { syntax, test: isSelfContained(syntax) ? bindWhole(syntax, new ExpressionContext()) : undefined }
}
