import { describe, expect, test } from 'vitest'
import { eventsTable, newDatabase, thingsTable, withTables } from './new-database.ts'

describe('tables', () => {
  test('a table is described as the service does', () => {
    const { database } = newDatabase()
    expect(database.execute('CreateTable', thingsTable)).toMatchObject({
      TableDescription: {
        TableName: 'things',
        TableStatus: 'CREATING',
        TableArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/things',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        LatestStreamLabel: 'label-1',
        CreationDateTime: new Date(Date.UTC(2026, 0, 1)),
      },
    })
    expect(database.execute('DescribeTable', { TableName: 'things' })).toMatchObject({
      Table: { TableStatus: 'ACTIVE', ItemCount: 0 },
    })
  })

  test('a name is taken once and free again after the table is deleted', () => {
    const { database } = withTables()
    expect(() => database.execute('CreateTable', thingsTable)).toThrow('Table already exists: things')
    expect(database.execute('DeleteTable', { TableName: 'things' })).toMatchObject({
      TableDescription: { TableStatus: 'DELETING' },
    })
    expect(() => database.execute('DescribeTable', { TableName: 'things' })).toThrow(
      'Requested resource not found: Table: things not found',
    )
    expect(() => database.execute('GetItem', { TableName: 'things', Key: { pk: { S: 'a' } } })).toThrow(
      'Requested resource not found',
    )
    database.execute('CreateTable', thingsTable)
  })

  test('tables are listed in pages by name', () => {
    const { database } = withTables()
    expect(database.execute('ListTables', { Limit: 1 })).toEqual({
      TableNames: ['events'],
      LastEvaluatedTableName: 'events',
    })
    expect(database.execute('ListTables', { ExclusiveStartTableName: 'events' })).toEqual({ TableNames: ['things'] })
  })

  test.each([
    ['a short name', { ...thingsTable, TableName: 'ab' }, /'tableName' failed to satisfy constraint/],
    [
      'an attribute that no key has',
      { ...thingsTable, AttributeDefinitions: eventsTable.AttributeDefinitions },
      /does not exactly match number of attributes/,
    ],
    [
      'a key without a definition',
      {
        ...eventsTable,
        AttributeDefinitions: [...thingsTable.AttributeDefinitions, { AttributeName: 'x', AttributeType: 'S' }],
      },
      /Some index key attributes are not defined in AttributeDefinitions. Keys: \[pk, sk\], AttributeDefinitions: \[pk, x\]/,
    ],
    [
      'no throughput',
      { ...thingsTable, BillingMode: undefined },
      /must both be specified when BillingMode is PROVISIONED/,
    ],
    [
      'two indexes of a name',
      {
        ...eventsTable,
        GlobalSecondaryIndexes: [eventsTable.GlobalSecondaryIndexes[0], eventsTable.GlobalSecondaryIndexes[0]],
      },
      /Duplicate index name: by-kind/,
    ],
  ])('%s is refused', (_what, input, message) => {
    expect(() => newDatabase().database.execute('CreateTable', input)).toThrow(message)
  })

  test('deletion protection keeps a table', () => {
    const { database } = newDatabase()
    database.execute('CreateTable', { ...thingsTable, DeletionProtectionEnabled: true })
    expect(() => database.execute('DeleteTable', { TableName: 'things' })).toThrow('protected against deletion')
    database.execute('UpdateTable', { TableName: 'things', DeletionProtectionEnabled: false })
    database.execute('DeleteTable', { TableName: 'things' })
  })

  test('a stream goes off and on, with a new ARN', () => {
    const { database, changes } = withTables()
    const put = () => database.execute('PutItem', { TableName: 'things', Item: { pk: { S: `${changes.length}` } } })
    expect(() =>
      database.execute('UpdateTable', { TableName: 'things', StreamSpecification: thingsTable.StreamSpecification }),
    ).toThrow('Table already has an enabled stream: TableName: things')
    put()
    database.execute('UpdateTable', { TableName: 'things', StreamSpecification: { StreamEnabled: false } })
    put()
    expect(changes).toHaveLength(1)
    expect(
      database.execute('UpdateTable', { TableName: 'things', StreamSpecification: thingsTable.StreamSpecification }),
    ).toMatchObject({ TableDescription: { LatestStreamLabel: 'label-2' } })
  })

  test('an index that is made later holds what is there, but for what it can not hold', () => {
    const { database } = withTables()
    database.execute('PutItem', { TableName: 'things', Item: { pk: { S: 'a' }, color: { S: 'red' } } })
    database.execute('PutItem', { TableName: 'things', Item: { pk: { S: 'b' }, color: { N: '1' } } })
    const index = {
      IndexName: 'by-color',
      KeySchema: [{ AttributeName: 'color', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    }
    const AttributeDefinitions = [{ AttributeName: 'color', AttributeType: 'S' }]
    database.execute('UpdateTable', {
      TableName: 'things',
      AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [{ Create: index }],
    })
    const inIndex = () => database.execute('Scan', { TableName: 'things', IndexName: 'by-color' })
    expect(inIndex()).toMatchObject({ Items: [{ pk: { S: 'a' } }] })
    const update = (color: object) =>
      database.execute('UpdateItem', {
        TableName: 'things',
        Key: { pk: { S: 'b' } },
        UpdateExpression: 'SET color = :c',
        ExpressionAttributeValues: { ':c': color },
      })
    expect(() => update({ N: '2' })).toThrow(
      'The update expression attempted to update the secondary index key to unsupported type',
    )
    database.execute('DeleteItem', { TableName: 'things', Key: { pk: { S: 'b' } } })
    expect(inIndex()).toMatchObject({ Items: [{ pk: { S: 'a' } }] })
    database.execute('UpdateTable', {
      TableName: 'things',
      GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'by-color' } }],
    })
    expect(() => database.execute('Scan', { TableName: 'things', IndexName: 'by-color' })).toThrow(
      'The table does not have the specified index: by-color',
    )
  })
})
