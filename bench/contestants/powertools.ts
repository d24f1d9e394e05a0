import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import type { Make } from './contestant.ts'

/** A function with Powertools' batch processor and idempotency, as its documentation combines them. */
export const make: Make = (awsSdkV3Client, tableName, effect) => {
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'eventID' })
  const processor = new BatchProcessor(EventType.DynamoDBStreams)
  const recordHandler = makeIdempotent(
    async (record: DynamoDBRecord) => {
      effect(unmarshall(record.dynamodb?.NewImage as Parameters<typeof unmarshall>[0]))
    },
    { persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client }), config },
  )
  return async (event, context) => {
    config.registerLambdaContext(context)
    return processPartialResponse(event, recordHandler, processor, { context })
  }
}
