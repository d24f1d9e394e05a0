import { describe, expect, test } from 'vitest'
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
