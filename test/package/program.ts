import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { EventBridge } from '@aws-sdk/client-eventbridge'
import { S3 } from '@aws-sdk/client-s3'
import { SNS } from '@aws-sdk/client-sns'
import { SQS } from '@aws-sdk/client-sqs'
import type { DynamoDBStreamHandler, SQSEvent } from 'aws-lambda'
import {
  type ChangeRecord,
  createConsumer,
  type Handler,
  isTidemarkError,
  type Ledger,
  memoryLedger,
  RetryableError,
  TerminalError,
} from 'tidemark'
import {
  type DeadLetterSink,
  eventBridgeSink,
  processFailureDocument,
  readFailureDocument,
  s3Sink,
  snsSink,
  sqsSink,
} from 'tidemark/dead-letters'
import { createTidemarkTable, dynamodbLedger } from 'tidemark/dynamodb'
import { createLambdaHandler } from 'tidemark/lambda'
import {
  createEventSourceMapping,
  createManualClock,
  ledgerConformance,
  meter,
  startDynamoDBLocal,
} from 'tidemark/testing'
import { z } from 'zod'

// A user's program, compiled against the tarball under both ways of module resolution. It is not run.

const server = await startDynamoDBLocal()
const client = new DynamoDBClient(server.clientConfig)
await createTidemarkTable({ client, tableName: 'tidemark' })

const Order = z.object({ id: z.string(), total: z.number() })

const receipts = createConsumer({
  name: 'receipts',
  select: { eventName: ['INSERT'] },
  schema: { newImage: Order },
  identity: 'message',
  ledger: dynamodbLedger({ client, tableName: 'tidemark', windowDays: 7, uncertain: 'retry' }),
  retry: { maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 10_000 },
  onFailure: 'stop',
  concurrency: 10,
  handler: async (record, context) => {
    const event: 'INSERT' = record.eventName
    const total: number = record.newImage.total
    const nothing: undefined = record.oldImage
    if (total < 0) throw new TerminalError(`a negative total: ${total}`, { cause: { event, nothing } })
    if (context.signal.aborted) throw new RetryableError({ retryAfterMs: 1_000 })
    context.log.info('receipt sent', { key: context.idempotencyKey, attempt: context.attempt })
  },
})

export const handler: DynamoDBStreamHandler = createLambdaHandler(receipts)

export const keysOnly = createConsumer({
  name: 'keys-only',
  viewType: 'KEYS_ONLY',
  handler: (record) => {
    // @ts-expect-error the stream carries no images
    console.log(record.newImage, record.keys['id'])
  },
})

const everything: Handler<ChangeRecord> = (record) => {
  if (record.eventName === 'MODIFY') console.log(record.oldImage?.['total'], record.newImage?.['total'])
}
const ledger: Ledger = memoryLedger()
export const audit = createConsumer({ name: 'audit', ledger, handler: everything })

export const retryable = (error: unknown): boolean => isTidemarkError(error, 'ERR_LEDGER') && error.retryable

const s3 = new S3({})
const overflow = s3Sink({ client: s3, bucket: 'letters' })
export const sinks: readonly DeadLetterSink[] = [
  overflow,
  sqsSink({ client: new SQS({}), queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/letters', overflow }),
  snsSink({ client: new SNS({}), topicArn: 'arn:aws:sns:eu-central-1:123456789012:letters' }),
  eventBridgeSink({ client: new EventBridge({}), eventBusName: 'operations' }),
]
export async function redrive({ Records }: SQSEvent): Promise<void> {
  const streams = new DynamoDBStreamsClient({})
  for (const message of Records) {
    for await (const { records } of readFailureDocument(message, { streams, s3 })) console.log(records.length)
    const { handled, duplicate } = await processFailureDocument(receipts, message, { streams, s3, onGap: 'continue' })
    console.log(handled, duplicate)
  }
}

const { client: metered, usage } = meter(client)
const mapping = createEventSourceMapping({
  streams: new DynamoDBStreamsClient(server.clientConfig),
  streamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000',
  startingPosition: 'TRIM_HORIZON',
  functionResponseTypes: ['ReportBatchItemFailures'],
  handler: createLambdaHandler(audit),
})
await mapping.start()
await mapping.stop()

const cases = ledgerConformance({
  createLedger: ({ clock, uncertain }) => dynamodbLedger({ client: metered, tableName: 'tidemark', clock, uncertain }),
})
for (const { run } of cases) await run()
await createManualClock().advance(1_000)
console.log(usage().writeUnits)
await server.stop()
