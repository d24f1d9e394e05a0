import { DynamoDB } from '@aws-sdk/client-dynamodb'
import type { Database, DataOperation } from '../../src/embedded/database.ts'
import { compareTexts } from '../../src/embedded/expression/compare-values.ts'
import { ServiceError } from '../../src/embedded/service-error.ts'
import { startDynamoDBLocal } from '../../src/testing/dynamodb-local.ts'
import { newDatabase } from './new-database.ts'

/** What came of one operation: its output, or the error that it ended with. */
export type Outcome =
  { readonly output: object } | { readonly error: string; readonly message: string; readonly fields: object }

/** A step of a program. */
export interface Step {
  readonly operation: DataOperation
  readonly input: object
}

/** DynamoDB Local and an embedded database, for running the same on both. */
export interface Both {
  readonly database: Database
  onLocal(step: Step): Promise<Outcome>
  onEmbedded(step: Step): Outcome
  run(step: Step): Promise<{ readonly local: Outcome; readonly embedded: Outcome }>
  stop(): Promise<void>
}

/** Starts a DynamoDB Local and makes an embedded database, both empty. */
export async function startBoth(): Promise<Both> {
  const server = await startDynamoDBLocal()
  const client = new DynamoDB({ ...server.clientConfig, maxAttempts: 1 })
  const { database } = newDatabase()
  const onLocal = async (step: Step): Promise<Outcome> => {
    try {
      return { output: plain(await send(client, step)) }
    } catch (error) {
      return failure(error)
    }
  }
  const onEmbedded = ({ operation, input }: Step): Outcome => {
    try {
      return { output: plain(database.execute(operation, input)) }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error // ours, not the service's: a bug
      return failure(error)
    }
  }
  return {
    database,
    onLocal,
    onEmbedded,
    run: async (step) => ({ local: await onLocal(step), embedded: onEmbedded(step) }),
    stop: async () => {
      client.destroy()
      await server.stop()
    },
  }
}

// The aggregated client has a method for each operation: no list of command classes to keep.
function send(client: DynamoDB, { operation, input }: Step): Promise<object> {
  const method = `${operation.slice(0, 1).toLowerCase()}${operation.slice(1)}`
  const call: unknown = Reflect.get(client, method)
  if (typeof call !== 'function') throw new Error(`the SDK has no ${method}`)
  return Reflect.apply(call, client, [input]) as Promise<object>
}

function failure(error: unknown): Outcome {
  if (!(error instanceof Error)) throw error
  const { Item, CancellationReasons } = error as { Item?: object; CancellationReasons?: object[] }
  return { error: error.name, message: error.message, fields: plain({ Item, CancellationReasons }) }
}

/** Without what is no part of the answer: the SDK's metadata, fields that are not there, and the order in sets. */
function plain(output: object): object {
  return plainValue({ ...output, $metadata: undefined }) as object
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(
    entries.map(([name, field]): [string, unknown] =>
      (name === 'SS' || name === 'NS') && Array.isArray(field)
        ? [name, field.map(String).toSorted(compareTexts)]
        : [name, plainValue(field)],
    ),
  )
}
