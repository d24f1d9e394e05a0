import { addNumbers } from '../decimal.ts'
import type { AttributeValue, Item } from '../item.ts'
import type { ExpressionContext } from './context.ts'
import { type DocumentPath, type Read, reader } from './document-path.ts'
import { typeOf } from './operand.ts'
import { ExpressionProblem } from './problem.ts'
import { difference, union } from './set-arithmetic.ts'
import type { ActionSyntax } from './syntax.ts'
import { bindSetValue, wrongDataType } from './update-value.ts'

/** What becomes of the place an action names: another value, none any more, or nothing at all. */
export type Outcome = AttributeValue | 'removed' | 'unchanged'

export type Action = (item: Item) => Outcome

const addable = ['N', 'SS', 'NS', 'BS']
const deletable = ['SS', 'NS', 'BS']

const longNames: { readonly [type: string]: string } = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  BOOL: 'BOOLEAN',
  NULL: 'NULL',
  L: 'LIST',
  M: 'MAP',
}

/** What an action makes of an item, as the item was before any of the update's actions. */
export function bindAction(action: ActionSyntax, path: DocumentPath, context: ExpressionContext): Action {
  switch (action.section) {
    case 'SET':
      return bindSetValue(action.value, context)
    case 'REMOVE':
      return () => 'removed'
    case 'ADD':
      return bindAdd(context.value(action.value.name), reader(path))
    case 'DELETE':
      return bindDelete(context.value(action.value.name), reader(path))
  }
}

function bindAdd(value: AttributeValue, read: Read): Action {
  assertOperand('ADD', value, addable)
  return (item) => {
    const known = read(item)
    return known === undefined ? value : sum(known, value)
  }
}

function sum(known: AttributeValue, value: AttributeValue): AttributeValue {
  if ('N' in known && 'N' in value) return { N: addNumbers(known.N, value.N) }
  const set = union(known, value)
  if (set === undefined) throw wrongDataType()
  return set
}

function bindDelete(value: AttributeValue, read: Read): Action {
  assertOperand('DELETE', value, deletable)
  return (item) => {
    const known = read(item)
    if (known === undefined) return 'unchanged'
    const left = difference(known, value)
    if (left === undefined) throw wrongDataType()
    return left === 'empty' ? 'removed' : left
  }
}

function assertOperand(section: 'ADD' | 'DELETE', value: AttributeValue, types: readonly string[]): void {
  const type = typeOf(value)
  if (!types.includes(type))
    throw new ExpressionProblem(
      `Incorrect operand type for operator or function; operator: ${section}, operand type: ${longNames[type]}, typeSet: ALLOWED_FOR_${section}_OPERAND`,
    )
}
