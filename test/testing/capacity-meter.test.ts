import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams'
import { beforeEach, describe, expect, test } from 'vitest'
import { meter, type Meter } from '../../src/testing/capacity-meter.ts'
import { itemSize } from '../../src/record/item-size.ts'
import { missing, type StreamTable, useServer } from './server.ts'

describe.skipIf(missing !== undefined)(`a capacity meter ${missing ?? ''}`, () => {
  const { createTable, dynamodb } = useServer()
  let table: StreamTable
  let metered: Meter<DynamoDBClient>

  beforeEach(async () => {
    table = await createTable()
    metered = meter(dynamodb())
  })

  const kilobytes = (id: string, kb: number) => ({ id: { S: id }, body: { S: 'x'.repeat(kb * 1024 - 100) } })
  const put = async (...items: readonly { id: { S: string } }[]) => {
    for (const Item of items) await dynamodb().send(new PutItemCommand({ TableName: table.tableName, Item }))
  }
  const key = (id: string) => ({ id: { S: id } })

  test('counts requests by operation', async () => {
    await metered.client.send(new PutItemCommand({ TableName: table.tableName, Item: key('a') }))
    await metered.client.send(new GetItemCommand({ TableName: table.tableName, Key: key('a') }))
    await metered.client.send(new GetItemCommand({ TableName: table.tableName, Key: key('b') }))
    expect(metered.usage()).toEqual({
      requests: 3,
      readUnits: 1,
      writeUnits: 1,
      operations: {
        PutItem: { requests: 1, readUnits: 0, writeUnits: 1 },
        GetItem: { requests: 2, readUnits: 1, writeUnits: 0 },
      },
    })
    metered.reset()
    expect(metered.usage()).toEqual({ requests: 0, readUnits: 0, writeUnits: 0, operations: {} })
  })

  test('counts a request that failed, without units', async () => {
    const lost = new GetItemCommand({ TableName: 'nowhere', Key: key('a') })
    await expect(metered.client.send(lost)).rejects.toThrow()
    expect(metered.usage()).toMatchObject({ requests: 1, readUnits: 0, writeUnits: 0 })
  })

  test.each([0.5, 1, 3.5, 4.05, 9])(
    'agrees with DynamoDB Local on writing and reading an item of %s KB',
    async (kb) => {
      const TableName = table.tableName
      const ReturnConsumedCapacity = 'TOTAL'
      const Item = kilobytes('a', kb)
      const written = await metered.client.send(new PutItemCommand({ TableName, Item, ReturnConsumedCapacity }))
      const read = await metered.client.send(new GetItemCommand({ TableName, Key: key('a'), ReturnConsumedCapacity }))
      const strong = await metered.client.send(
        new GetItemCommand({ TableName, Key: key('a'), ConsistentRead: true, ReturnConsumedCapacity }),
      )
      const query = await metered.client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'id = :id',
          ExpressionAttributeValues: { ':id': { S: 'a' } },
          ReturnConsumedCapacity,
        }),
      )
      const deleted = await metered.client.send(
        new DeleteItemCommand({ TableName, Key: key('a'), ReturnValues: 'ALL_OLD', ReturnConsumedCapacity }),
      )
      const { operations } = metered.usage()
      const reported = (
        ...answers: readonly { ConsumedCapacity?: { CapacityUnits?: number | undefined } | undefined }[]
      ) => answers.reduce((total, { ConsumedCapacity }) => total + (ConsumedCapacity?.CapacityUnits ?? 0), 0)
      expect(operations['PutItem']?.writeUnits).toBe(reported(written))
      expect(operations['GetItem']?.readUnits).toBe(reported(read, strong))
      expect(operations['Query']?.readUnits).toBe(reported(query))
      expect(operations['DeleteItem']?.writeUnits).toBe(reported(deleted))
    },
  )

  test('charges a page of a scan by the sum of its items, rounded up once', async () => {
    await put(kilobytes('a', 3), kilobytes('b', 3), kilobytes('c', 3))
    await metered.client.send(new ScanCommand({ TableName: table.tableName, ConsistentRead: true }))
    expect(metered.usage().readUnits).toBe(3)
  })

  test('charges a batch read item by item, missing ones too, where DynamoDB Local charges nothing for those', async () => {
    await put(kilobytes('a', 1.5), kilobytes('b', 6.5))
    const Keys = ['a', 'b', 'c', 'd'].map(key)
    await metered.client.send(new BatchGetItemCommand({ RequestItems: { [table.tableName]: { Keys } } }))
    expect(metered.usage().readUnits).toBe((1 + 2 + 1 + 1) / 2)
  })

  test('charges a batch write item by item, and a delete of what is not there one unit', async () => {
    await metered.client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [table.tableName]: [
            { PutRequest: { Item: kilobytes('a', 0.5) } },
            { PutRequest: { Item: kilobytes('b', 2.5) } },
            { DeleteRequest: { Key: key('c') } },
          ],
        },
      }),
    )
    expect(metered.usage().writeUnits).toBe(1 + 3 + 1)
  })

  test('leaves out what a batch did not process', async () => {
    const writes = [{ PutRequest: { Item: kilobytes('a', 2) } }, { PutRequest: { Item: kilobytes('b', 1) } }]
    const busy = meter({ send: async (_: object) => ({ UnprocessedItems: { orders: writes.slice(1) } }) })
    await busy.client.send(new BatchWriteItemCommand({ RequestItems: { orders: writes } }))
    expect(busy.usage().writeUnits).toBe(2)
    const slow = meter({
      send: async (_: object) => ({ Responses: { orders: [] }, UnprocessedKeys: { orders: { Keys: [key('b')] } } }),
    })
    await slow.client.send(new BatchGetItemCommand({ RequestItems: { orders: { Keys: [key('a'), key('b')] } } }))
    expect(slow.usage().readUnits).toBe(0.5)
  })

  test('charges a transaction twice for each item, a condition check as a write', async () => {
    await put(key('check'))
    await metered.client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: table.tableName, Item: kilobytes('a', 2.5) } },
          { Delete: { TableName: table.tableName, Key: key('b') } },
          {
            ConditionCheck: {
              TableName: table.tableName,
              Key: key('check'),
              ConditionExpression: 'attribute_exists(id)',
            },
          },
        ],
      }),
    )
    expect(metered.usage()).toMatchObject({ readUnits: 0, writeUnits: 2 * (3 + 1 + 1) })
  })

  test('charges reads when a committed transaction is repeated with its token', async () => {
    const Put = { TableName: table.tableName, Item: kilobytes('a', 2.5) }
    const again = () => new TransactWriteItemsCommand({ ClientRequestToken: 'once', TransactItems: [{ Put }] })
    await metered.client.send(again())
    expect(metered.usage()).toMatchObject({ readUnits: 0, writeUnits: 6 })
    await metered.client.send(again())
    expect(metered.usage()).toMatchObject({ readUnits: 2, writeUnits: 6 })
  })

  test('charges a transactional read twice for each item, missing ones too', async () => {
    await put(kilobytes('a', 5))
    const TransactItems = ['a', 'b'].map((id) => ({ Get: { TableName: table.tableName, Key: key(id) } }))
    await metered.client.send(new TransactGetItemsCommand({ TransactItems }))
    expect(metered.usage().readUnits).toBe(2 * (2 + 1))
  })

  test('charges a false condition by the item that is there', async () => {
    await put(kilobytes('a', 2.5))
    const refused = new PutItemCommand({
      TableName: table.tableName,
      Item: key('a'),
      ConditionExpression: 'attribute_not_exists(id)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    await expect(metered.client.send(refused)).rejects.toThrow()
    expect(metered.usage().writeUnits).toBe(3)
  })

  test('charges a false condition by the item to be written when the one there is not shown', async () => {
    await put(key('a'))
    const refused = new PutItemCommand({
      TableName: table.tableName,
      Item: kilobytes('a', 1.5),
      ConditionExpression: 'attribute_not_exists(id)',
    })
    await expect(metered.client.send(refused)).rejects.toThrow()
    expect(metered.usage().writeUnits).toBe(2)
  })

  test('charges a cancelled transaction like a committed one', async () => {
    await put(key('a'))
    const Put = { TableName: table.tableName, Item: key('a'), ConditionExpression: 'attribute_not_exists(id)' }
    const cancelled = new TransactWriteItemsCommand({ TransactItems: [{ Put }] })
    await expect(metered.client.send(cancelled)).rejects.toThrow()
    expect(metered.usage().writeUnits).toBe(2)
  })

  test('sizes an update by its values, or by the item when the answer shows it', async () => {
    await put(kilobytes('a', 3.5))
    const update = {
      TableName: table.tableName,
      Key: key('a'),
      UpdateExpression: 'SET seen = :yes',
      ExpressionAttributeValues: { ':yes': { BOOL: true } },
    }
    await metered.client.send(new UpdateItemCommand(update))
    expect(metered.usage().writeUnits).toBe(1)
    metered.reset()
    await metered.client.send(new UpdateItemCommand({ ...update, ReturnValues: 'ALL_NEW' }))
    expect(metered.usage().writeUnits).toBe(4)
  })

  test('is a DynamoDBClient in everything else', () => {
    expect(metered.client).toBeInstanceOf(DynamoDBClient)
    expect(metered.client.config).toBe(dynamodb().config)
  })

  test('sizes items as DynamoDB Local sizes its stream records', async () => {
    const items = [
      { id: { S: 'a' }, l: { L: [{ N: '-12.50' }, { M: { x: { NULL: true } } }] } },
      { id: { S: 'b' }, s: { SS: ['é', 'bc'] }, n: { NS: ['0', '120', '-1.5', '1E10'] } },
      { id: { S: 'c' }, b: { B: new Uint8Array(7) }, bs: { BS: [new Uint8Array(3)] }, t: { BOOL: true } },
    ]
    await put(...items)
    const { streamArn: StreamArn, streams } = table
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }))
    const ShardId = StreamDescription?.Shards?.[0]?.ShardId
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator }))
    const keySize = itemSize(key('a'))
    expect(Records.map(({ dynamodb }) => dynamodb?.SizeBytes)).toEqual(items.map((item) => keySize + itemSize(item)))
  })
})
