import {
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { LedgerError } from '../../errors.ts'
import { cancellationCodes, classifyAwsError } from '../../internal/aws-error.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import { rowsPerRead, TableRequests } from '../../ledger/dynamodb/requests.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import { type DynamoDBSender, TableSender } from '../../ledger/dynamodb/send.ts'

/** A row that a condition was refused for, as it stood against it; `undefined` where the condition held. */
export type Refusal = { readonly row: Row | undefined } | undefined

/** Talks to the table of a parking lot. A condition that fails is an answer; all else is a `LedgerError`. */
export class ParkingRequests {
  readonly tableName: string
  readonly #reads: TableRequests
  readonly #sender: TableSender
  readonly #random: Random

  constructor(client: DynamoDBSender, tableName: string, clock: Clock, random: Random) {
    this.tableName = tableName
    this.#random = random
    this.#reads = new TableRequests(client, tableName, clock, random)
    this.#sender = new TableSender(client, tableName, clock, random, {
      // About ten seconds in all, as for a ledger.
      maxAttempts: 9,
      baseDelayMs: 50,
      maxDelayMs: 3_000,
      what: 'parked records',
      actions: 'dynamodb:BatchGetItem, Query, UpdateItem, PutItem, DeleteItem and ConditionCheckItem',
      failure: (message, options) => new LedgerError(message, options),
    })
  }

  /** Rows by their keys, strongly consistent, one request for each 100. */
  async read(keys: readonly Row[]): Promise<Row[]> {
    const chunks = Array.from({ length: Math.ceil(keys.length / rowsPerRead) }, (_, chunk) =>
      keys.slice(chunk * rowsPerRead, (chunk + 1) * rowsPerRead),
    )
    return (await Promise.all(chunks.map((chunk) => this.#reads.read(chunk)))).flat()
  }

  /** Rows of a partition in the order of their sort keys, from `from` to `to`, both included; strongly consistent. */
  async query(
    pk: string,
    range: { readonly from: string; readonly to: string; readonly limit?: number; readonly latestFirst?: boolean },
  ): Promise<Row[]> {
    const { from, to, limit = Infinity, latestFirst = false } = range
    const found: Row[] = []
    let start: Row | undefined
    do {
      const input: QueryCommandInput = {
        TableName: this.tableName,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
        ConsistentRead: true,
        ScanIndexForward: !latestFirst,
        ...(limit === Infinity ? {} : { Limit: limit - found.length }),
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }
      const { Items = [], LastEvaluatedKey } = await this.#sender.send('read', (client) =>
        client.send(new QueryCommand(input)),
      )
      found.push(...Items)
      start = LastEvaluatedKey
    } while (start !== undefined && found.length < limit)
    return found
  }

  /** Updates one row under a condition. */
  async update(input: Omit<UpdateItemCommandInput, 'TableName'>): Promise<Refusal> {
    const { tableName: TableName } = this
    const update = new UpdateItemCommand({ TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...input })
    try {
      await this.#sender.send('write', (client) => client.send(update))
      return undefined
    } catch (error) {
      if (classifyAwsError(error) !== 'conditional-check-failed') throw error
      return { row: (error as { readonly Item?: Row }).Item }
    }
  }

  /**
   * All actions or none; for each action what was refused. DynamoDB remembers the token for ten minutes: a repetition whose
   * first reply was lost is answered like the first.
   */
  async transact(actions: TransactWriteItem[]): Promise<'committed' | readonly Refusal[]> {
    const write = new TransactWriteItemsCommand({ TransactItems: actions, ClientRequestToken: this.#random.id() })
    try {
      await this.#sender.send('write', (client) => client.send(write))
      return 'committed'
    } catch (error) {
      if (classifyAwsError(error) !== 'transaction-canceled') throw error
      const { CancellationReasons = [] } = error as {
        readonly CancellationReasons?: readonly { readonly Item?: Row }[]
      }
      return cancellationCodes(error).map((code, index) =>
        code === 'ConditionalCheckFailed' ? { row: CancellationReasons[index]?.Item } : undefined,
      )
    }
  }
}
