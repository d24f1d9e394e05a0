import { CreateTableCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processFailureDocument } from '../../src/dead-letters.ts'
import { dynamodbLedger } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger, TerminalError } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { createEventSourceMapping, type FailureDocument } from '../../src/testing.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()
let streams: DynamoDBStreamsClient
beforeAll(() => {
  streams = new DynamoDBStreamsClient(tables.server.clientConfig)
})
afterAll(() => streams.destroy())

/** A table in whose stream are three changes of each of three items. */
async function changedTable(TableName: string): Promise<string> {
  const { TableDescription } = await tables.client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  for (const value of [1, 2, 3])
    for (const pk of ['A', 'B', 'C'])
      await tables.client.send(
        new UpdateItemCommand({
          TableName,
          Key: { pk: { S: pk } },
          UpdateExpression: 'SET #v = :v',
          ExpressionAttributeNames: { '#v': 'value' },
          ExpressionAttributeValues: { ':v': { N: String(value) } },
        }),
      )
  return TableDescription?.LatestStreamArn ?? ''
}

describe.each(['s3', 'sqs'] as const)('what Lambda gave up, from its documents (%s)', (kind) => {
  test('is processed once it can be: each change took effect once, in the order of its item', async () => {
    const streamArn = await changedTable(`given-up-${kind}`)
    const effects: string[] = []
    let isBroken = true
    const consumer = createConsumer({
      name: `receipts-${kind}`,
      logger: silentLogger,
      ledger: dynamodbLedger({ client: tables.client, tableName: await tables.create() }),
      handler({ keys, newImage }) {
        if (isBroken && keys['pk'] !== 'B') throw new TerminalError('not yet')
        effects.push(`${String(keys['pk'])}${String(newImage?.['value'])}`)
      },
    })
    const documents: FailureDocument[] = []
    const mapping = createEventSourceMapping({
      streams,
      streamArn,
      startingPosition: 'TRIM_HORIZON',
      functionResponseTypes: ['ReportBatchItemFailures'],
      handler: createLambdaHandler(consumer),
      maximumRetryAttempts: 1,
      onFailure: { kind, send: (document) => void documents.push(document) },
      pollIntervalMs: 10,
      retryDelayMs: 1,
    })
    await mapping.start()
    await mapping.drain()
    await mapping.stop()
    expect(effects.filter((effect) => !effect.startsWith('B'))).toEqual([])
    expect(documents.length).toBeGreaterThan(0)
    expect(documents.every(({ payload }) => (payload !== undefined) === (kind === 's3'))).toBe(true)

    const incomplete = processFailureDocument(consumer, documents[0], { streams })
    await expect(incomplete).rejects.toMatchObject({ code: 'ERR_BATCH_INCOMPLETE' })

    isBroken = false
    for (const document of documents) await processFailureDocument(consumer, JSON.stringify(document), { streams })
    for (const pk of ['A', 'B', 'C'])
      expect(effects.filter((effect) => effect.startsWith(pk))).toEqual([`${pk}1`, `${pk}2`, `${pk}3`])
  })
})
