import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Context, DynamoDBStreamEvent } from 'aws-lambda'

/** A function as Lambda invokes it. */
export type Function = (
  event: DynamoDBStreamEvent,
  context: Context,
) => Promise<{ readonly batchItemFailures: readonly unknown[] }>

/** Makes a function that remembers in a table what it has done, and hands each new image, decoded, to the effect. */
export type Make = (client: DynamoDBClient, tableName: string, effect: (image: unknown) => void) => Function
