import fc from 'fast-check'
import { attributeNames, seldom, type Value, value, valueFor } from './values.ts'

/** A piece of an expression: text, a value to be named, or an attribute's name to be given an alias. */
type Part = string | { readonly value: Value } | { readonly name: string }
export type Parts = readonly Part[]

type Arbitrary<T> = fc.Arbitrary<T>

const joined = (...pieces: readonly (string | Arbitrary<Parts>)[]): Arbitrary<Parts> =>
  fc
    .tuple(...pieces.map((piece) => (typeof piece === 'string' ? fc.constant<Parts>([piece]) : piece)))
    .map((all) => all.flat())

const separated = (pieces: Arbitrary<Parts>, separator: string, maxLength = 3): Arbitrary<Parts> =>
  fc
    .array(pieces, { minLength: 1, maxLength })
    .map((all) => all.flatMap((parts, at) => (at === 0 ? parts : [separator, ...parts])))

const keyNames = ['pk', 'sk']
const steps = fc.array(fc.constantFrom('.a', '.b', '.x', '[0]', '[1]', '[2]', '[7]'), { maxLength: 2 })

// A name in full where it can stand so, since both have to work.
function pathTo(name: string): Arbitrary<Parts> {
  const head = seldom(fc.constant<Part>(name), fc.constant<Part>({ name }), 3)
  const deep = name === 'm' || name === 'l' || name === 'a' ? 1 : 8
  return fc.tuple(head, seldom(fc.constant<string[]>([]), steps, deep)).map(([first, rest]) => [first, ...rest])
}

const anyName = seldom(fc.constantFrom(...attributeNames), fc.constantFrom(...keyNames), 8)
const anyPath = anyName.chain(pathTo)
const valueOf = (name: string): Arbitrary<Parts> => valueFor(name).map((one) => [{ value: one }])
const anyValue: Arbitrary<Parts> = value.map((one) => [{ value: one }])

const comparison: Arbitrary<Parts> = anyName.chain((name) => {
  const operator = fc.constantFrom(' = ', ' <> ', ' < ', ' <= ', ' > ', ' >= ').map((text) => [text])
  const right = seldom(valueOf(name), anyPath, 6)
  return joined(pathTo(name), operator, right)
})
const sizes = joined(
  'size(',
  anyPath,
  ')',
  fc.constantFrom(' = ', ' > ', ' <= ').map((text) => [text]),
  fc.constantFrom('0', '1', '2', '3').map((N) => [{ value: { N } }]),
)
const types = ['S', 'N', 'B', 'SS', 'NS', 'BS', 'BOOL', 'NULL', 'L', 'M', 'X'].map((S): Parts => [{ value: { S } }])

const simple: Arbitrary<Parts> = fc.oneof(
  { weight: 4, arbitrary: comparison },
  joined('attribute_exists(', anyPath, ')'),
  joined('attribute_not_exists(', anyPath, ')'),
  joined('attribute_type(', anyPath, ', ', fc.constantFrom(...types), ')'),
  anyName.chain((name) => joined('begins_with(', pathTo(name), ', ', valueOf(name), ')')),
  joined('contains(', anyPath, ', ', seldom(anyValue, anyPath, 8), ')'),
  anyName.chain((name) => joined(pathTo(name), ' BETWEEN ', valueOf(name), ' AND ', valueOf(name))),
  anyName.chain((name) => joined(pathTo(name), ' IN (', separated(valueOf(name), ', '), ')')),
  sizes,
)

export const condition: Arbitrary<Parts> = fc.letrec<{ any: Parts }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 6, arbitrary: simple },
    { weight: 1, arbitrary: joined(tie('any'), ' AND ', tie('any')) },
    { weight: 1, arbitrary: joined(tie('any'), ' OR ', tie('any')) },
    { weight: 1, arbitrary: joined('NOT ', tie('any')) },
    { weight: 1, arbitrary: joined('(', tie('any'), ')') },
  ),
})).any

const operand = (name: string): Arbitrary<Parts> =>
  fc.oneof(
    { weight: 4, arbitrary: valueOf(name) },
    { weight: 1, arbitrary: anyPath },
    { weight: 2, arbitrary: joined('if_not_exists(', pathTo(name), ', ', seldom(valueOf(name), anyPath, 5), ')') },
  )

const assignment: Arbitrary<Parts> = anyName.chain((name) => {
  const sign = fc.constantFrom(' + ', ' - ').map((text) => [text])
  const numeric = joined(operand(name), sign, operand(name))
  const appended = joined('list_append(', operand(name), ', ', operand(name), ')')
  const special = name === 'n' ? numeric : name === 'l' ? appended : seldom(numeric, appended, 1)
  const plain = operand(name)
  return joined(
    pathTo(name),
    ' = ',
    name === 'n' || name === 'l' ? fc.oneof(plain, special) : seldom(plain, special, 10),
  )
})
const setNames = fc.constantFrom('ss', 'ns', 'bs')
const additions = seldom(seldom(setNames, fc.constant('n'), 2), anyName, 8).chain((name) =>
  joined(pathTo(name), ' ', valueOf(name)),
)
const deletions = seldom(setNames, anyName, 8).chain((name) => joined(pathTo(name), ' ', valueOf(name)))

const sections: readonly Arbitrary<Parts>[] = [
  joined('SET ', separated(assignment, ', ')),
  joined('REMOVE ', separated(anyPath, ', ')),
  joined('ADD ', separated(additions, ', ', 2)),
  joined('DELETE ', separated(deletions, ', ', 2)),
]

export const update: Arbitrary<Parts> = fc
  .shuffledSubarray([0, 1, 2, 3, 0], { minLength: 1, maxLength: 2 })
  .chain((chosen) => joined(...chosen.flatMap((at) => [sections[at] ?? sections[0] ?? '', ' '])))

export const projection: Arbitrary<Parts> = separated(anyPath, ', ')

/** Values and names are numbered through all expressions of a request, as a request has them once. */
export function assemble(expressions: { readonly [field: string]: Parts | undefined }): object {
  const names: { [alias: string]: string } = {}
  const values: { [alias: string]: Value } = {}
  const spell = (part: Part): string => {
    if (typeof part === 'string') return part
    if ('name' in part) return aliasOf(names, '#n', part.name)
    return aliasOf(values, ':v', part.value)
  }
  const texts = Object.entries(expressions).flatMap(([field, parts]) =>
    parts === undefined ? [] : [[field, parts.map(spell).join('').trim()] as const],
  )
  return {
    ...Object.fromEntries(texts),
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
  }
}

function aliasOf<T>(known: { [alias: string]: T }, prefix: string, meaning: T): string {
  const alias = `${prefix}${Object.keys(known).length}`
  known[alias] = meaning
  return alias
}

const spoiled = fc.constantFrom<(input: Spoilable) => object>(
  (input) => ({ ...input, ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ':unused': { S: 'x' } } }),
  (input) => ({ ...input, ExpressionAttributeNames: { ...input.ExpressionAttributeNames, '#unused': 'x' } }),
)
const cut = fc.constantFrom<(input: Spoilable) => object>(
  ({ ExpressionAttributeValues: _values, ...rest }) => rest,
  ({ ExpressionAttributeNames: _names, ...rest }) => rest,
)

interface Spoilable {
  readonly ExpressionAttributeValues?: object
  readonly ExpressionAttributeNames?: object
}

/** Now and then with names and values that are not those of the expressions. */
export function maybeSpoiled(input: Arbitrary<object>): Arbitrary<object> {
  return seldom(
    input,
    fc.tuple(input, fc.oneof(spoiled, cut)).map(([given, spoil]) => spoil(given)),
    50,
  )
}
