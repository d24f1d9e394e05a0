import { beforeEach, expect, test } from 'vitest'
import type { Database, DataOperation } from '../../src/embedded/database.ts'
import { newDatabase } from './new-database.ts'

// A request can be wrong in two ways. What a program is told is then what the service tells, which checks the values of a
// request, then its expressions, and only then looks for a table.

let database: Database

beforeEach(() => {
  ;({ database } = newDatabase())
  database.execute('CreateTable', {
    TableName: 'orders',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  })
})

function messageOf(operation: DataOperation, input: object): string {
  try {
    database.execute(operation, input)
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return 'no error'
}

const key = { id: { S: 'a' } }
const emptyKey = { id: { S: '' } }
const reading = {
  TableName: 'orders',
  KeyConditionExpression: 'id = :id',
  ExpressionAttributeValues: { ':id': { S: 'a' } },
}

test('a limit is refused before anything else of a query', () => {
  const input = { ...reading, TableName: 'missing', Limit: 0, FilterExpression: '((a = :id))' }
  expect(messageOf('Query', input)).toContain("at 'limit' failed to satisfy constraint")
})

test('a filter is refused before a projection, and a selection last', () => {
  const wrong = { ...reading, Select: 'SPECIFIC_ATTRIBUTES' }
  expect(messageOf('Query', { ...wrong, FilterExpression: '((a = :id))' })).toContain('Invalid FilterExpression')
  const both = { ...reading, FilterExpression: '((a = :id))', ProjectionExpression: 'a, a.b' }
  expect(messageOf('Query', both)).toContain('Invalid FilterExpression')
  const ofNumber = { ...wrong, ExpressionAttributeValues: { ':id': { N: '1' } } }
  expect(messageOf('Query', ofNumber)).toContain('Condition parameter type does not match schema type')
})

test('all actions of a transaction are read before the first table is looked for', () => {
  const TransactItems = [
    { Delete: { TableName: 'missing', Key: key } },
    { Update: { TableName: 'orders', Key: key, UpdateExpression: 'REMOVE a, a.b' } },
  ]
  expect(messageOf('TransactWriteItems', { TransactItems })).toContain('Two document paths overlap')
  const gets = TransactItems.map(() => ({ Get: { TableName: 'missing', Key: key } }))
  const wrong = { Get: { TableName: 'orders', Key: key, ProjectionExpression: 'a, a.b' } }
  expect(messageOf('TransactGetItems', { TransactItems: [...gets, wrong] })).toContain('Two document paths overlap')
})

test('all items of a batch are read before the first key is judged', () => {
  const writes = [{ PutRequest: { Item: emptyKey } }, { PutRequest: { Item: { ...key, n: { N: 'one' } } } }]
  expect(messageOf('BatchWriteItem', { RequestItems: { orders: writes } })).toContain('numeric value')
})

test('a key twice is told before a key is judged, however its attributes are ordered', () => {
  const twice = [
    { id: { S: '' }, x: { N: '1' } },
    { x: { N: '1.0' }, id: { S: '' } },
  ]
  expect(messageOf('BatchGetItem', { RequestItems: { missing: { Keys: twice } } })).toContain('contains duplicates')
})

test('a number in a starting key is refused in the words for any number', () => {
  const input = { ...reading, ExclusiveStartKey: { id: { N: 'one' } } }
  expect(messageOf('Query', input)).toMatch(/^The parameter cannot be converted to a numeric value/)
})
