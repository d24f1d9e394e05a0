import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  type _Record,
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB } from 'tidemark/testing'

/** A table `orders` with a stream, in an engine in a process of its own: reached over HTTP, as a service is. */
export interface StreamService {
  readonly streamArn: string
  readonly dynamodb: DynamoDBClient
  readonly streams: DynamoDBStreamsClient
  end(): Promise<void>
}

interface Served {
  readonly clientConfig: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  readonly streamArn: string
}

/** Runs this very file once more, as `serve`, in which it is to call {@link serveStream}. */
export async function startStreamService(...parameters: readonly string[]): Promise<StreamService> {
  const child = fork(process.argv[1] ?? '', ['serve', ...parameters])
  const [{ clientConfig, streamArn }] = (await once(child, 'message')) as [Served]
  const requestHandler = { httpAgent: { keepAlive: true, maxSockets: 64 } }
  const dynamodb = new DynamoDBClient({ ...clientConfig, requestHandler })
  const streams = new DynamoDBStreamsClient({ ...clientConfig, requestHandler })
  const end = async () => {
    dynamodb.destroy()
    streams.destroy()
    await ended(child)
  }
  return { streamArn, dynamodb, streams, end }
}

async function ended(child: ChildProcess): Promise<void> {
  child.disconnect()
  if (child.exitCode === null) await once(child, 'exit')
}

/** The child's side: serves what `filledWithOrders` made, until its parent lets go of it. */
export async function serveStream(embedded: EmbeddedDynamoDB): Promise<void> {
  const { clientConfig } = await embedded.listen()
  process.send?.({ clientConfig, streamArn: embedded.describeStream('orders').streamArn })
  process.once('disconnect', () => void embedded.close())
}

/** An engine with a table `orders` in which so many items were put. */
export function filledWithOrders(
  shardCount: number,
  count: number,
  itemOf: (index: number) => { readonly pk: { readonly S: string } },
): EmbeddedDynamoDB {
  const embedded = createEmbeddedDynamoDB({ streams: { initialShardCount: shardCount } })
  embedded.execute('CreateTable', {
    TableName: 'orders',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
  })
  for (let index = 0; index < count; index += 1)
    embedded.execute('PutItem', { TableName: 'orders', Item: itemOf(index) })
  return embedded
}

/** An order as the benchmarks of effects have them: what the effect needs, and what else such an item has. */
export function order(index: number): { readonly pk: { readonly S: string } } {
  return {
    pk: { S: `order-${index}` },
    ...{ customer: { S: `customer-${index}` }, email: { S: `customer-${index}@example.com` } },
    ...{ total: { N: String(index % 100) }, paid: { BOOL: true }, status: { S: 'OPEN' } },
  }
}

/** The pages of the stream's one shard. The next one is asked for before this one is worked: nobody waits for it. */
export async function* pagesReadAhead(
  streams: Pick<DynamoDBStreamsClient, 'send'>,
  StreamArn: string,
): AsyncGenerator<readonly _Record[]> {
  const described = await streams.send(new DescribeStreamCommand({ StreamArn }))
  const ShardId = described.StreamDescription?.Shards?.[0]?.ShardId
  const opened = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  const read = (iterator: string | undefined) =>
    streams.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1_000 }))
  let next = read(opened.ShardIterator)
  for (;;) {
    const { Records = [], NextShardIterator } = await next
    if (Records.length === 0) return
    next = read(NextShardIterator)
    yield Records
  }
}
