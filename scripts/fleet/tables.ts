import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createTidemarkTable } from '../../src/dynamodb.ts'

export const coordinationTableName = 'tidemark'
export const effectTableName = 'effects'
export const accountTableName = 'accounts'

/** Makes the tables with streams that are consumed, the one of the fleet, and those of effects. */
export async function createTables(client: DynamoDBClient, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `orders-${index + 1}`)
  for (const TableName of [...names, accountTableName])
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        ...(TableName !== accountTableName && {
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
        }),
      }),
    )
  await createTidemarkTable({ client, tableName: coordinationTableName })
  await client.send(
    new CreateTableCommand({
      TableName: effectTableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  )
  return names
}
