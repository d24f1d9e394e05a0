import fc from 'fast-check'
import type { AttributeMap, AttributeValue } from '../../src/record/attribute-value.ts'
import type { FilterFields, FilterMatcher, FilterPattern } from '../../src/select/pattern.ts'
import type { RawRecord } from '../../src/source/source.ts'

// Few names and few texts, so that patterns and records often meet.
const name = fc.constantFrom('a', 'b', 'a-b', 'S', '__proto__', 'constructor')
const text = fc.constantFrom('x', 'y', 'xy', 'X', 'XY', '', '5', 'true', 'null', 'x.y', 'é', 'É')
const number = fc.constantFrom(-3, 0, 1, 2.5, 5)
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null))
const someText = text.filter((value) => value !== '')
const texts = fc.oneof(someText, fc.array(someText, { minLength: 1, maxLength: 2 }))

/** One matcher, of any operator. */
export const matcher: fc.Arbitrary<FilterMatcher> = fc.oneof(
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

function dictionaryOf<Value>(value: fc.Arbitrary<Value>, minKeys: number): fc.Arbitrary<Record<string, Value>> {
  return fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, minLength: minKeys, maxLength: 3 })
    .map((entries) => Object.fromEntries(entries))
}

const matchers = fc.array(matcher, { minLength: 1, maxLength: 3 })

/** Patterns over any names. */
export const fields: fc.Arbitrary<FilterFields> = fc.letrec<{ fields: FilterFields }>((tie) => {
  const names = dictionaryOf(fc.oneof({ depthSize: 'small', withCrossShrink: true }, matchers, tie('fields')), 1)
  const alternatives = fc.tuple(tie('fields'), tie('fields'))
  return {
    fields: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      names,
      fc.tuple(names, alternatives).map(([beside, $or]) => Object.assign(beside, { $or })),
    ),
  }
}).fields

/** JSON objects with the names of {@link fields}; a list in a list holds objects only. */
export const json: fc.Arbitrary<object> = fc.letrec<{ object: object; list: unknown[] }>((tie) => ({
  object: dictionaryOf(fc.oneof({ depthSize: 'small' }, scalar, tie('object'), tie('list')), 0),
  list: fc.oneof(
    { depthSize: 'small' },
    fc.array(fc.oneof(scalar, tie('object')), { maxLength: 3 }),
    fc.array(fc.array(tie('object'), { maxLength: 2 }), { maxLength: 2 }),
  ),
})).object

const bytes = fc.uint8Array({ maxLength: 2, max: 2 })

const attribute: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ S: text }),
    fc.record({ B: bytes }),
    fc.record({ BS: fc.array(bytes, { minLength: 1, maxLength: 2 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 2 }) }),
    fc.record({ M: dictionaryOf(tie('value'), 0) }),
  ),
})).value

/** A record as the SDK gives it: bytes are bytes, and the time is a Date. */
export const sdkRecord: fc.Arbitrary<RawRecord> = fc
  .tuple(dictionaryOf(attribute, 0) as fc.Arbitrary<AttributeMap>, fc.integer({ min: 0, max: 5 }))
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
      fc.record({ M: dictionaryOf(tie('value'), 1) }),
    ),
  }
}).value

/** Patterns about what {@link sdkRecord} holds. */
export const recordPattern: fc.Arbitrary<FilterPattern> = fc
  .tuple(dictionaryOf(attributeFields, 1), matchers)
  .chain(([NewImage, times]) =>
    fc.constantFrom(
      { dynamodb: { NewImage } },
      { dynamodb: { ApproximateCreationDateTime: times } },
      { dynamodb: { NewImage, ApproximateCreationDateTime: times } },
    ),
  )
