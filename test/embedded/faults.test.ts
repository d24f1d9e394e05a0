import { expect, test } from 'vitest'
import { withTables } from './new-database.ts'

const key = { pk: { S: 'a' } }

test('a stale read sees what was there before the last write, for a second', async () => {
  const { database, clock } = withTables({ staleReadChance: 1 })
  const get = (ConsistentRead = false) => database.execute('GetItem', { TableName: 'things', Key: key, ConsistentRead })
  const put = (x: string) => database.execute('PutItem', { TableName: 'things', Item: { ...key, x: { S: x } } })
  put('1')
  expect(get()).toEqual({})
  expect(database.execute('Scan', { TableName: 'things' })).toMatchObject({ Count: 0 })
  put('2')
  expect(get()).toEqual({ Item: { ...key, x: { S: '1' } } })
  expect(database.execute('Scan', { TableName: 'things' })).toMatchObject({ Items: [{ x: { S: '1' } }] })
  expect(get(true)).toEqual({ Item: { ...key, x: { S: '2' } } })
  await clock.advance(1000)
  expect(get()).toEqual({ Item: { ...key, x: { S: '2' } } })
  database.execute('DeleteItem', { TableName: 'things', Key: key })
  expect(get()).toEqual({ Item: { ...key, x: { S: '2' } } })
})

test('a throttle refuses a request, and an action of a transaction by a reason', () => {
  let isOn = true
  const { database } = withTables({
    throttle: (operation, table) => isOn && table === 'things' && operation !== 'GetItem',
  })
  const put = () => database.execute('PutItem', { TableName: 'things', Item: key })
  expect(put).toThrow(expect.objectContaining({ name: 'ThrottlingException' }))
  expect(() =>
    database.execute('TransactWriteItems', { TransactItems: [{ Put: { TableName: 'things', Item: key } }] }),
  ).toThrow(expect.objectContaining({ CancellationReasons: [expect.objectContaining({ Code: 'ThrottlingError' })] }))
  expect(database.execute('GetItem', { TableName: 'things', Key: key })).toEqual({})
  isOn = false
  put()
})

test('a conflict refuses a write, and an action of a transaction by a reason', () => {
  const { database } = withTables({
    conflict: (_operation, _table, { pk }) => pk !== undefined && 'S' in pk && pk.S === 'a',
  })
  expect(() => database.execute('PutItem', { TableName: 'things', Item: key })).toThrow(
    expect.objectContaining({ name: 'TransactionConflictException' }),
  )
  const TransactItems = ['b', 'a'].map((pk) => ({ Put: { TableName: 'things', Item: { pk: { S: pk } } } }))
  expect(() => database.execute('TransactWriteItems', { TransactItems })).toThrow(
    'specific reasons [None, TransactionConflict]',
  )
})
