import fc from 'fast-check'
import type { AttributeMap, AttributeValue } from '../../src/record/attribute-value.ts'
import type { FilterFields, FilterMatcher, FilterPattern } from '../../src/select/pattern.ts'
import type { RawRecord } from '../../src/source/source.ts'

// Few names and few texts, so that patterns and records often meet.
const name = fc.constantFrom('a', 'b', 'a-b', '__proto__', 'constructor')
const text = fc.constantFrom('x', 'y', 'xy', 'X', 'XY', '', '5', 'true', 'null', 'x.y', 'é', 'É')
const number = fc.constantFrom(-3, 0, 1, 2.5, 5)
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null))
const someText = text.filter((value) => value !== '')
const texts = fc.oneof(someText, fc.array(someText, { minLength: 1, maxLength: 2 }))

const matcher: fc.Arbitrary<FilterMatcher> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.record({ exists: fc.boolean() }),
  fc.record({ prefix: fc.oneof(text, fc.record({ 'equals-ignore-case': text })) }),
  fc.record({ suffix: fc.oneof(text, fc.record({ 'equals-ignore-case': text })) }),
  fc.record({ 'equals-ignore-case': text }),
  fc.record({
    'anything-but': fc.oneof(
      texts,
      number,
      fc.array(number, { minLength: 1, maxLength: 2 }),
      fc.record({ prefix: texts }),
      fc.record({ suffix: texts }),
      fc.record({ 'equals-ignore-case': texts }),
    ),
  }),
  fc.record({
    numeric: fc.oneof(
      fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), number),
      fc.constantFrom(['>', 0, '<=', 5] as const, ['>=', 0, '<', 5] as const),
    ),
  }),
)

function objectOf<Value>(value: fc.Arbitrary<Value>, minKeys: number): fc.Arbitrary<Record<string, Value>> {
  return fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, minLength: minKeys, maxLength: minKeys + 1 })
    .map((entries) => Object.fromEntries(entries))
}

const matchers = fc.array(matcher, { minLength: 1, maxLength: 3 })

/** Patterns over any names, `depth` objects deep. */
export function fields(depth: number): fc.Arbitrary<FilterFields> {
  if (depth === 0) return objectOf(matchers, 1)
  const inner = fields(depth - 1)
  const names = objectOf(fc.oneof(matchers, inner), 1)
  const withAlternatives = fc.record({ beside: names, $or: fc.tuple(inner, inner) })
  return fc.oneof(
    { weight: 3, arbitrary: names },
    { weight: 1, arbitrary: withAlternatives.map(({ beside, $or }) => ({ ...beside, $or })) },
  )
}

/** JSON objects with the names of {@link fields}; a list in a list holds objects only. */
export function json(depth: number): fc.Arbitrary<object> {
  if (depth === 0) return objectOf(scalar, 1)
  const inner = json(depth - 1)
  const list = fc.array(fc.oneof(scalar, inner), { maxLength: 3 })
  const lists = fc.array(fc.array(inner, { maxLength: 2 }), { maxLength: 2 })
  return objectOf(
    fc.oneof(
      { weight: 2, arbitrary: scalar },
      { weight: 3, arbitrary: inner },
      { weight: 3, arbitrary: list },
      { weight: 1, arbitrary: lists },
    ),
    2,
  )
}

const element = objectOf(fc.constantFrom('x', 'y', ['x', 'y']), 1)
const inElement = objectOf(fc.array(fc.constantFrom('x', { exists: false }), { minLength: 1, maxLength: 2 }), 2)

/** A pattern that asks for several names below a list, and a record with one. */
export const patternAndList: fc.Arbitrary<readonly [pattern: FilterFields, record: object]> = fc.tuple(
  fc.record({ list: inElement }),
  fc.record({ list: fc.array(element, { maxLength: 3 }) }),
)

const bytes = fc.uint8Array({ maxLength: 2, max: 2 })

const attribute: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ S: text }),
    fc.record({ B: bytes }),
    fc.record({ BS: fc.array(bytes, { minLength: 1, maxLength: 2 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 2 }) }),
    fc.record({ M: objectOf(tie('value'), 0) }),
  ),
})).value

/** A record as the SDK gives it: bytes are bytes, and the time is a Date. */
export const sdkRecord: fc.Arbitrary<RawRecord> = fc
  .tuple(objectOf(attribute, 0) as fc.Arbitrary<AttributeMap>, fc.integer({ min: 0, max: 5 }))
  .map(([NewImage, seconds]) => ({
    eventName: 'INSERT',
    dynamodb: { NewImage, ApproximateCreationDateTime: new Date(seconds * 1000) },
  }))

const attributeFields: fc.Arbitrary<FilterFields> = fc.letrec<{ value: FilterFields }>((tie) => {
  const base64 = bytes.map((value) => Buffer.from(value).toString('base64'))
  const leaf = fc.array(fc.oneof(base64, matcher), { minLength: 1, maxLength: 3 })
  return {
    value: fc.oneof(
      { depthSize: 'small' },
      fc.record({ B: fc.oneof(leaf, fc.record({ 0: leaf })) }),
      fc.record({ BS: leaf }),
      fc.record({ L: tie('value') }),
      fc.record({ M: objectOf(tie('value'), 1) }),
    ),
  }
}).value

/** Patterns about what {@link sdkRecord} holds. */
export const recordPattern: fc.Arbitrary<FilterPattern> = fc
  .tuple(objectOf(attributeFields, 1), matchers)
  .chain(([NewImage, times]) =>
    fc.constantFrom(
      { dynamodb: { NewImage } },
      { dynamodb: { ApproximateCreationDateTime: times } },
      { dynamodb: { NewImage, ApproximateCreationDateTime: times } },
    ),
  )
