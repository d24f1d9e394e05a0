import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import type { ChangePattern, FilterMatcher } from '../../src/select/pattern.ts'
import { compileSelect, parseFilterCriteria, type FilterCriteria } from '../../src/select/select.ts'
import type { RawRecord } from '../../src/source/source.ts'
import { inserted } from './records.ts'

const insert = inserted({ id: { S: 'a' } })
const remove: RawRecord = { ...insert, eventName: 'REMOVE' }

describe('compileSelect', () => {
  test('selects every change when nothing is selected', () => {
    const selection = compileSelect(undefined)
    expect([insert, remove, {}].map(selection.matches)).toEqual([true, true, true])
    expect(selection).toMatchObject({ patterns: [], warnings: [], parts: new Set() })
  })

  test('selects what any pattern of an array matches', () => {
    const { matches, patterns } = compileSelect([{ eventName: ['INSERT'] }, { awsRegion: ['us-east-1'] }])
    expect(matches(insert)).toBe(true)
    expect(matches(remove)).toBe(false)
    expect(matches({ ...remove, awsRegion: 'us-east-1' })).toBe(true)
    expect(patterns).toEqual([{ eventName: ['INSERT'] }, { awsRegion: ['us-east-1'] }])
  })

  test('tells which parts of a change the patterns look at', () => {
    const field = { id: { S: [{ exists: false }] } } as const
    const parts = (...select: Parameters<typeof compileSelect>) => [...compileSelect(...select).parts]
    expect(parts({ eventName: ['INSERT'] })).toEqual([])
    expect(parts({ dynamodb: { Keys: field } })).toEqual(['keys'])
    expect(parts([{ dynamodb: { NewImage: field } }, { dynamodb: { OldImage: field } }])).toEqual([
      'newImage',
      'oldImage',
    ])
    expect(parts({ $or: [{ eventName: ['REMOVE'] }, { dynamodb: { OldImage: field } }] })).toEqual(['oldImage'])
    expect(parts({ NewImage: field, dynamodb: { SizeBytes: [5] } })).toEqual([])
  })

  test('gathers the warnings of all patterns', () => {
    expect(compileSelect([{ eventName: ['INSERT'] }, { eventName: ['DELETE'] }]).warnings).toEqual([
      'select[1].eventName[0]: never matches, since here a stream record has only "INSERT", "MODIFY", "REMOVE"',
    ])
  })

  test('does not follow changes of the pattern that it was given', () => {
    const pattern = { eventName: [{ 'anything-but': ['REMOVE'] }] }
    const { matches } = compileSelect(pattern)
    pattern.eventName[0]?.['anything-but'].push('INSERT')
    pattern.eventName.length = 0
    expect(matches(insert)).toBe(true)
  })
})

describe('parseFilterCriteria', () => {
  const pattern = '{ "eventName": ["INSERT"] }'

  test.for([{}, { Filters: undefined }, { Filters: [] }])('%j selects every change', (criteria) => {
    expect([insert, remove].map(parseFilterCriteria(criteria).matches)).toEqual([true, true])
  })

  test('reads the text of patterns, of which any may match', () => {
    const { matches, patterns, parts } = parseFilterCriteria({
      Filters: [{ Pattern: pattern }, { Pattern: '{"dynamodb":{"NewImage":{"id":{"S":["b"]}}}}' }],
    })
    expect([insert, remove, { ...remove, dynamodb: { NewImage: { id: { S: 'b' } } } }].map(matches)).toEqual([
      true,
      false,
      true,
    ])
    expect(patterns[0]).toEqual({ eventName: ['INSERT'] })
    expect([...parts]).toEqual(['newImage'])
  })

  test.for<readonly [filters: unknown, message: string | RegExp]>([
    [[{ Pattern: 'single-string' }], 'Filters[0].Pattern: this is not JSON'],
    [[{ Pattern: '[{"eventName": ["INSERT"=123}]' }], 'Filters[0].Pattern: this is not JSON'],
    [[{ Pattern: pattern }, { Pattern: '[]' }], 'Filters[1].Pattern: expected an object of names to match; got []'],
    [[{ Pattern: '{"eventName":"INSERT"}' }], /^Filters\[0\]\.Pattern\.eventName: expected a list of matchers/],
    [[{}], 'Filters[0].Pattern: expected the JSON text of a pattern; got undefined'],
    [[null], 'Filters[0].Pattern: expected the JSON text of a pattern; got undefined'],
    [pattern, /^Filters: expected a list of up to 10 objects with a Pattern; got /],
    [
      Array.from({ length: 11 }, () => ({ Pattern: pattern })),
      /^Filters: expected a list of up to 10 objects with a Pattern; got /,
    ],
    [[{ Pattern: pattern.padEnd(4_097) }], 'Filters[0].Pattern: Lambda takes up to 4096 characters; this has 4097'],
  ])('refuses %j', ([Filters, message]) => {
    const parse = expect(() => parseFilterCriteria({ Filters } as FilterCriteria))
    parse.toThrow(ConfigurationError)
    parse.toThrow(typeof message === 'string' ? new ConfigurationError(message) : message)
  })

  test('refuses a name that is written twice, of which JSON.parse would lose one', () => {
    const parse = (Pattern: string) => () => parseFilterCriteria({ Filters: [{ Pattern }] })
    const twice = 'an object has the same name twice; write it once'
    expect(parse('{"dynamodb":{"Keys":{"a":{"S":["x"]}}},"dynamodb":{"NewImage":{"a":{"S":["y"]}}}}')).toThrow(twice)
    expect(parse('{"a":["x"],"\\u0061":["y"]}')).toThrow(twice)
    expect(parse('{"a":["b\\":", "{\\"a\\":1}"], "b" : {"a":["a:"]}}')).not.toThrow()
  })

  test('keeps hostile names apart', () => {
    const { matches } = parseFilterCriteria({ Filters: [{ Pattern: '{"__proto__":{"polluted":["yes"]}}' }] })
    expect(matches({})).toBe(false)
    expect(matches(JSON.parse('{"__proto__":{"polluted":"yes"}}'))).toBe(true)
    expect('polluted' in {}).toBe(false)
  })
})

describe('a record of the SDK', () => {
  const record: RawRecord = {
    eventName: 'INSERT',
    dynamodb: {
      ApproximateCreationDateTime: new Date(1_678_831_218_000),
      NewImage: {
        hash: { B: Uint8Array.of(0, 255, 16).subarray(1) },
        hashes: { BS: [Uint8Array.of(1), Buffer.from('abc')] },
      },
    },
  }
  const selects = (dynamodb: ChangePattern) => compileSelect({ dynamodb }).matches(record)

  test('has its time in epoch seconds', () => {
    expect(selects({ ApproximateCreationDateTime: [1_678_831_218] })).toBe(true)
    expect(selects({ ApproximateCreationDateTime: [{ numeric: ['>', 1_678_831_218] }] })).toBe(false)
    expect(selects({ ApproximateCreationDateTime: [{ exists: true }] })).toBe(true)
  })

  test('has its bytes in base64', () => {
    expect(selects({ NewImage: { hash: { B: ['/xA='] } } })).toBe(true)
    expect(selects({ NewImage: { hash: { B: [{ prefix: '/x' }] } } })).toBe(true)
    expect(selects({ NewImage: { hashes: { BS: ['YWJj'] } } })).toBe(true)
    expect(selects({ NewImage: { hashes: { BS: ['AQI='] } } })).toBe(false)
  })

  test('has no names below its bytes', () => {
    expect(selects({ NewImage: { hash: { B: { 0: [255] } } } })).toBe(false)
    expect(selects({ NewImage: { hash: { B: { 0: [{ exists: false }] } } } })).toBe(true)
  })
})

describe('hostile records', () => {
  // What they are is a lie anyway: here anything is called a record.
  const selecting = (S: readonly FilterMatcher[]) =>
    compileSelect({ dynamodb: { NewImage: { a: { L: { S } } } } }).matches as (record: unknown) => boolean
  const present = selecting(['x'])
  const absent = selecting([{ exists: false }])
  const inList = (depth: number): unknown => (depth === 0 ? { S: 'x' } : [inList(depth - 1)])

  test.for([[null], [undefined], [0], ['INSERT'], [[]], [[{ eventName: 'INSERT' }]], [true]])(
    '%j is not selected',
    ([record]) => {
      expect(present(record)).toBe(false)
      expect(absent(record)).toBe(false)
    },
  )

  test('lists in lists do not exhaust the stack', () => {
    const deep: unknown = JSON.parse(`{"dynamodb":{"NewImage":{"a":{"L":${'['.repeat(1e5)}${']'.repeat(1e5)}}}}}`)
    expect(present(deep)).toBe(false)
    expect(absent(deep)).toBe(true)
    expect(present({ dynamodb: { NewImage: { a: { L: inList(50) } } } })).toBe(true)
  })

  test('long lists side by side take time by their length, not by its square', () => {
    const L = Array.from({ length: 20_000 }, () => ({ S: 'x' }))
    const lists = { dynamodb: { NewImage: { a: { L }, b: { L }, c: { L } } } }
    const all = compileSelect({
      dynamodb: { NewImage: { a: { L: { S: ['x'] } }, b: { L: { S: ['x'] } }, c: { L: { S: ['y'] } } } },
    })
    expect(all.matches(lists)).toBe(false)
  }, 1_000)
})
