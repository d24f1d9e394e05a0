import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  GetItemCommand,
  type GetItemCommandOutput,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { DynamoDBSender } from '../../src/dynamodb.ts'
import {
  createEmbeddedDynamoDB,
  type EmbeddedDynamoDB,
  type EmbeddedDynamoDBOptions,
  meter,
  type StreamsClient,
} from '../../src/testing.ts'
import { thingsTable } from './new-database.ts'

const TableName = 'things'
const Key = { pk: { S: 'a' } }

async function withThings(options: Parameters<typeof createEmbeddedDynamoDB>[0] = {}): Promise<EmbeddedDynamoDB> {
  const embedded = createEmbeddedDynamoDB(options)
  await embedded.send(new CreateTableCommand(structuredClone(thingsTable) as never))
  return embedded
}

async function records(embedded: EmbeddedDynamoDB) {
  const StreamArn = embedded.describeStream(TableName).streamArn
  const { StreamDescription } = await embedded.send(new DescribeStreamCommand({ StreamArn }))
  const ShardId = StreamDescription?.Shards?.[0]?.ShardId
  const place = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const }
  const { ShardIterator } = await embedded.send(new GetShardIteratorCommand(place))
  const { Records = [] } = await embedded.send(new GetRecordsCommand({ ShardIterator }))
  return Records
}

describe('send', () => {
  test('takes the commands of both clients and answers with their outputs', async () => {
    const embedded = await withThings()
    await embedded.send(new PutItemCommand({ TableName, Item: { ...Key, n: { N: '1' } } }))
    const output = await embedded.send(new GetItemCommand({ TableName, Key }))
    expectTypeOf(output).toEqualTypeOf<GetItemCommandOutput>()
    expect(output.Item).toEqual({ ...Key, n: { N: '1' } })
    expect(output.$metadata).toMatchObject({ httpStatusCode: 200, attempts: 1 })
    expect(await records(embedded)).toMatchObject([{ eventName: 'INSERT', dynamodb: { Keys: Key } }])
  })

  test('can be given where a client is expected', async () => {
    const embedded = await withThings()
    const sender: DynamoDBSender = embedded
    const streams: StreamsClient = embedded
    const metered = meter(embedded)
    await sender.send(new PutItemCommand({ TableName, Item: Key }))
    await metered.client.send(new GetItemCommand({ TableName, Key }))
    expect(metered.usage().readUnits).toBe(0.5)
    expect(streams).toBe(embedded)
  })

  test('a command of a class derived from one of the SDK is that command', async () => {
    const embedded = await withThings()
    class Traced extends GetItemCommand {}
    expect(await embedded.send(new Traced({ TableName, Key }))).not.toHaveProperty('Item')
  })

  test('rejects with errors that are instances of the exceptions of the SDK', async () => {
    const embedded = await withThings()
    await embedded.send(new PutItemCommand({ TableName, Item: Key }))
    const again = new PutItemCommand({ TableName, Item: Key, ConditionExpression: 'attribute_not_exists(pk)' })
    await expect(embedded.send(again)).rejects.toBeInstanceOf(ConditionalCheckFailedException)
  })

  test('refuses what it does not know', async () => {
    class PutBackupCommand extends Object {}
    const command = Object.assign(new PutBackupCommand(), { input: {} })
    await expect(createEmbeddedDynamoDB().send(command as never)).rejects.toMatchObject({
      name: 'UnknownOperationException',
    })
  })
})

/** Overwrites all that can be reached from a value. */
function ruin(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(99)
  else if (typeof value === 'object' && value !== null)
    for (const name of Object.keys(value)) {
      ruin(Reflect.get(value, name))
      if (typeof Reflect.get(value, name) === 'string') Reflect.set(value, name, 'ruined')
      if (Array.isArray(value)) value.length = 0
    }
}

describe('what is sent and answered belongs to the caller', () => {
  const item = () => ({
    ...structuredClone(Key),
    b: { B: Uint8Array.of(1, 2) },
    list: { L: [{ M: { s: { S: 'deep' } } }] },
    set: { BS: [Uint8Array.of(3)] },
  })

  test('inputs', async () => {
    const embedded = await withThings()
    const Item = item()
    await embedded.send(new PutItemCommand({ TableName, Item }))
    ruin(Item)
    const values = { ':v': { L: [{ B: Uint8Array.of(4) }] } }
    const update = { TableName, Key: structuredClone(Key), UpdateExpression: 'SET v = :v' }
    await embedded.send(new UpdateItemCommand({ ...update, ExpressionAttributeValues: values }))
    ruin(values)
    ruin(update.Key)
    const expected = { ...item(), v: { L: [{ B: Uint8Array.of(4) }] } }
    expect((await embedded.send(new GetItemCommand({ TableName, Key }))).Item).toEqual(expected)
  })

  test('outputs, records of streams and errors', async () => {
    const embedded = await withThings()
    await embedded.send(new PutItemCommand({ TableName, Item: item() }))
    const condition = {
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    }
    const failures = [
      new PutItemCommand({ TableName, Item: item(), ...condition }),
      new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: item(), ...condition } }] }),
    ].map((command) => embedded.send<unknown>(command).catch((error: unknown) => error))
    const outputs = [
      await embedded.send(new GetItemCommand({ TableName, Key })),
      await embedded.send(new BatchGetItemCommand({ RequestItems: { things: { Keys: [Key] } } })),
      await embedded.send(new PutItemCommand({ TableName, Item: item(), ReturnValues: 'ALL_OLD' })),
      await records(embedded),
      ...(await Promise.all(failures)).map((error) => {
        const { Item, CancellationReasons } = error as { Item?: object; CancellationReasons?: object }
        return { Item, CancellationReasons }
      }),
    ]
    for (const output of outputs) {
      expect(JSON.stringify(output)).toContain('deep')
      ruin(output)
    }
    expect((await embedded.send(new GetItemCommand({ TableName, Key }))).Item).toEqual(item())
    expect((await records(embedded))[0]?.dynamodb?.NewImage).toEqual(item())
  })
})

describe('controls', () => {
  test('shards are split, rolled and trimmed by the name of the table', async () => {
    const embedded = await withThings()
    await embedded.send(new PutItemCommand({ TableName, Item: Key }))
    const children = embedded.splitShard(TableName)
    expect(children).toHaveLength(2)
    const grandchildren = embedded.splitShard(TableName, children[1])
    expect(embedded.rollShards(TableName)).toHaveLength(3)
    expect(embedded.streamShards(TableName)).toHaveLength(1 + 2 + 2 + 3)
    expect(embedded.streamShards(TableName).find(({ shardId }) => shardId === grandchildren[0])?.parentShardId).toBe(
      children[1],
    )
    expect(embedded.trimStream(TableName)).toBe(1)
    expect(() => embedded.splitShard('no-such-table')).toThrow('not found')
  })

  test('streams are configured at the start and later', async () => {
    const embedded = await withThings({ streams: { initialShardCount: 4 } })
    expect(embedded.streamShards(TableName)).toHaveLength(4)
    embedded.configureStreams({ initialShardCount: 2 })
    await embedded.send(new CreateTableCommand({ ...structuredClone(thingsTable), TableName: 'others' } as never))
    expect(embedded.streamShards('others')).toHaveLength(2)
  })

  test('faults can be switched while it runs, and who reads streams is told of what is new', async () => {
    const told: string[] = []
    const faults = { throttle: () => false }
    const embedded = await withThings({ faults, onStreamChange: (streamArn) => told.push(streamArn) })
    await embedded.send(new PutItemCommand({ TableName, Item: Key }))
    expect(told).toContain(embedded.describeStream(TableName).streamArn)
    faults.throttle = () => true
    await expect(embedded.send(new GetItemCommand({ TableName, Key }))).rejects.toMatchObject({
      name: 'ThrottlingException',
    })
  })

  test.each([
    [{ region: 'Not A Region' }, 'region must be'],
    [{ accountId: '1' }, 'accountId must be'],
    [{ persistTo: '' }, 'persistTo must be'],
    [{ regoin: 'local' }, "there is no 'regoin'"],
    [{ streams: { initialShardCount: 0 } }, 'initialShardCount must be'],
  ])('wrong options are refused: %j', (options, message) => {
    expect(() => createEmbeddedDynamoDB(options as EmbeddedDynamoDBOptions)).toThrow(message)
  })
})
