import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB, type EmbeddedServer } from '../../embedded/embedded.ts'
import { ConfigurationError } from '../../errors.ts'
import { applyEmbedded } from '../aws/aws-environment.ts'
import type { Connection } from '../aws/dynamodb-connection.ts'
import type { EmbeddedOptions, RunOptions } from './run-options.ts'

/** A connection to the DynamoDB in this process, which other programs reach as well. */
export interface EmbeddedConnection extends Connection {
  readonly endpoint: string
  readonly region: string
}

/** Starts DynamoDB in this process and creates those tables that it does not have yet. */
export async function startEmbedded(
  embedded: EmbeddedOptions,
  { tableNames, aws: { region = 'local' } }: RunOptions,
): Promise<EmbeddedConnection> {
  const { persistTo, port } = embedded
  const engine = createEmbeddedDynamoDB({ region, ...(persistTo === undefined ? {} : { persistTo }) })
  try {
    const { endpoint, clientConfig } = await listening(engine, port)
    for (const tableName of tableNames) await createIfMissing(engine, tableName)
    applyEmbedded(endpoint, region, process.env)
    const [dynamodb, streams] = [new DynamoDBClient(clientConfig), new DynamoDBStreamsClient(clientConfig)]
    const close = async () => {
      dynamodb.destroy()
      streams.destroy()
      await engine.close()
    }
    return { dynamodb, streams, endpoint, region, place: `the embedded DynamoDB at ${endpoint}`, close }
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function listening(engine: EmbeddedDynamoDB, port: number): Promise<EmbeddedServer> {
  try {
    return await engine.listen({ port })
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: unknown } }
    if (cause?.code !== 'EADDRINUSE') throw error
    throw new ConfigurationError(`--port ${port} is in use: is the command running already?`, { cause: error })
  }
}

async function createIfMissing(engine: EmbeddedDynamoDB, tableName: string): Promise<void> {
  const create = new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  })
  try {
    await engine.send(create)
  } catch (error) {
    if ((error as { readonly name?: unknown }).name !== 'ResourceInUseException') throw error
  }
}
