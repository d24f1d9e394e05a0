import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  ScanCommand,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { createConsumer, silentLogger } from 'tidemark'
import { createTidemarkTable, dynamodbTransactionLedger } from 'tidemark/dynamodb'
import { dynamoDBLocalMissing, startDynamoDBLocal } from 'tidemark/testing'
import { clientOf } from './support/dynamodb-tables.ts'
import { compareEffects, effectsHeader, effectsNotes, recordCount, serveOrCompare, workAll } from './support/effects.ts'
import type { Span } from './support/span.ts'
import { pagesReadAhead, type StreamService } from './support/stream-service.ts'
import { printTable, type Row, shown } from './support/table.ts'

// Effects in another table of DynamoDB: an update for each record in TransactWriteItems, by the SDK's client over HTTP.

/** Where the effects and their marks are. */
interface Effects {
  readonly label: string
  readonly client: DynamoDBClient
  /** So much longer takes each request, also of the stream's. */
  readonly requestMs: number
}

let tables = 0

type Send = (...parameters: readonly unknown[]) => Promise<unknown>

/** The same client, whose `send` is another one that gets the client's own. */
function sending<Client extends { readonly send: unknown }>(client: Client, around: (send: Send) => Send): Client {
  const send = around((...parameters) => (client.send as Send).apply(client, [...parameters]))
  return Object.assign(Object.create(client) as Client, { send })
}

/** A client of which each request takes so much longer. */
function delayed<Client extends { readonly send: unknown }>(client: Client, ms: number): Client {
  if (ms === 0) return client
  return sending(client, (send) => async (...parameters) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return send(...parameters)
  })
}

/** A client that tells the span of its transactions. */
function observed(client: DynamoDBClient, span: Span): DynamoDBClient {
  return sending(client, (send) => (...parameters) => {
    const answer = send(...parameters)
    return parameters[0] instanceof TransactWriteItemsCommand ? span.around(answer) : answer
  })
}

function update(totals: string, { pk, total }: { readonly [name: string]: unknown }): TransactWriteItem {
  return {
    Update: {
      TableName: totals,
      Key: { pk: { S: String(pk) } },
      UpdateExpression: 'ADD #total :total',
      ExpressionAttributeNames: { '#total': 'total' },
      ExpressionAttributeValues: { ':total': { N: String(total) } },
    },
  }
}

async function bare({ streams, streamArn }: StreamService, effects: DynamoDBClient, totals: string): Promise<void> {
  for await (const records of pagesReadAhead(streams, streamArn))
    for (let at = 0; at < records.length; at += 100) {
      const slice = records.slice(at, at + 100)
      const TransactItems = slice.map((record) => update(totals, unmarshall(record.dynamodb?.NewImage ?? {})))
      await effects.send(new TransactWriteItemsCommand({ TransactItems }))
    }
}

function worker(service: StreamService, effects: DynamoDBClient, totals: string): Promise<void> {
  return workAll(service, (name, handled) =>
    createConsumer({
      name,
      logger: silentLogger,
      ledger: dynamodbTransactionLedger({ client: effects, tableName: 'tidemark' }),
      handler({ newImage }, { transaction }) {
        transaction.update(totals, { pk: String(newImage?.['pk']) }, { add: { total: Number(newImage?.['total']) } })
        handled()
      },
    }),
  )
}

async function createTotals(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  )
}

async function assertApplied(client: DynamoDBClient, TableName: string): Promise<void> {
  let count = 0
  let ExclusiveStartKey: Parameters<typeof unmarshall>[0] | undefined
  do {
    const page = await client.send(new ScanCommand({ TableName, Select: 'COUNT', ExclusiveStartKey } as never))
    count += page.Count ?? 0
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
  if (count !== recordCount) throw new Error(`'${TableName}' has ${count} of ${recordCount} items`)
}

function compare(service: StreamService, { label, client, requestMs }: Effects): Promise<Row> {
  return compareEffects(label, async (name, span) => {
    const totals = `totals-${(tables += 1)}`
    await createTotals(client, totals)
    const slowed = {
      ...service,
      dynamodb: delayed(service.dynamodb, requestMs),
      streams: delayed(service.streams, requestMs),
    }
    await { bare, worker }[name](slowed, observed(delayed(client, requestMs), span), totals)
    await assertApplied(client, totals)
    await client.send(new DeleteTableCommand({ TableName: totals }))
  })
}

async function compareInDynamoDBLocal(service: StreamService): Promise<Row[]> {
  const missing = dynamoDBLocalMissing()
  if (missing !== undefined) {
    console.log(`DynamoDB Local is left out: ${missing}`)
    return []
  }
  const local = await startDynamoDBLocal()
  try {
    const client = clientOf(local)
    await createTidemarkTable({ client, tableName: 'tidemark' })
    return [await compare(service, { label: 'effects in DynamoDB Local', client, requestMs: 0 })]
  } finally {
    await local.stop()
  }
}

await serveOrCompare(async (service) => {
  const client = service.dynamodb
  await createTidemarkTable({ client, tableName: 'tidemark' })
  const rows = [
    await compare(service, { label: 'as the engine answers', client, requestMs: 0 }),
    await compare(service, { label: '5 ms a request more', client, requestMs: 5 }),
    ...(await compareInDynamoDBLocal(service)),
  ]
  const title = `${shown(recordCount)} records of one shard, an update each in DynamoDB, records a second`
  printTable(title, effectsHeader, rows, effectsNotes)
})
