import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enabledStream } from '../../src/source/dynamodb-table-stream.ts'
import { streamReading } from '../../src/source/dynamodb-streams.ts'
import { type DynamoDBLocal, startDynamoDBLocal } from '../../src/testing/dynamodb-local.ts'

let server: DynamoDBLocal
let dynamodb: DynamoDBClient
let streams: DynamoDBStreamsClient

beforeAll(async () => {
  server = await startDynamoDBLocal()
  dynamodb = new DynamoDBClient(server.clientConfig)
  streams = new DynamoDBStreamsClient(server.clientConfig)
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'orders',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  )
})
afterAll(async () => {
  dynamodb.destroy()
  streams.destroy()
  await server.stop()
})

test('DynamoDB Local does not heed the filter: its open shard has no children, and that takes no second question', async () => {
  const { streamArn } = await enabledStream(dynamodb, 'orders')
  const filters: boolean[] = []
  streams.middlewareStack.add(
    (next) => (args) => {
      filters.push('ShardFilter' in args.input && args.input.ShardFilter !== undefined)
      return next(args)
    },
    { step: 'initialize' },
  )
  const reading = streamReading(streams)
  const shards = (await reading.describe(streamArn))?.shards ?? []
  expect(shards).toHaveLength(1)
  for (const { shardId } of [...shards, ...shards]) expect(await reading.children(streamArn, shardId)).toEqual([])
  expect(filters).toEqual([false, true, false, false])
  // The fallback is there because of this: should the day come, the test above will say so.
  const ShardFilter = { Type: 'CHILD_SHARDS', ShardId: shards[0]?.shardId } as const
  const unfiltered = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn, ShardFilter }))
  expect(unfiltered.StreamDescription?.Shards).toHaveLength(1)
})
