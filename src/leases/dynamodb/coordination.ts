import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { CoordinationError } from '../../errors.ts'
import { cancellationCodes, classifyAwsError } from '../../internal/aws-error.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import { type DynamoDBSender, type Request, TableSender } from '../../ledger/dynamodb/send.ts'
import type { FleetName } from '../coordination.ts'
import { absent, type Change, type Condition, conditionOf, updateOf } from './expressions.ts'
import type { RowKey } from './rows.ts'

/** What the tables of members and of leases are made of. */
export interface CoordinationOptions {
  readonly client: DynamoDBSender
  /** The coordination table; see `createTidemarkTable`. Many fleets, and ledgers, share one. */
  readonly tableName: string
  readonly fleet: FleetName
  readonly clock: Clock
  readonly random: Random
  /**
   * Milliseconds for which one request is tried, waits included. It must stay well below the lease's duration: a worker
   * whose heartbeat is stuck behind its own retries is given up for dead. @default 2_500, a quarter of the default lease
   */
  readonly retryForMs?: number
}

/** How a conditional write went, and the row: after it, or as it stood against it. */
export interface Written {
  readonly status: 'written' | 'refused'
  readonly row: Row | undefined
}

/** Talks to the coordination table. A condition that fails is an answer here; all else is a `CoordinationError`. */
export class CoordinationRequests {
  readonly tableName: string
  readonly #sender: TableSender
  readonly #random: Random

  constructor({ client, tableName, clock, random, retryForMs = 2_500 }: CoordinationOptions) {
    this.tableName = tableName
    this.#random = random
    this.#sender = new TableSender(client, tableName, clock, random, {
      // Ends by time; the count is for a clock that stands still.
      maxAttempts: 20,
      baseDelayMs: Math.max(1, retryForMs / 50),
      maxDelayMs: Math.max(1, retryForMs / 5),
      forMs: retryForMs,
      what: "the workers' coordination",
      actions: 'dynamodb:Query, GetItem, PutItem, UpdateItem, DeleteItem and ConditionCheckItem',
      failure: (message, options) => new CoordinationError(message, options),
    })
  }

  /** Strongly consistent. */
  async get(key: RowKey): Promise<Row | undefined> {
    const get = new GetItemCommand({ TableName: this.tableName, Key: key, ConsistentRead: true })
    return (await this.#sender.send('read', (client, options) => client.send(get, options))).Item
  }

  /** All rows of a partition whose sort key begins with `prefix`, in its order, however many pages they fill. */
  async query(pk: string, prefix: string | undefined, consistent: boolean): Promise<Row[]> {
    const found: Row[] = []
    let from: Row | undefined
    do {
      const page: QueryCommand = new QueryCommand({
        TableName: this.tableName,
        KeyConditionExpression: prefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix === undefined ? {} : { ':prefix': { S: prefix } }) },
        ConsistentRead: consistent,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      })
      const { Items = [], LastEvaluatedKey } = await this.#sender.send('read', (client, options) =>
        client.send(page, options),
      )
      found.push(...Items)
      from = LastEvaluatedKey
    } while (from !== undefined)
    return found
  }

  update(key: RowKey, change: Change, condition: Condition): Promise<Written> {
    const update = new UpdateItemCommand({
      TableName: this.tableName,
      Key: key,
      ...updateOf(change, condition),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    return this.#write((client, options) => client.send(update, options))
  }

  /** Puts a row where there is none. */
  putNew(row: Row): Promise<Written> {
    const put = new PutItemCommand({
      TableName: this.tableName,
      Item: row,
      ...conditionOf(absent),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    return this.#write((client, options) => client.send(put, options))
  }

  /** Deletes a row. One that is not there counts as deleted where the condition allows for that. */
  delete(key: RowKey, condition: Condition | undefined): Promise<Written> {
    const remove = new DeleteItemCommand({
      TableName: this.tableName,
      Key: key,
      ...(condition && { ...conditionOf(condition), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    })
    return this.#write((client, options) => client.send(remove, options))
  }

  /**
   * All actions or none; for each action whether its condition was what stood against it. DynamoDB remembers the token for
   * ten minutes: a repetition whose first reply was lost is answered like the first, and one that arrives late does nothing.
   */
  async transact(actions: TransactWriteItem[]): Promise<'committed' | readonly boolean[]> {
    const write = new TransactWriteItemsCommand({ TransactItems: actions, ClientRequestToken: this.#random.id() })
    try {
      await this.#sender.send('write', (client, options) => client.send(write, options))
      return 'committed'
    } catch (error) {
      if (classifyAwsError(error) !== 'transaction-canceled') throw error
      return cancellationCodes(error).map((code) => code === 'ConditionalCheckFailed')
    }
  }

  async #write(request: Request<{ readonly Attributes?: Row | undefined }>): Promise<Written> {
    try {
      const { Attributes } = await this.#sender.send('write', request)
      return { status: 'written', row: Attributes }
    } catch (error) {
      if (classifyAwsError(error) !== 'conditional-check-failed') throw error
      return { status: 'refused', row: (error as { readonly Item?: Row }).Item }
    }
  }
}
