import { CreateTableCommand, DynamoDBClient, type CreateTableCommandOutput } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { createTidemarkTable } from '../../dynamodb.ts'
import { createEmbeddedDynamoDB } from '../../embedded/embedded.ts'
import { startDynamoDBLocal, type DynamoDBLocal } from '../../testing/dynamodb-local.ts'

export const messageTable = 'messages'
export const ledgerTable = 'tidemark'

/** The demo's DynamoDB: a table of messages with its stream, and the table that Tidemark remembers in. */
export interface DemoTables {
  readonly endpoint: string
  readonly dynamodb: DynamoDBClient
  readonly streams: DynamoDBStreamsClient
  readonly streamArn: string
  stop(): Promise<void>
}

/** What plays DynamoDB: the engine in this process, which needs nothing, or Amazon's own, which needs Java. */
export type DemoEngine = 'embedded' | 'dynamodb-local'

/** Starts the engine and makes the tables. */
export async function startTables(engine: DemoEngine): Promise<DemoTables> {
  const server = engine === 'embedded' ? await startEmbedded() : await startDynamoDBLocal()
  try {
    const dynamodb = new DynamoDBClient(server.clientConfig)
    const streams = new DynamoDBStreamsClient(server.clientConfig)
    const created = await createMessageTable(dynamodb)
    await createTidemarkTable({ client: dynamodb, tableName: ledgerTable })
    const streamArn = created.TableDescription?.LatestStreamArn ?? ''
    return { endpoint: server.endpoint, dynamodb, streams, streamArn, stop: () => stop(server, dynamodb, streams) }
  } catch (error) {
    await server.stop()
    throw error
  }
}

function createMessageTable(dynamodb: DynamoDBClient): Promise<CreateTableCommandOutput> {
  return dynamodb.send(
    new CreateTableCommand({
      TableName: messageTable,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  )
}

/** The demo's functions are processes of their own, so the engine has to be reached over HTTP. */
async function startEmbedded(): Promise<Pick<DynamoDBLocal, 'endpoint' | 'clientConfig' | 'stop'>> {
  const engine = createEmbeddedDynamoDB()
  const { endpoint, clientConfig } = await engine.listen()
  return { endpoint, clientConfig, stop: () => engine.close() }
}

async function stop(server: Pick<DynamoDBLocal, 'stop'>, ...clients: readonly { destroy(): void }[]): Promise<void> {
  for (const client of clients) client.destroy()
  await server.stop()
}
