import { expect, test } from 'vitest'
import { newDatabase, withTables } from './new-database.ts'

test('a database goes on from what another has saved', () => {
  const { database } = withTables()
  const event = { pk: { S: 'a' }, sk: { N: '1' }, kind: { S: 'k' }, bytes: { B: Uint8Array.of(1) } }
  const request = { TransactItems: [{ Put: { TableName: 'events', Item: event } }], ClientRequestToken: 'token' }
  database.execute('TransactWriteItems', request)
  database.execute('UpdateTimeToLive', {
    TableName: 'events',
    TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' },
  })
  const { database: next, changes } = newDatabase()
  next.load(structuredClone(database.save()))
  for (const TableName of ['things', 'events'])
    expect(next.execute('DescribeTable', { TableName })).toEqual(database.execute('DescribeTable', { TableName }))
  expect(next.execute('Scan', { TableName: 'events', IndexName: 'by-kind' })).toMatchObject({ Count: 1 })
  expect(next.execute('DescribeTimeToLive', { TableName: 'events' })).toMatchObject({
    TimeToLiveDescription: { AttributeName: 'until' },
  })
  next.execute('DeleteItem', { TableName: 'events', Key: { pk: event.pk, sk: event.sk } })
  next.execute('TransactWriteItems', request)
  expect(next.execute('Scan', { TableName: 'events' })).toMatchObject({ Count: 0 })
  next.execute('PutItem', { TableName: 'things', Item: { pk: { S: 'b' } } })
  expect(changes).toHaveLength(1)
})
