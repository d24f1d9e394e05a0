import { describe, expect, test } from 'vitest'
import { withTables } from './new-database.ts'

const key = (name: string) => ({ pk: { S: name } })
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`)
const puts = (count: number) => names(count).map((name) => ({ PutRequest: { Item: key(name) } }))

describe('BatchWriteItem', () => {
  test('puts and deletes in several tables', () => {
    const { database, changes } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: key('old') })
    const answer = database.execute('BatchWriteItem', {
      RequestItems: {
        things: [{ PutRequest: { Item: key('new') } }, { DeleteRequest: { Key: key('old') } }],
        events: [{ PutRequest: { Item: { ...key('e'), sk: { N: '1' } } } }],
      },
      ReturnConsumedCapacity: 'TOTAL',
    })
    expect(answer).toEqual({
      UnprocessedItems: {},
      ConsumedCapacity: [
        { TableName: 'things', CapacityUnits: 2 },
        { TableName: 'events', CapacityUnits: 1 },
      ],
    })
    expect(changes).toHaveLength(3)
  })

  test('one wrong write refuses all', () => {
    const { database } = withTables()
    const RequestItems = { things: [...puts(2), { PutRequest: { Item: {} } }] }
    expect(() => database.execute('BatchWriteItem', { RequestItems })).toThrow(
      'The provided key element does not match the schema',
    )
    expect(database.execute('Scan', { TableName: 'things' })).toMatchObject({ Count: 0 })
  })

  test.each([
    ['nothing', {}, 'Member must have length greater than or equal to 1'],
    ['nothing for a table', { things: [] }, 'Member must have length greater than or equal to 1'],
    ['26 writes', { things: puts(26) }, 'Too many items requested for the BatchWriteItem call'],
    ['an item twice', { things: [...puts(1), ...puts(1)] }, 'Provided list of item keys contains duplicates'],
    ['a table that is not there', { other: puts(1) }, 'Requested resource not found'],
  ])('%s is refused', (_what, RequestItems, message) => {
    expect(() => withTables().database.execute('BatchWriteItem', { RequestItems })).toThrow(message)
  })

  test('what chance leaves is given back as it was asked', () => {
    const { database } = withTables({ unprocessedChance: 0.5 })
    let left = puts(25)
    let rounds = 0
    while (left.length > 0 && (rounds += 1) < 20) {
      const answer = database.execute('BatchWriteItem', { RequestItems: { things: left } })
      left = (answer as { UnprocessedItems: { things?: typeof left } }).UnprocessedItems.things ?? []
    }
    expect(rounds).toBeGreaterThan(1)
    expect(database.execute('Scan', { TableName: 'things' })).toMatchObject({ Count: 25 })
  })
})

describe('BatchGetItem', () => {
  test('gives what is there, and charges for what is not', () => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: { ...key('a'), x: { S: 'x' }, y: { S: 'y' } } })
    const answer = database.execute('BatchGetItem', {
      RequestItems: { things: { Keys: [key('a'), key('b')], ConsistentRead: true, ProjectionExpression: 'x' } },
      ReturnConsumedCapacity: 'TOTAL',
    })
    expect(answer).toEqual({
      Responses: { things: [{ x: { S: 'x' } }] },
      UnprocessedKeys: {},
      ConsumedCapacity: [{ TableName: 'things', CapacityUnits: 2 }],
    })
  })

  test('an answer ends at 16 MB; the other keys are left', () => {
    const { database } = withTables()
    for (const name of names(50))
      database.execute('PutItem', { TableName: 'things', Item: { ...key(name), x: { S: 'x'.repeat(390_000) } } })
    const answer = database.execute('BatchGetItem', {
      RequestItems: { things: { Keys: names(50).map(key), ConsistentRead: true } },
    }) as { Responses: { things: object[] }; UnprocessedKeys: { things: { Keys: object[] } } }
    expect(answer.Responses.things).toHaveLength(43)
    expect(answer.UnprocessedKeys).toEqual({ things: { Keys: names(50).slice(43).map(key), ConsistentRead: true } })
  })

  test.each([
    ['an item twice', { things: { Keys: [key('a'), key('a')] } }, 'Provided list of item keys contains duplicates'],
    ['101 keys', { things: { Keys: names(101).map(key) } }, 'Too many items requested for the BatchGetItem call'],
    ['no key', { things: { Keys: [] } }, 'Member must have length greater than or equal to 1'],
    ['a wrong key', { things: { Keys: [{ x: { S: 'a' } }] } }, 'The provided key element does not match the schema'],
  ])('%s is refused', (_what, RequestItems, message) => {
    expect(() => withTables().database.execute('BatchGetItem', { RequestItems })).toThrow(message)
  })
})
