import { CreateTableCommand, DynamoDBClient, type CreateTableCommandOutput } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { createTidemarkTable } from '../../dynamodb.ts'
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

/** Starts DynamoDB Local and makes the tables. */
export async function startTables(): Promise<DemoTables> {
  const server = await startDynamoDBLocal()
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

async function stop(server: DynamoDBLocal, ...clients: readonly { destroy(): void }[]): Promise<void> {
  for (const client of clients) client.destroy()
  await server.stop()
}
