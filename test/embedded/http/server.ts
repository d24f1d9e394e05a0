import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreams } from '@aws-sdk/client-dynamodb-streams'
import { afterEach } from 'vitest'
import {
  createEmbeddedDynamoDB,
  type EmbeddedDynamoDB,
  type EmbeddedDynamoDBOptions,
  type EmbeddedServer,
} from '../../../src/testing.ts'

/** An embedded engine behind a port, and the SDK's clients of it. */
export interface Served {
  readonly embedded: EmbeddedDynamoDB
  readonly server: EmbeddedServer
  readonly db: DynamoDB
  readonly streams: DynamoDBStreams
}

const open: Served[] = []

/** Starts one for the test that runs; it is closed after it. */
export async function serve(options: EmbeddedDynamoDBOptions = {}): Promise<Served> {
  const embedded = createEmbeddedDynamoDB(options)
  const server = await embedded.listen()
  const db = new DynamoDB({ ...server.clientConfig, maxAttempts: 1 })
  const streams = new DynamoDBStreams({ ...server.clientConfig, maxAttempts: 1 })
  const served = { embedded, server, db, streams }
  open.push(served)
  return served
}

afterEach(async () => {
  for (const { embedded, db, streams } of open.splice(0)) {
    db.destroy()
    streams.destroy()
    await embedded.close()
  }
})
