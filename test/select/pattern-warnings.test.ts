import { describe, expect, test } from 'vitest'
import type { FilterPattern } from '../../src/select/pattern.ts'
import { compileSelect } from '../../src/select/select.ts'

const warnings = (select: FilterPattern) => compileSelect(select).warnings
const image = (attribute: object) => warnings({ dynamodb: { NewImage: { attribute } } } as FilterPattern)

const text = "text (the numbers of an item are text too: write N: ['42'], or compare in the handler)"
const noValue = "since no value is here, only names; write them, down to DynamoDB's type: { S: […] }"
const place = 'select.dynamodb.NewImage.attribute'

describe('a pattern that can be used but does not fit stream records is warned about', () => {
  test.for([
    [{ N: [{ numeric: ['>', 5] }] }, `${place}.N[0]: never matches, since here a stream record has ${text}`],
    [{ N: ['5', 5] }, `${place}.N[1]: never matches, since here a stream record has ${text}`],
    [{ NS: [{ numeric: ['=', 5] }] }, `${place}.NS[0]: never matches, since here a stream record has ${text}`],
    [{ N: [{ 'anything-but': 5 }] }, `${place}.N[0]: excludes nothing, since here a stream record has ${text}`],
    [{ S: [null] }, `${place}.S[0]: never matches, since here a stream record has ${text}`],
    [{ BOOL: ['true'] }, `${place}.BOOL[0]: never matches, since here a stream record has only true, false`],
    [{ NULL: [null] }, `${place}.NULL[0]: never matches, since here a stream record has only true`],
    [['paid'], `${place}: never matches, ${noValue}`],
    [[{ exists: false }], `${place}: always matches, ${noValue}`],
    [{ L: ['paid'] }, `${place}.L: never matches, ${noValue}`],
    [{ L: { M: { sku: ['a'] } } }, `${place}.L.M.sku: never matches, ${noValue}`],
    [{ status: ['paid'] }, `${place}.status: never matches, since a stream record has no such field`],
    [{ S: { S: ['paid'] } }, `${place}.S.S: never matches, since a stream record has no such field`],
  ] as const)('%j', ([attribute, expected]) => {
    expect(image(attribute)).toEqual([expected])
  })

  test('outside items too', () => {
    expect(warnings({ eventname: ['INSERT'] })).toEqual([
      'select.eventname: never matches, since a stream record has no such field',
    ])
    const events = 'since here a stream record has only "INSERT", "MODIFY", "REMOVE"'
    expect(warnings({ eventName: ['INSERT', 'DELETE'] })).toEqual([`select.eventName[1]: never matches, ${events}`])
    expect(warnings({ eventName: [{ 'anything-but': 'DELETE' }] })).toEqual([
      `select.eventName[0]: excludes nothing, ${events}`,
    ])
    expect(warnings({ dynamodb: { SizeBytes: ['5'] } })).toEqual([
      'select.dynamodb.SizeBytes[0]: never matches, since here a stream record has a number',
    ])
  })
})

test('one path beside and inside $or is warned about, once', () => {
  const pattern: FilterPattern = {
    eventName: ['INSERT'],
    $or: [{ eventName: ['MODIFY'], $or: [{ awsRegion: ['a'] }, { awsRegion: ['b'] }] }, { awsRegion: ['c'] }],
  }
  expect(warnings(pattern)).toEqual([
    'select.$or[0].eventName: Lambda may take this instead of select.eventName; here both have to match',
  ])
})

test('patterns that fit are not warned about', () => {
  const pattern: FilterPattern = {
    eventName: ['INSERT', { prefix: 'MOD' }, { 'anything-but': 'REMOVE' }],
    eventSourceARN: [{ prefix: 'arn:aws:dynamodb:' }],
    userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
    dynamodb: {
      ApproximateCreationDateTime: [{ numeric: ['>', 0] }],
      SizeBytes: [{ numeric: ['<=', 1024] }],
      StreamViewType: ['NEW_IMAGE'],
      Keys: { id: { N: ['1'] } },
      NewImage: {
        paid: { BOOL: [true] },
        gone: { NULL: [true] },
        S: { S: [{ exists: true }] },
        note: { S: [{ exists: false }] },
        tags: { SS: [{ 'anything-but': ['a'] }] },
        lines: { L: { M: { sku: { S: ['a'] }, parts: { L: { L: { N: ['1'] } } } } } },
      },
    },
  }
  expect(warnings(pattern)).toEqual([])
})
