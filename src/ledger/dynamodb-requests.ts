import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type KeysAndAttributes,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { LedgerError } from '../errors.ts'
import { classifyAwsError, isTransientAwsError } from '../internal/aws-error.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { retryDelayMs } from '../handler/retry-policy.ts'
import type { Row } from './dynamodb-rows.ts'

/** The part of the SDK's client that is used: anything that takes its commands will do. */
export type DynamoDBSender = Pick<DynamoDBClient, 'send'>

/** AWS: a BatchWriteItem takes 25 rows. */
export const rowsPerWrite = 25
/** AWS: a BatchGetItem takes 100 keys. */
export const rowsPerRead = 100

// About ten seconds in all. Whoever waits for less than that has a deadline of its own and does not wait for us.
const attempts = { maxAttempts: 9, baseDelayMs: 50, maxDelayMs: 3_000 }

/** Talks to one table; whatever passes by itself (throttling, network, items left over) is tried again here. */
export class TableRequests {
  readonly tableName: string
  readonly #client: DynamoDBSender
  readonly #clock: Clock
  readonly #random: Random

  constructor(client: DynamoDBSender, tableName: string, clock: Clock, random: Random) {
    this.#client = client
    this.tableName = tableName
    this.#clock = clock
    this.#random = random
  }

  /** Reads rows, strongly consistent: a mark written a moment ago must be seen. At most `rowsPerRead` keys, none twice. */
  async read(keys: readonly Row[]): Promise<Row[]> {
    const found: Row[] = []
    let request: KeysAndAttributes | undefined = { Keys: [...keys], ConsistentRead: true }
    for (let attempt = 1; request !== undefined; attempt += 1) {
      const read: BatchGetItemCommand = new BatchGetItemCommand({ RequestItems: { [this.tableName]: request } })
      const { Responses, UnprocessedKeys } = await this.send('read', (client) => client.send(read))
      found.push(...(Responses?.[this.tableName] ?? []))
      request = UnprocessedKeys?.[this.tableName]
      if (request !== undefined) await this.#waitForRest('read', request.Keys?.length ?? 0, attempt)
    }
    return found
  }

  /** Puts rows without conditions, all of them: what DynamoDB leaves over is sent again. At most `rowsPerWrite`. */
  async write(rows: readonly Row[]): Promise<void> {
    let rest: WriteRequest[] = rows.map((Item) => ({ PutRequest: { Item } }))
    for (let attempt = 1; rest.length > 0; attempt += 1) {
      const write = new BatchWriteItemCommand({ RequestItems: { [this.tableName]: rest } })
      const { UnprocessedItems } = await this.send('write', (client) => client.send(write))
      rest = UnprocessedItems?.[this.tableName] ?? []
      if (rest.length > 0) await this.#waitForRest('write', rest.length, attempt)
    }
  }

  /**
   * Sends a request that may safely be sent again: one without a condition, or one whose condition tells its own earlier
   * success apart. Throws the client's error where trying again can't help, a `LedgerError` once it has not helped.
   */
  async send<Result>(verb: 'read' | 'write', request: (client: DynamoDBSender) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await request(this.#client)
      } catch (error) {
        if (classifyAwsError(error) === 'conditional-check-failed') throw error
        if (!isTransientAwsError(error) || attempt >= attempts.maxAttempts) throw this.#failure(verb, error)
        await this.#clock.sleep(retryDelayMs(attempts, attempt, this.#random))
      }
    }
  }

  async #waitForRest(verb: 'read' | 'write', count: number, attempt: number): Promise<void> {
    if (attempt >= attempts.maxAttempts)
      throw new LedgerError(
        `could not ${verb} ${count} rows of table '${this.tableName}': DynamoDB left them over ${attempt} times; ` +
          `the table is short of capacity`,
        { retryable: true },
      )
    await this.#clock.sleep(retryDelayMs(attempts, attempt, this.#random))
  }

  #failure(verb: 'read' | 'write', error: unknown): LedgerError {
    const advice = adviceFor(classifyAwsError(error), this.tableName)
    const said = error instanceof Error ? error.message : String(error)
    return new LedgerError(`could not ${verb} the ledger in table '${this.tableName}': ${said}${advice}`, {
      cause: error,
      retryable: isTransientAwsError(error),
    })
  }
}

function adviceFor(kind: ReturnType<typeof classifyAwsError>, tableName: string): string {
  switch (kind) {
    case 'resource-not-found':
      return `; create the table with createTidemarkTable({ client, tableName: '${tableName}' }), in the client's region`
    case 'access-denied':
      return '; allow dynamodb:BatchGetItem, BatchWriteItem, GetItem and UpdateItem on it'
    case 'credentials':
      return '; check the credentials and the region of the client'
    case 'validation':
      return '; the table needs the key schema pk (string, HASH), sk (string, RANGE), as createTidemarkTable makes it'
    case 'throttled':
      return '; the table is short of capacity'
    default:
      return ''
  }
}
