import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { createConsumer } from 'tidemark'
import { dynamodbLedger } from 'tidemark/dynamodb'
import { createLambdaHandler } from 'tidemark/lambda'
import type { Make } from './contestant.ts'

/** A function with Tidemark. */
export const make: Make = (client: DynamoDBClient, tableName, effect) => {
  const consumer = createConsumer({
    name: 'orders',
    ledger: dynamodbLedger({ client, tableName }),
    handler(record) {
      effect(record.newImage)
    },
  })
  const handler = createLambdaHandler(consumer)
  return (event: DynamoDBStreamEvent, context) => handler(event, context)
}
