import {
  ConditionalCheckFailedException,
  ResourceNotFoundException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { TrimmedDataAccessException } from '@aws-sdk/client-dynamodb-streams'
import { describe, expect, test } from 'vitest'
import { createManualClock } from '../../../src/testing.ts'
import { thingsTable } from '../new-database.ts'
import { serve } from './server.ts'

const TableName = 'things'
const key = (pk: string) => ({ pk: { S: pk } })

async function withThings() {
  const served = await serve()
  const { TableDescription } = await served.db.createTable(structuredClone(thingsTable) as never)
  return { ...served, streamArn: TableDescription?.LatestStreamArn ?? '' }
}

const everyType = {
  pk: { S: 'every type' },
  n: { N: '12345678901234567890.5' },
  b: { B: Uint8Array.of(0, 1, 254, 255) },
  yes: { BOOL: true },
  nothing: { NULL: true as const },
  texts: { SS: ['a', 'b'] },
  numbers: { NS: ['1', '2'] },
  binaries: { BS: [Uint8Array.of(1), Uint8Array.of(2, 3)] },
  list: { L: [{ B: Uint8Array.of(7) }, { M: { deep: { B: Uint8Array.of(8) } } }] },
  map: { M: { Item: { B: Uint8Array.of(9) }, B: { S: 'an attribute called B' } } },
}

describe('the SDK over HTTP', () => {
  test('every type of value comes back as it went', async () => {
    const { db } = await withThings()
    await db.putItem({ TableName, Item: everyType })
    expect((await db.getItem({ TableName, Key: key('every type') })).Item).toEqual(everyType)
  })

  test('binary values are read wherever a request can have them', async () => {
    const { db } = await withThings()
    const values = { ':b': { B: Uint8Array.of(5) } }
    const written = await db.updateItem({
      TableName,
      Key: key('a'),
      UpdateExpression: 'SET b = :b',
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_NEW',
    })
    expect(written.Attributes).toEqual({ ...key('a'), b: { B: Uint8Array.of(5) } })
    const found = await db.scan({ TableName, FilterExpression: 'b = :b', ExpressionAttributeValues: values })
    expect(found.Count).toBe(1)
    await db.batchWriteItem({ RequestItems: { things: [{ PutRequest: { Item: { ...everyType, ...key('b') } } }] } })
    const transaction = [{ Put: { TableName, Item: { ...everyType, ...key('c') } } }]
    await db.transactWriteItems({ TransactItems: transaction })
    for (const pk of ['b', 'c'])
      expect((await db.getItem({ TableName, Key: key(pk) })).Item).toEqual({ ...everyType, ...key(pk) })
  })

  test('a table that is called like a field of the API', async () => {
    const { db } = await withThings()
    await db.createTable({ ...structuredClone(thingsTable), TableName: 'Item' } as never)
    await db.batchWriteItem({ RequestItems: { Item: [{ PutRequest: { Item: { ...everyType } } }] } })
    const read = await db.batchGetItem({ RequestItems: { Item: { Keys: [key('every type')] } } })
    expect(read.Responses).toEqual({ Item: [everyType] })
  })

  test('every operation on tables', async () => {
    const { db } = await withThings()
    const described = await db.describeTable({ TableName })
    expect(described.Table?.TableStatus).toBe('ACTIVE')
    expect(described.Table?.CreationDateTime).toBeInstanceOf(Date)
    expect(Math.abs(Number(described.Table?.CreationDateTime) - Date.now())).toBeLessThan(60_000)
    await db.updateTable({ TableName, DeletionProtectionEnabled: false })
    await db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' } })
    const { TimeToLiveDescription } = await db.describeTimeToLive({ TableName })
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'until' })
    expect((await db.listTables({})).TableNames).toEqual([TableName])
    await db.deleteTable({ TableName })
    await expect(db.describeTable({ TableName })).rejects.toBeInstanceOf(ResourceNotFoundException)
  })

  test('every operation on items', async () => {
    const { db } = await withThings()
    await db.putItem({ TableName, Item: { ...key('a'), n: { N: '1' } } })
    const deleted = await db.deleteItem({ TableName, Key: key('a'), ReturnValues: 'ALL_OLD' })
    expect(deleted.Attributes).toEqual({ ...key('a'), n: { N: '1' } })
    await db.transactWriteItems({ TransactItems: [{ Put: { TableName, Item: key('b') } }] })
    const transaction = await db.transactGetItems({ TransactItems: [{ Get: { TableName, Key: key('b') } }] })
    expect(transaction.Responses).toEqual([{ Item: key('b') }])
    const queried = await db.query({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'b' } },
      ReturnConsumedCapacity: 'TOTAL',
    })
    expect(queried).toMatchObject({ Items: [key('b')], Count: 1, ConsumedCapacity: { CapacityUnits: 0.5 } })
    const page = await db.scan({ TableName, Limit: 1 })
    expect(page.LastEvaluatedKey).toEqual(key('b'))
    expect((await db.scan({ TableName, ExclusiveStartKey: page.LastEvaluatedKey })).Items).toEqual([])
  })

  test('a failed condition is the exception of the SDK, with the item', async () => {
    const { db } = await withThings()
    await db.putItem({ TableName, Item: everyType })
    const failure: unknown = await db
      .putItem({
        TableName,
        Item: everyType,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ConditionalCheckFailedException)
    expect(failure).toMatchObject({ message: 'The conditional request failed', Item: everyType })
    expect(failure).toHaveProperty('$metadata.httpStatusCode', 400)
  })

  test('a cancelled transaction gives its reasons', async () => {
    const { db } = await withThings()
    await db.putItem({ TableName, Item: everyType })
    const failure: unknown = await db
      .transactWriteItems({
        TransactItems: [
          { Put: { TableName, Item: key('new') } },
          {
            Put: {
              TableName,
              Item: everyType,
              ConditionExpression: 'attribute_not_exists(pk)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ],
      })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TransactionCanceledException)
    expect(failure).toHaveProperty('CancellationReasons.0.Code', 'None')
    expect(failure).toHaveProperty('CancellationReasons.1.Code', 'ConditionalCheckFailed')
    expect(failure).toHaveProperty('CancellationReasons.1.Item', everyType)
  })
})

describe('streams over HTTP', () => {
  test('a stream is read to its end over a split, binary values and times included', async () => {
    const { db, embedded, streamArn, streams } = await withThings()
    expect((await streams.listStreams({})).Streams).toMatchObject([{ StreamArn: streamArn, TableName }])
    await db.putItem({ TableName, Item: everyType })
    const children = embedded.splitShard(TableName)
    for (let n = 0; n < 20; n += 1) await db.putItem({ TableName, Item: key(`after ${n}`) })
    const { StreamDescription } = await streams.describeStream({ StreamArn: streamArn })
    const [parent, ...rest] = StreamDescription?.Shards ?? []
    expect(rest.map(({ ShardId, ParentShardId }) => [ShardId, ParentShardId])).toEqual(
      children.map((child) => [child, parent?.ShardId]),
    )
    const read = async (ShardId: string | undefined) => {
      const place = { StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const }
      const { ShardIterator } = await streams.getShardIterator(place)
      return streams.getRecords({ ShardIterator })
    }
    const first = await read(parent?.ShardId)
    expect(first.NextShardIterator).toBeUndefined()
    expect(first.Records).toMatchObject([
      { eventName: 'INSERT', eventSource: 'aws:dynamodb', awsRegion: 'local', dynamodb: { NewImage: everyType } },
    ])
    const at = Number(first.Records?.[0]?.dynamodb?.ApproximateCreationDateTime)
    expect(Math.abs(at - Date.now())).toBeLessThan(60_000)
    const counts = await Promise.all(rest.map(async ({ ShardId }) => (await read(ShardId)).Records?.length ?? 0))
    expect(counts.reduce((a, b) => a + b)).toBe(20)
    expect(Math.min(...counts)).toBeGreaterThan(0)
  })

  test("the streams' errors are the exceptions of their SDK", async () => {
    const { db, embedded, streamArn, streams } = await withThings()
    await db.putItem({ TableName, Item: everyType })
    const ShardId = embedded.streamShards(TableName)[0]?.shardId
    const place = { StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const }
    const { ShardIterator } = await streams.getShardIterator(place)
    embedded.trimStream(TableName)
    await expect(streams.getRecords({ ShardIterator })).rejects.toBeInstanceOf(TrimmedDataAccessException)
  })
})

test('items expire by the clock of the engine when they are told to', async () => {
  const clock = createManualClock()
  const { embedded, db } = await serve({ clock })
  await db.createTable(structuredClone(thingsTable) as never)
  await db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' } })
  await db.putItem({ TableName, Item: { ...key('a'), until: { N: String(clock.now() / 1_000 + 10) } } })
  expect(embedded.expireItems()).toBe(0)
  await clock.advance(11_000)
  expect(embedded.expireItems()).toBe(1)
  expect((await db.scan({ TableName })).Count).toBe(0)
})
