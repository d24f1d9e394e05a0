import { CreateTableCommand, DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { describe, expect, test } from 'vitest'
import { dynamodbLedger } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger, type ConsumerOptions } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { createEventSourceMapping, type FailureDocument } from '../../src/testing.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()
let tableCount = 0

/** A table with a stream, and what a test does with it. */
async function streamTable() {
  const TableName = `orders-${(tableCount += 1)}`
  const { TableDescription } = await tables.client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  const set = (pk: string, value: number) =>
    tables.client.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: { S: pk } },
        UpdateExpression: 'SET #v = :v',
        ExpressionAttributeNames: { '#v': 'value' },
        ExpressionAttributeValues: { ':v': { N: String(value) } },
      }),
    )
  const put = (pk: string) => tables.client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk } } }))
  const remove = (pk: string) => tables.client.send(new DeleteItemCommand({ TableName, Key: { pk: { S: pk } } }))
  return { streamArn: TableDescription?.LatestStreamArn ?? '', set, put, remove }
}

/** Runs a consumer behind a mapping until the stream is worked off. */
async function consume(
  streamArn: string,
  options: Pick<ConsumerOptions, 'handler'> & Partial<ConsumerOptions>,
  mappingOptions = {},
) {
  const given: FailureDocument[] = []
  const streams = new DynamoDBStreamsClient(tables.server.clientConfig)
  const mapping = createEventSourceMapping({
    streams,
    streamArn,
    startingPosition: 'TRIM_HORIZON',
    functionResponseTypes: ['ReportBatchItemFailures'],
    handler: createLambdaHandler(createConsumer({ name: 'c', logger: silentLogger, ...options })),
    onFailure: { kind: 's3', send: (document) => void given.push(document) },
    pollIntervalMs: 10,
    retryDelayMs: 1,
    ...mappingOptions,
  })
  await mapping.start()
  try {
    await mapping.drain()
  } finally {
    await mapping.stop()
    streams.destroy()
  }
  return given
}

describe.each(['retry', 'park'] as const)("on a real stream (uncertain: '%s')", (uncertain) => {
  test('A:100, A:101 failing once, B:102, A:103 leave A at 103, each effect once', async () => {
    const { streamArn, set } = await streamTable()
    for (const [item, value] of [
      ['A', 100],
      ['A', 101],
      ['B', 102],
      ['A', 103],
    ] as const)
      await set(item, value)
    const effects: number[] = []
    const projection = new Map<unknown, unknown>()
    let failures = 1
    await consume(streamArn, {
      retry: { maxAttempts: 1 },
      ledger: dynamodbLedger({ client: tables.client, tableName: await tables.create(), uncertain }),
      handler({ keys, newImage }) {
        const value = Number(newImage?.['value'])
        if (value === 101 && failures-- > 0) throw new Error('transient')
        effects.push(value)
        projection.set(keys['pk'], value)
      },
    })
    expect(projection).toEqual(
      new Map([
        ['A', 103],
        ['B', 102],
      ]),
    )
    expect(effects.filter((value) => value !== 102)).toEqual([100, 101, 103])
    expect(effects.length).toBe(4)
  })

  test('a poison record ends alone in the dead letters, and everything else takes effect once', async () => {
    const { streamArn, put } = await streamTable()
    const keys = Array.from({ length: 40 }, (_, n) => `m${n}`)
    for (const key of keys) await put(key)
    const effects: string[] = []
    const given = await consume(
      streamArn,
      {
        retry: { maxAttempts: 1 },
        ledger: dynamodbLedger({ client: tables.client, tableName: await tables.create(), uncertain }),
        handler({ keys: { pk } }) {
          if (pk === 'm17') throw new Error('poison')
          effects.push(String(pk))
        },
      },
      { batchSize: 10, bisectBatchOnFunctionError: true, maximumRetryAttempts: 2 },
    )
    expect(effects.toSorted()).toEqual(keys.filter((key) => key !== 'm17').toSorted())
    expect(given.map(({ DDBStreamBatchInfo: { batchSize } }) => batchSize)).toEqual([1])
    expect(given[0]?.payload?.Records[0]?.dynamodb?.Keys).toEqual({ pk: { S: 'm17' } })
  })

  test('batches of one shard side by side keep the order of each item', async () => {
    const { streamArn, set } = await streamTable()
    for (let round = 1; round <= 10; round += 1)
      await Promise.all(Array.from({ length: 8 }, (_, item) => set(`i${item}`, round)))
    const seen = new Map<unknown, number[]>()
    await consume(
      streamArn,
      {
        retry: { maxAttempts: 1 },
        ledger: dynamodbLedger({ client: tables.client, tableName: await tables.create(), uncertain }),
        async handler({ keys: { pk }, newImage }) {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
          if (Math.random() < 0.1) throw new Error('transient')
          seen.set(pk, [...(seen.get(pk) ?? []), Number(newImage?.['value'])])
        },
      },
      { batchSize: 7, parallelizationFactor: 5 },
    )
    for (const values of seen.values()) expect(values).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(seen.size).toBe(8)
  })
})

test("with identity 'message' a message that is put again after it was deleted takes effect once", async () => {
  const { streamArn, put, remove } = await streamTable()
  for (const key of ['a', 'b']) await put(key)
  await remove('a')
  await put('a')
  await put('b')
  const effects: string[] = []
  await consume(streamArn, {
    select: { eventName: ['INSERT'] },
    identity: 'message',
    ledger: dynamodbLedger({ client: tables.client, tableName: await tables.create() }),
    handler: ({ keys }) => void effects.push(String(keys['pk'])),
  })
  expect(effects).toEqual(['a', 'b'])
})

test('what a real stream carries is decoded: every type, both images, keys, times', async () => {
  const { streamArn, put, remove } = await streamTable()
  await put('a')
  await remove('a')
  const events: object[] = []
  await consume(streamArn, { handler: (record) => void events.push(record) })
  expect(events).toMatchObject([
    {
      eventName: 'INSERT',
      keys: { pk: 'a' },
      newImage: { pk: 'a' },
      expired: false,
      region: expect.stringMatching(/local$/) as string,
    },
    { eventName: 'REMOVE', keys: { pk: 'a' }, oldImage: { pk: 'a' }, viewType: 'NEW_AND_OLD_IMAGES', streamArn },
  ])
})
