import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { describe, expect, test } from 'vitest'
import { createTidemarkTable, dynamodbLedger, type DynamoDBSender } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import {
  createEmbeddedDynamoDB,
  createEventSourceMapping,
  type EmbeddedDynamoDB,
  ledgerConformance,
  type StreamsClient,
} from '../../src/testing.ts'
import { thingsTable } from './new-database.ts'

interface Access {
  readonly client: DynamoDBSender
  readonly streams: StreamsClient
  close(): Promise<void>
}

const ways: Record<string, (embedded: EmbeddedDynamoDB) => Promise<Access>> = {
  send: async (embedded) => ({ client: embedded, streams: embedded, close: () => embedded.close() }),
  HTTP: async (embedded) => {
    const { clientConfig } = await embedded.listen()
    const client = new DynamoDBClient(clientConfig)
    const streams = new DynamoDBStreamsClient(clientConfig)
    const close = async () => {
      client.destroy()
      streams.destroy()
      await embedded.close()
    }
    return { client, streams, close }
  },
}

describe.each(Object.entries(ways))('the package runs on it through %s', (_way, access) => {
  test.each(['retry', 'park'] as const)(
    "each change takes effect once and in order, over splits and failures (uncertain: '%s')",
    async (uncertain) => {
      const embedded = createEmbeddedDynamoDB({ streams: { initialShardCount: 2 } })
      const { client, streams, close } = await access(embedded)
      embedded.execute('CreateTable', thingsTable)
      await createTidemarkTable({ client, tableName: 'tidemark' })
      const seen = new Map<unknown, number[]>()
      let failures = 5
      const consumer = createConsumer({
        name: 'c',
        logger: silentLogger,
        retry: { maxAttempts: 1 },
        ledger: dynamodbLedger({ client, tableName: 'tidemark', uncertain }),
        handler({ keys: { pk }, newImage }) {
          if (failures > 0 && newImage?.['value'] === 2 && failures-- > 0) throw new Error('transient')
          seen.set(pk, [...(seen.get(pk) ?? []), Number(newImage?.['value'])])
        },
      })
      const mapping = createEventSourceMapping({
        streams,
        streamArn: embedded.describeStream('things').streamArn,
        startingPosition: 'TRIM_HORIZON',
        functionResponseTypes: ['ReportBatchItemFailures'],
        handler: createLambdaHandler(consumer),
        pollIntervalMs: 5,
        retryDelayMs: 1,
      })
      await mapping.start()
      for (let value = 1; value <= 5; value += 1) {
        await Promise.all(Array.from({ length: 12 }, (_, item) => client.send(update(`item-${item}`, value))))
        if (value % 2 === 0) embedded.splitShard('things')
        if (value === 3) embedded.rollShards('things')
      }
      await mapping.drain()
      await mapping.stop()
      await close()
      expect(seen.size).toBe(12)
      for (const values of seen.values()) expect(values).toEqual([1, 2, 3, 4, 5])
    },
  )
})

function update(pk: string, value: number): UpdateItemCommand {
  return new UpdateItemCommand({
    TableName: 'things',
    Key: { pk: { S: pk } },
    UpdateExpression: 'SET #v = :v',
    ExpressionAttributeNames: { '#v': 'value' },
    ExpressionAttributeValues: { ':v': { N: String(value) } },
  })
}

describe('dynamodbLedger on it keeps the promises of ledgers', () => {
  const cases = ledgerConformance({
    async createLedger({ uncertain, clock, windowDays }) {
      const client = createEmbeddedDynamoDB({ clock })
      await createTidemarkTable({ client, tableName: 'tidemark' })
      return dynamodbLedger({ client, tableName: 'tidemark', uncertain, clock, windowDays })
    },
  })
  for (const { name, run } of cases) test(name, run)
})
