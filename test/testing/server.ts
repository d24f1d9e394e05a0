import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { afterAll, beforeAll } from 'vitest'
import { type DynamoDBLocal, dynamoDBLocalMissing, startDynamoDBLocal } from '../../src/testing/dynamodb-local.ts'

/** Why the tests of a file can't run here. */
export const missing: string | undefined = dynamoDBLocalMissing()

/** A table with a stream, of its own for each test. */
export interface StreamTable {
  readonly tableName: string
  readonly streamArn: string
  readonly dynamodb: DynamoDBClient
  readonly streams: DynamoDBStreamsClient
  put(...ids: readonly string[]): Promise<void>
  /** Puts this many items, in no order. */
  fill(count: number): Promise<void>
}

/** One server for a test file. */
export function useServer(): {
  readonly createTable: () => Promise<StreamTable>
  readonly dynamodb: () => DynamoDBClient
} {
  let server: DynamoDBLocal | undefined
  let clients: { dynamodb: DynamoDBClient; streams: DynamoDBStreamsClient } | undefined
  let tables = 0
  beforeAll(async () => {
    server = await startDynamoDBLocal()
    const { clientConfig } = server
    clients = { dynamodb: new DynamoDBClient(clientConfig), streams: new DynamoDBStreamsClient(clientConfig) }
  })
  afterAll(async () => {
    clients?.dynamodb.destroy()
    clients?.streams.destroy()
    await server?.stop()
  })
  const started = () => {
    if (clients === undefined) throw new Error('the server has not been started')
    return clients
  }
  return {
    dynamodb: () => started().dynamodb,
    async createTable() {
      const tableName = `orders-${++tables}`
      const { dynamodb, streams } = started()
      const streamArn = await createStreamTable(dynamodb, tableName)
      const put = async (...ids: readonly string[]) => {
        for (const id of ids) {
          await dynamodb.send(
            new PutItemCommand({ TableName: tableName, Item: { id: { S: id }, at: { S: `${Math.random()}` } } }),
          )
        }
      }
      const fill = async (count: number) => {
        for (let done = 0; done < count; done += 25) {
          const writes = Array.from({ length: Math.min(25, count - done) }, (_, index) => ({
            PutRequest: { Item: { id: { S: `item-${done + index}` } } },
          }))
          await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: writes } }))
        }
      }
      return { tableName, streamArn, dynamodb, streams, put, fill }
    },
  }
}

async function createStreamTable(dynamodb: DynamoDBClient, TableName: string): Promise<string> {
  const { TableDescription } = await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  return TableDescription?.LatestStreamArn ?? ''
}
