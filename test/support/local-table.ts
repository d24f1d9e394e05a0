import { DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll } from 'vitest'
import { createTidemarkTable } from '../../src/dynamodb.ts'
import {
  createEmbeddedDynamoDB,
  dynamoDBLocalMissing,
  startDynamoDBLocal,
  type DynamoDBLocal,
} from '../../src/testing.ts'

type Server = Pick<DynamoDBLocal, 'clientConfig' | 'stop'>

/** A DynamoDB for one test file, and tables in it. */
export interface LocalTables {
  readonly client: DynamoDBClient
  readonly server: Server
  /** A new empty tidemark table. */
  create(): Promise<string>
}

/** Starts a server before the file's tests and stops it after them: DynamoDB Local, or the embedded engine over HTTP. */
export function localTables(): LocalTables {
  let server: Server | undefined
  let client: DynamoDBClient | undefined
  let count = 0
  beforeAll(async () => {
    server = await startServer()
    client = new DynamoDBClient(server.clientConfig)
  })
  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })
  const started = <Thing>(thing: Thing | undefined): Thing => {
    if (thing === undefined) throw new Error('the server is started before the tests, not while they are collected')
    return thing
  }
  return {
    get client() {
      return started(client)
    },
    get server() {
      return started(server)
    },
    async create() {
      const tableName = `tidemark-${(count += 1)}`
      await createTidemarkTable({ client: started(client), tableName })
      // DynamoDB Local goes by the real time: it would delete what is written by the clock of a test that stands in the past.
      const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: false }
      await started(client).send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }))
      return tableName
    },
  }
}

async function startServer(): Promise<Server> {
  const isEmbedded = process.env['TEST_ENGINE'] === 'embedded' || dynamoDBLocalMissing() !== undefined
  if (!isEmbedded) return startDynamoDBLocal()
  const engine = createEmbeddedDynamoDB()
  const { clientConfig } = await engine.listen()
  return { clientConfig, stop: () => engine.close() }
}
