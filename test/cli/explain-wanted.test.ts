import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/cli/command.ts'
import { wantedOf } from '../../src/cli/explain/wanted.ts'

const eventID = 'c93f6c29-71e0-41f2-b736-45126586ab7a'
const byId = [{ name: 'id', type: 'S' }] as const
const change = (id: string, event: string) => ({ eventID: event, dynamodb: { Keys: { id: { S: id } } } })

describe('a UUID, as DynamoDB Local names its events', () => {
  test('is the event of that name, or the item', () => {
    const wanted = wantedOf(eventID, byId)
    expect(wanted.matches(change('a', eventID))).toBe(true)
    expect(wanted.matches(change(eventID, 'b'))).toBe(true)
    expect(wanted.matches(change('a', 'b'))).toBe(false)
  })

  test('can only be an event where a key has two parts', () => {
    const wanted = wantedOf(eventID, [...byId, { name: 'at', type: 'N' }])
    expect(wanted.eventId).toBe(eventID)
    expect(wanted.matches(change('a', eventID))).toBe(true)
  })
})

const byNumber = [{ name: 'n', type: 'N' }] as const

test.each([
  [byNumber, 'n=many', /'n=many' is no key of the table: .*key\.n\.N/],
  [byNumber, '{"n":12345678901234567890}', /has a number that JSON would round, 12345678901234567890/],
  [byNumber, '{"n":{"S":"17"}}', /n is of type N in the key of the table; got \{"S":"17"\}/],
  [byId, '{"id":true}', /id is of type S/],
  [byId, '{"name":"a"}', /the key of an item is id=…; got/],
  [byId, '{"id"', /the key must be a JSON object/],
] as const)('of a key of %j, %s is refused as a mistake of the command line', (shape, text, complaint) => {
  expect(() => wantedOf(text, shape)).toThrow(UsageError)
  expect(() => wantedOf(text, shape)).toThrow(complaint)
})

test('a key in JSON is plain or as DynamoDB writes it', () => {
  const change = { dynamodb: { Keys: { n: { N: '17' } } } }
  for (const text of ['17', 'n=17', '{"n":17}', '{"n":{"N":"17.0"}}'])
    expect(wantedOf(text, byNumber).matches(change), text).toBe(true)
})
