import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern } from '../../src/select/compile-pattern.ts'
import type { AttributeValue } from '../../src/record/attribute-value.ts'
import type { RawRecord } from '../../src/source/source.ts'
import { fields, json, patternAndList, recordPattern, sdkRecord } from './arbitraries.ts'
import { interpret } from './naive-interpreter.ts'

describe('the pattern language', () => {
  test('means the same to the compiled matcher and to a naive interpreter', () => {
    fc.assert(
      fc.property(fields(2), json(3), (pattern, record) => {
        expect(compilePattern(pattern).matches(record)).toBe(interpret(pattern, record))
      }),
      { numRuns: 3_000 },
    )
  })

  test('means the same to both below a list, where what is missing depends on what was found', () => {
    fc.assert(
      fc.property(patternAndList, ([pattern, record]) => {
        expect(compilePattern(pattern).matches(record)).toBe(interpret(pattern, record))
      }),
      { numRuns: 3_000 },
    )
  })

  test('means the same for a record of the SDK and for the same record in a Lambda event', () => {
    fc.assert(
      fc.property(recordPattern, sdkRecord, (pattern, record) => {
        const { matches } = compilePattern(pattern)
        expect(matches(record)).toBe(matches(asInLambda(record)))
      }),
      { numRuns: 3_000 },
    )
  })

  test('never throws, whatever the record is', () => {
    fc.assert(
      fc.property(fields(2), fc.anything(), fc.jsonValue(), (pattern, anything, record) => {
        const { matches } = compilePattern(pattern)
        expect(matches(anything as RawRecord)).toBeTypeOf('boolean')
        expect(matches(record as RawRecord)).toBeTypeOf('boolean')
      }),
    )
  })
})

function asInLambda(record: RawRecord): RawRecord {
  const time = record.dynamodb?.ApproximateCreationDateTime
  return JSON.parse(
    JSON.stringify(
      { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: Number(time) / 1000 } },
      (_, value: AttributeValue[keyof AttributeValue]) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    ),
  )
}
