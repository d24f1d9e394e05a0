import type { AttributeValue, Item } from '../item.ts'
import { equalValues } from './compare-values.ts'
import { assertDistinct, assertTypes, type Operand, typeOf } from './operand.ts'
import { ExpressionProblem, notPath, wrongOperandCount, wrongOperandType } from './problem.ts'

/** Whether an item fulfils a condition. */
export type Test = (item: Item) => boolean

const typeNames = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M']

/** A function that is a condition: `contains(a, :b)`. */
export function bindTest(name: string, operands: readonly Operand[]): Test {
  if (name === 'attribute_exists' || name === 'attribute_not_exists') return bindExistence(name, operands)
  const [first, second] = pair(name, operands)
  assertDistinct(name, operands)
  switch (name) {
    case 'attribute_type':
      return typeTest(first, second)
    case 'begins_with':
      assertTypes(name, operands, ['S', 'B'])
      return test(first, second, beginsWith)
    default:
      return test(first, second, contains)
  }
}

function bindExistence(name: string, operands: readonly Operand[]): Test {
  const { read, path } = single(name, operands)
  if (path === undefined) throw notPath(name)
  return name === 'attribute_exists' ? (item) => read(item) !== undefined : (item) => read(item) === undefined
}

/** `size(a)`: an operand, not a condition. */
export function bindSize(operands: readonly Operand[]): Operand {
  const operand = single('size', operands)
  assertTypes('size', [operand], ['S', 'B', 'SS', 'NS', 'BS', 'L', 'M'])
  return { type: 'N', read: (item) => sizeOf(operand.read(item)) }
}

function single(name: string, operands: readonly Operand[]): Operand {
  const [operand] = operands
  if (operand === undefined || operands.length !== 1) throw wrongOperandCount(name, operands.length)
  return operand
}

export function pair(name: string, operands: readonly Operand[]): readonly [Operand, Operand] {
  const [first, second] = operands
  if (first === undefined || second === undefined || operands.length !== 2)
    throw wrongOperandCount(name, operands.length)
  return [first, second]
}

function test(first: Operand, second: Operand, holds: (one: AttributeValue, other: AttributeValue) => boolean): Test {
  return (item) => {
    const [one, other] = [first.read(item), second.read(item)]
    return one !== undefined && other !== undefined && holds(one, other)
  }
}

function typeTest({ read }: Operand, { value, type }: Operand): Test {
  if (value === undefined || !('S' in value))
    throw wrongOperandType('attribute_type', type ?? '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}')
  const wanted = value.S
  if (!typeNames.includes(wanted))
    throw new ExpressionProblem(
      `Invalid attribute type name found; type: ${wanted}, valid types: {${typeNames.join(',')}}`,
    )
  return (item) => {
    const found = read(item)
    return found !== undefined && typeOf(found) === wanted
  }
}

/** Whether a string or a binary begins with another one. */
export function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if ('S' in value) return 'S' in prefix && value.S.startsWith(prefix.S)
  if (!('B' in value && 'B' in prefix)) return false
  return Buffer.compare(value.B.subarray(0, prefix.B.length), prefix.B) === 0
}

function contains(value: AttributeValue, part: AttributeValue): boolean {
  if ('S' in value) return 'S' in part && value.S.includes(part.S)
  if ('B' in value) return 'B' in part && Buffer.from(value.B).includes(Buffer.from(part.B))
  return elementsOf(value).some((element) => equalValues(element, part))
}

function elementsOf(value: AttributeValue): readonly AttributeValue[] {
  if ('L' in value) return value.L
  if ('SS' in value) return value.SS.map((S) => ({ S }))
  if ('NS' in value) return value.NS.map((N) => ({ N }))
  if ('BS' in value) return value.BS.map((B) => ({ B }))
  return []
}

function sizeOf(value: AttributeValue | undefined): AttributeValue | undefined {
  const size = value && countOf(value)
  return size === undefined ? undefined : { N: String(size) }
}

function countOf(value: AttributeValue): number | undefined {
  if ('S' in value) return value.S.length
  if ('B' in value) return value.B.length
  if ('M' in value) return Object.keys(value.M).length
  return 'N' in value || 'BOOL' in value || 'NULL' in value ? undefined : elementsOf(value).length
}
