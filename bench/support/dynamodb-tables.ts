import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createTidemarkTable } from 'tidemark/dynamodb'
import type { DynamoDBLocal } from 'tidemark/testing'

/** A client with sockets enough for whoever sends all of a batch's requests at once. */
export function clientOf(server: DynamoDBLocal): DynamoDBClient {
  const requestHandler = { httpAgent: { keepAlive: true, maxSockets: 100 }, socketAcquisitionWarningTimeout: 600_000 }
  return new DynamoDBClient({ ...server.clientConfig, requestHandler })
}

/** Makes the table that a contestant remembers in. */
export const createTable: {
  readonly [contestant: string]: (client: DynamoDBClient, tableName: string) => Promise<void>
} = {
  tidemark: (client, tableName) => createTidemarkTable({ client, tableName }),
  async powertools(client, TableName) {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    )
  },
}
