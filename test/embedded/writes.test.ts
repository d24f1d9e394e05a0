import { describe, expect, test } from 'vitest'
import { ServiceError } from '../../src/embedded/service-error.ts'
import { withTables } from './new-database.ts'

const key = { pk: { S: 'a' } }
const nested = (levels: number): object =>
  Array.from({ length: levels }).reduce<object>((inner) => ({ L: [inner] }), { S: 'x' })

describe('writes', () => {
  test('an item is put, replaced, read and deleted', () => {
    const { database } = withTables()
    const put = (n: string) =>
      database.execute('PutItem', { TableName: 'things', Item: { ...key, n: { N: n } }, ReturnValues: 'ALL_OLD' })
    expect(put('1.0')).toEqual({})
    expect(put('2')).toEqual({ Attributes: { ...key, n: { N: '1' } } })
    expect(database.execute('GetItem', { TableName: 'things', Key: key })).toEqual({ Item: { ...key, n: { N: '2' } } })
    expect(database.execute('DeleteItem', { TableName: 'things', Key: key, ReturnValues: 'ALL_OLD' })).toEqual({
      Attributes: { ...key, n: { N: '2' } },
    })
    expect(database.execute('GetItem', { TableName: 'things', Key: key })).toEqual({})
  })

  test('neither what was given nor what was answered reaches into the store', () => {
    const { database } = withTables()
    const bytes = Uint8Array.of(1, 2, 3)
    const item = { ...key, list: { L: [{ S: 'x' }] }, bytes: { B: bytes } }
    database.execute('PutItem', { TableName: 'things', Item: item })
    bytes[0] = 9
    item.list.L.push({ S: 'y' })
    const stored = { Item: { ...key, list: { L: [{ S: 'x' }] }, bytes: { B: Uint8Array.of(1, 2, 3) } } }
    const answered = database.execute('GetItem', { TableName: 'things', Key: key })
    expect(answered).toEqual(stored)
    if ('Item' in answered && typeof answered.Item === 'object' && answered.Item !== null)
      Reflect.deleteProperty(answered.Item, 'list')
    expect(database.execute('GetItem', { TableName: 'things', Key: key })).toEqual(stored)
  })

  test.each([
    ['UPDATED_OLD', { n: { N: '1' } }],
    ['UPDATED_NEW', { n: { N: '3' } }],
    ['ALL_OLD', { ...key, n: { N: '1' } }],
    ['ALL_NEW', { ...key, n: { N: '3' } }],
    ['NONE', undefined],
  ])('an update gives back %s', (ReturnValues, Attributes) => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: { ...key, n: { N: '1' } } })
    const answer = database.execute('UpdateItem', {
      TableName: 'things',
      Key: key,
      UpdateExpression: 'ADD n :two',
      ExpressionAttributeValues: { ':two': { N: '2' } },
      ReturnValues,
    })
    expect(answer).toEqual(Attributes === undefined ? {} : { Attributes })
  })

  test('a condition that fails may come with the item', () => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: key })
    const refused = () =>
      database.execute('PutItem', {
        TableName: 'things',
        Item: key,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      })
    expect(refused).toThrow(ServiceError)
    expect(refused).toThrow(
      expect.objectContaining({
        name: 'ConditionalCheckFailedException',
        message: 'The conditional request failed',
        Item: key,
      }),
    )
  })

  test('a stream is told of changes only', () => {
    const { database, changes } = withTables()
    const put = (tags: string[]) =>
      database.execute('PutItem', { TableName: 'things', Item: { ...key, tags: { SS: tags } } })
    put(['a', 'b'])
    put(['b', 'a'])
    database.execute('DeleteItem', { TableName: 'things', Key: { pk: { S: 'none' } } })
    database.execute('DeleteItem', { TableName: 'things', Key: key })
    const item = { ...key, tags: { SS: ['a', 'b'] } }
    const common = { tableName: 'things', keys: key, at: Date.UTC(2026, 0, 1), byTimeToLive: false }
    expect(changes).toEqual([
      { ...common, oldItem: undefined, newItem: item },
      { ...common, oldItem: item, newItem: undefined },
    ])
  })

  test.each([
    ['no key', {}, 'Missing the key pk in the item'],
    ['another type of key', { pk: { N: '1' } }, 'Type mismatch for key pk expected: S actual: N'],
    ['an empty key', { pk: { S: '' } }, 'cannot contain an empty string value. Key: pk'],
    ['a long key', { pk: { S: 'x'.repeat(2049) } }, 'Size of hashkey has exceeded the maximum size limit of2048 bytes'],
    ['an empty value', { ...key, x: {} }, 'Supplied AttributeValue is empty, must contain exactly one'],
    ['two types', { ...key, x: { S: 'a', N: '1' } }, 'has more than one datatypes set'],
    ['a false null', { ...key, x: { NULL: false } }, 'Null attribute value types must have the value of true'],
    ['an empty set', { ...key, x: { SS: [] } }, 'An string set  may not be empty'],
    ['a set with a string twice', { ...key, x: { SS: ['a', 'a'] } }, 'Input collection [a, a] contains duplicates.'],
    ['a set with a number twice', { ...key, x: { NS: ['1', '1.0'] } }, 'Input collection contains duplicates'],
    [
      'a number twice before a wrong one',
      { ...key, x: { NS: ['1', '1.0', 'x'] } },
      'Input collection contains duplicates',
    ],
    [
      'a set with bytes twice',
      { ...key, x: { BS: [Uint8Array.of(1), Uint8Array.of(1)] } },
      'of type BS contains duplicates',
    ],
    ['too deep a value', { ...key, x: nested(32) }, 'Nesting Levels have exceeded supported limits'],
    ['too large an item', { ...key, x: { S: 'x'.repeat(409_600) } }, 'Item size has exceeded the maximum allowed size'],
    ['an empty name', { ...key, '': { S: '' } }, 'Empty attribute name'],
  ])('%s is refused', (_what, Item, message) => {
    const { database } = withTables()
    expect(() => database.execute('PutItem', { TableName: 'things', Item })).toThrow(message)
  })

  test('what is just within the limits is taken', () => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: { ...key, x: nested(31), y: { S: '' } } })
    database.execute('PutItem', { TableName: 'things', Item: { ...key, x: { S: 'x'.repeat(409_600 - 4) } } })
  })

  test('an index takes no other type, and is not there for an item without its key', () => {
    const { database } = withTables()
    const event = { pk: { S: 'a' }, sk: { N: '1' } }
    database.execute('PutItem', { TableName: 'events', Item: event })
    expect(database.execute('Scan', { TableName: 'events', IndexName: 'by-kind' })).toMatchObject({ Count: 0 })
    expect(() => database.execute('PutItem', { TableName: 'events', Item: { ...event, kind: { N: '1' } } })).toThrow(
      'Type mismatch for Index Key kind Expected: S Actual: N IndexName: by-kind',
    )
  })

  test('an item that no index takes is refused whatever its condition says', () => {
    const { database } = withTables()
    const Item = { pk: { S: 'a' }, sk: { N: '1' }, kind: { N: '1' } }
    const input = { TableName: 'events', Item, ConditionExpression: 'attribute_exists(pk)' }
    expect(() => database.execute('PutItem', input)).toThrow('Type mismatch for Index Key kind')
  })

  test.each([
    [
      'Key',
      { TableName: 'things', Key: { pk: { S: 'a' }, x: { S: 'b' } } },
      'The provided key element does not match the schema',
    ],
    [
      'ReturnValues',
      { TableName: 'things', Key: key, ReturnValues: 'ALL_NEW' },
      'ReturnValues can only be ALL_OLD or NONE',
    ],
    [
      'ReturnValues of no kind',
      { TableName: 'things', Key: key, ReturnValues: 'X' },
      "Value 'X' at 'returnValues' failed",
    ],
    ['Expected', { TableName: 'things', Key: key, Expected: {} }, 'The legacy parameter Expected is not supported'],
    [
      'names for nothing',
      { TableName: 'things', Key: key, ExpressionAttributeNames: {} },
      'can only be specified when using',
    ],
    ['no table', { TableName: 'other', Key: key }, 'Requested resource not found'],
    ['no name', { Key: key }, "Value null at 'tableName' failed to satisfy constraint: Member must not be null"],
  ])('a delete with a wrong %s is refused', (_what, input, message) => {
    expect(() => withTables().database.execute('DeleteItem', input)).toThrow(message)
  })

  test('capacity is counted for the table and each index that changes', () => {
    const { database } = withTables()
    const put = (extra: object) =>
      database.execute('PutItem', {
        TableName: 'events',
        Item: { pk: { S: 'a' }, sk: { N: '1' }, ...extra },
        ReturnConsumedCapacity: 'INDEXES',
      })
    const units = (table: number, kind: number | undefined) => ({
      ConsumedCapacity: {
        TableName: 'events',
        CapacityUnits: table + (kind ?? 0),
        Table: { CapacityUnits: table },
        ...(kind === undefined ? {} : { GlobalSecondaryIndexes: { 'by-kind': { CapacityUnits: kind } } }),
      },
    })
    expect(put({ kind: { S: 'x' } })).toEqual(units(1, 1))
    expect(put({ kind: { S: 'x' }, body: { S: 'b'.repeat(2000) } })).toEqual(units(2, undefined))
    expect(put({ kind: { S: 'y' } })).toEqual(units(2, 2))
  })
})
