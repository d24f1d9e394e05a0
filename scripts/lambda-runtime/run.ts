import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTidemarkTable } from '../../src/dynamodb.ts'
import { startDynamoDBLocal } from '../../src/testing/dynamodb-local.ts'
import { startFunction } from './function.ts'
import { startRuntimeApi } from './runtime-api.ts'
import { installRuntimeClient } from './runtime-client.ts'

// The handler inside Lambda's own runtime client: a batch that does not fit into its invocation is settled as far as the
// time reaches, and Lambda, going by the answer, brings the rest and nothing but the rest.

// The SDK's notice about Node 20, which the function would inherit as an error in its log.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

const records = Array.from({ length: 20 }, (_, index) => streamRecord(index + 1))
const numbers = records.map((record) => record.dynamodb.SequenceNumber)

const client = installRuntimeClient()
const folder = mkdtempSync(join(tmpdir(), 'tidemark-lambda-'))
const runsFile = join(folder, 'runs')
writeFileSync(runsFile, '')
const server = await startDynamoDBLocal()
await createTidemarkTable({ client: new DynamoDBClient(server.clientConfig), tableName: 'tidemark' })
const api = await startRuntimeApi()
const lambda = await startFunction(client, folder, {
  AWS_LAMBDA_RUNTIME_API: api.address,
  AWS_REGION: server.clientConfig.region,
  AWS_ACCESS_KEY_ID: server.clientConfig.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.clientConfig.credentials.secretAccessKey,
  CHECK_ENDPOINT: server.endpoint,
  CHECK_TABLE: 'tidemark',
  CHECK_RUNS: runsFile,
})

try {
  await check()
} finally {
  await lambda.stop()
  api.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function check(): Promise<void> {
  assert.deepEqual(await deliver(0, 10_000, 0), { frontier: 0, ran: [] })
  passed('an empty batch is answered, and the cold start is over')

  const first = await deliver(20, 2_000, 0)
  assert.ok(first.ran.length > 0 && first.ran.length < records.length, `${first.ran.length} of 20 records ran in 2 s`)
  assert.deepEqual(first.ran, numbers.slice(0, first.ran.length))
  assert.equal(first.frontier, first.ran.length)
  passed(`20 records of 150 ms in 2 s: ${first.ran.length} ran, the one failure is the first that did not start`)

  const second = await deliver(20, 60_000, first.frontier)
  assert.deepEqual(second, { frontier: 20, ran: numbers.slice(first.frontier) })
  passed(`the rest again: each of the ${second.ran.length} ran once, none of the first ${first.ran.length} ran again`)

  assert.deepEqual(await deliver(20, 60_000, 0), { frontier: 20, ran: [] })
  passed('all 20 again: nothing ran, so all of them are in the ledger')
}

/** Delivers the records from..to and says which of all records is the first unsettled one, and which handlers ran. */
async function deliver(to: number, timeoutMs: number, from: number) {
  const before = runs().length
  const start = performance.now()
  const { outcome, body } = await api.invoke({ Records: records.slice(from, to) }, timeoutMs)
  assert.ok(performance.now() - start < timeoutMs, 'Lambda would have killed the function before its answer')
  assert.equal(outcome, 'response', JSON.stringify(body))
  const { batchItemFailures } = body as { batchItemFailures: { itemIdentifier: string }[] }
  const [failure, ...more] = batchItemFailures
  assert.deepEqual(more, [])
  return { frontier: failure ? numbers.indexOf(failure.itemIdentifier) : to, ran: runs().slice(before) }
}

function runs(): readonly string[] {
  return readFileSync(runsFile, 'utf8').split('\n').slice(0, -1)
}

function passed(what: string): void {
  console.log(`ok: ${what}`)
}

function streamRecord(index: number) {
  return {
    eventID: `event-${index}`,
    eventName: 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    eventSourceARN: 'arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      ApproximateCreationDateTime: 1_767_225_600 + index,
      Keys: { id: { S: `order-${index}` } },
      NewImage: { id: { S: `order-${index}` }, total: { N: `${index}` } },
      SequenceNumber: `${100_000_000_000_000_000_000n + BigInt(index)}`,
      SizeBytes: 42,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  }
}
