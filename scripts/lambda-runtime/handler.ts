import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { dynamodbLedger } from '../../src/dynamodb.ts'
import { createConsumer } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'

const { CHECK_ENDPOINT = '', CHECK_TABLE = '', CHECK_RUNS = '' } = process.env

const consumer = createConsumer({
  name: 'lambda-runtime-check',
  ledger: dynamodbLedger({ client: new DynamoDBClient({ endpoint: CHECK_ENDPOINT }), tableName: CHECK_TABLE }),
  concurrency: 1,
  handler: async ({ sequenceNumber }) => {
    appendFileSync(CHECK_RUNS, `${sequenceNumber}\n`)
    await sleep(150) // deaf to the signal: what runs at the deadline must come to its end and count
  },
})

export const handler = createLambdaHandler(consumer)
