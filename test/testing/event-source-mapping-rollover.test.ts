import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type DynamoDBLocal, startDynamoDBLocal } from '../../src/testing/dynamodb-local.ts'
import { ids, useMappings } from './mapping-harness.ts'
import { missing } from './server.ts'

const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const hindrance = missing ?? (existsSync(faketime) ? undefined : '(needs libfaketime: apt-get install faketime)')

describe.skipIf(hindrance !== undefined)(
  `an event source mapping over a real rollover of shards ${hindrance ?? ''}`,
  () => {
    const createMapping = useMappings()
    const dbPath = mkdtempSync(join(tmpdir(), 'tidemark-rollover-'))
    let server: DynamoDBLocal | undefined
    afterEach(async () => {
      await server?.stop()
      rmSync(dbPath, { recursive: true, force: true })
    })

    // A shard of DynamoDB Local is closed after four hours, which it notices when it starts.
    test('reads the closed shard to its end and then its child, when iterators and server are new', async () => {
      server = await startDynamoDBLocal({ dbPath })
      const { port } = server
      const dynamodb = new DynamoDBClient({ ...server.clientConfig, maxAttempts: 6 })
      const streams = new DynamoDBStreamsClient({ ...server.clientConfig, maxAttempts: 6 })
      const { TableDescription } = await dynamodb.send(
        new CreateTableCommand({
          TableName: 'orders',
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
        }),
      )
      const streamArn = TableDescription?.LatestStreamArn ?? ''
      const put = (id: string) => dynamodb.send(new PutItemCommand({ TableName: 'orders', Item: { id: { S: id } } }))
      const deliveries: (readonly string[])[] = []
      const mapping = createMapping({ streams, streamArn }, { handler: (event) => void deliveries.push(ids(event)) })
      for (const id of ['a', 'b']) await put(id)
      await mapping.start()
      await mapping.drain()
      await put('c')
      await server.stop()
      server = await startDynamoDBLocal({ dbPath, port, env: { LD_PRELOAD: faketime, FAKETIME: '+5h' } })
      await put('d')
      await mapping.drain()
      const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }))
      expect(StreamDescription?.Shards).toHaveLength(2)
      expect(deliveries.flat()).toEqual(['a', 'b', 'c', 'd'])
      expect(mapping.statistics().gaps).toEqual([])
      await mapping.stop()
      dynamodb.destroy()
      streams.destroy()
    })
  },
)
