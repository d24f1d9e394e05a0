import { describe, expect, test } from 'vitest'
import type { Database } from '../../src/embedded/database.ts'
import { ServiceError } from '../../src/embedded/service-error.ts'
import { withTables } from './new-database.ts'

const key = (name: string) => ({ pk: { S: name } })
const put = (name: string, more: object = {}) => ({ Put: { TableName: 'things', Item: key(name), ...more } })
const isNew = { ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }

function errorOf(database: Database, input: object): ServiceError {
  try {
    database.execute('TransactWriteItems', input)
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
  throw new Error('it was done')
}

describe('TransactWriteItems', () => {
  test('does all four kinds at once', () => {
    const { database, changes } = withTables()
    for (const name of ['checked', 'deleted', 'updated'])
      database.execute('PutItem', { TableName: 'things', Item: key(name) })
    const answer = database.execute('TransactWriteItems', {
      TransactItems: [
        { ConditionCheck: { TableName: 'things', Key: key('checked'), ConditionExpression: 'attribute_exists(pk)' } },
        put('put'),
        { Delete: { TableName: 'things', Key: key('deleted') } },
        {
          Update: {
            TableName: 'things',
            Key: key('updated'),
            UpdateExpression: 'SET x = :x',
            ExpressionAttributeValues: { ':x': { S: 'x' } },
          },
        },
      ],
      ReturnConsumedCapacity: 'TOTAL',
    })
    expect(answer).toEqual({ ConsumedCapacity: [{ TableName: 'things', CapacityUnits: 8, WriteCapacityUnits: 8 }] })
    expect(changes.slice(3).map(({ newItem }) => newItem)).toEqual([
      key('put'),
      undefined,
      { ...key('updated'), x: { S: 'x' } },
    ])
  })

  test('is cancelled as a whole, with a reason for each action', () => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: key('there') })
    const error = errorOf(database, { TransactItems: [put('a'), put('there', isNew), put('b')] })
    expect(error).toMatchObject({
      name: 'TransactionCanceledException',
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, None]',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: key('there') },
        { Code: 'None' },
      ],
    })
    expect(database.execute('Scan', { TableName: 'things' })).toMatchObject({ Count: 1 })
  })

  test.each([
    ['nothing', [], 'Member must have length greater than or equal to 1'],
    [
      '101 actions',
      Array.from({ length: 101 }, (_, index) => put(`${index}`)),
      'Member must have length less than or equal to 100',
    ],
    [
      'an item twice',
      [put('a'), { Delete: { TableName: 'things', Key: key('a') } }],
      'cannot include multiple operations on one item',
    ],
    ['two kinds in one', [{ ...put('a'), Delete: { TableName: 'things', Key: key('a') } }], 'can only contain one of'],
    [
      'more than 4 MB',
      Array.from({ length: 12 }, (_, index) =>
        put('', { Item: { ...key(`${index}`), x: { S: 'x'.repeat(390_000) } } }),
      ),
      'Transaction payload size cannot exceed 4MB',
    ],
    ['a table that is not there', [put('a'), put('b', { TableName: 'other' })], 'Requested resource not found'],
  ])('%s is refused', (_what, TransactItems, message) => {
    const { database } = withTables()
    expect(errorOf(database, { TransactItems }).message).toContain(message)
    expect(database.execute('Scan', { TableName: 'things' })).toMatchObject({ Count: 0 })
  })

  test('a token makes a repetition a success without effect, for ten minutes', async () => {
    const { database, clock, changes } = withTables()
    const request = { TransactItems: [put('a')], ClientRequestToken: 'token', ReturnConsumedCapacity: 'TOTAL' }
    database.execute('TransactWriteItems', request)
    database.execute('DeleteItem', { TableName: 'things', Key: key('a') })
    expect(database.execute('TransactWriteItems', request)).toEqual({
      ConsumedCapacity: [{ TableName: 'things', CapacityUnits: 2, ReadCapacityUnits: 2 }],
    })
    expect(changes).toHaveLength(2)
    expect(errorOf(database, { ...request, TransactItems: [put('b')] }).name).toBe(
      'IdempotentParameterMismatchException',
    )
    await clock.advance(10 * 60_000)
    database.execute('TransactWriteItems', request)
    expect(changes).toHaveLength(3)
  })

  test('a token of a cancelled transaction is not used up', () => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: key('a') })
    const request = { TransactItems: [put('a', isNew)], ClientRequestToken: 'token' }
    expect(errorOf(database, request).name).toBe('TransactionCanceledException')
    database.execute('DeleteItem', { TableName: 'things', Key: key('a') })
    database.execute('TransactWriteItems', request)
  })
})

test('TransactGetItems answers in the order of its request', () => {
  const { database } = withTables()
  database.execute('PutItem', { TableName: 'things', Item: { ...key('a'), x: { S: 'x' } } })
  const get = (name: string, more: object = {}) => ({ Get: { TableName: 'things', Key: key(name), ...more } })
  expect(
    database.execute('TransactGetItems', {
      TransactItems: [get('none'), get('a', { ProjectionExpression: 'x' })],
      ReturnConsumedCapacity: 'TOTAL',
    }),
  ).toEqual({
    ConsumedCapacity: [{ TableName: 'things', CapacityUnits: 4, ReadCapacityUnits: 4 }],
    Responses: [{}, { Item: { x: { S: 'x' } } }],
  })
})

describe('a key that is not one of the table', () => {
  const wrong = { pk: { N: '1' } }
  const mismatch = 'The provided key element does not match the schema'
  const refusal = (
    database: Database,
    operation: 'TransactWriteItems' | 'TransactGetItems',
    TransactItems: object[],
  ) => {
    try {
      return database.execute(operation, { TransactItems })
    } catch (error) {
      return error
    }
  }

  test.each([
    ['Delete', { Delete: { TableName: 'things', Key: wrong } }, mismatch],
    [
      'ConditionCheck',
      { ConditionCheck: { TableName: 'things', Key: {}, ConditionExpression: 'attribute_exists(pk)' } },
      mismatch,
    ],
    [
      'Put',
      { Put: { TableName: 'things', Item: wrong } },
      'One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N',
    ],
  ])('cancels with the reason at the place of the %s', (_kind, action, Message) => {
    expect(refusal(withTables().database, 'TransactWriteItems', [put('a'), action, put('a')])).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError', Message }, { Code: 'None' }],
    })
  })

  test('cancels a TransactGetItems', () => {
    const items = [{ Get: { TableName: 'things', Key: wrong } }, { Get: { TableName: 'things', Key: key('a') } }]
    expect(refusal(withTables().database, 'TransactGetItems', items)).toMatchObject({
      message: 'Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError, None]',
      CancellationReasons: [{ Code: 'ValidationError', Message: mismatch }, { Code: 'None' }],
    })
  })

  test.each([
    ['an empty key', put('')],
    [
      'an empty key of an index',
      { Put: { TableName: 'events', Item: { ...key('a'), sk: { N: '1' }, kind: { S: '' } } } },
    ],
  ])('%s is refused before the transaction is tried', (_what, action) => {
    expect(refusal(withTables().database, 'TransactWriteItems', [action])).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('cannot contain an empty string value'),
    })
  })
})
