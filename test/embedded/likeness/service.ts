import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreams } from '@aws-sdk/client-dynamodb-streams'
import { createEmbeddedDynamoDB } from '../../../src/embedded/embedded.ts'
import { startDynamoDBLocal } from '../../../src/testing/dynamodb-local.ts'

/** One of the two that are compared. Operations of both of DynamoDB's services go to it by name. */
export interface Service {
  execute(operation: string, input: object): Promise<object>
}

export interface LocalService extends Service {
  stop(): Promise<void>
}

export async function startLocal(): Promise<LocalService> {
  const server = await startDynamoDBLocal()
  const setting = { ...server.clientConfig, maxAttempts: 1 }
  const [data, streams] = [new DynamoDB(setting), new DynamoDBStreams(setting)]
  return {
    execute: (operation, input) => call(operation in streamOperations ? streams : data, operation, input),
    stop: async () => {
      data.destroy()
      streams.destroy()
      await server.stop()
    },
  }
}

export function newEmbedded(): Service {
  const embedded = createEmbeddedDynamoDB()
  return { execute: async (operation, input) => embedded.execute(operation, input) }
}

const streamOperations = { DescribeStream: true, GetShardIterator: true, GetRecords: true }

// The aggregated clients have a method for each operation: no list of command classes to keep.
async function call(client: object, operation: string, input: object): Promise<object> {
  const method: unknown = Reflect.get(client, `${operation.slice(0, 1).toLowerCase()}${operation.slice(1)}`)
  if (typeof method !== 'function') throw new Error(`the SDK has no ${operation}`)
  return (await Reflect.apply(method, client, [input])) as object // an output, whichever
}
