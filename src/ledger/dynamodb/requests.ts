import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type KeysAndAttributes,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { LedgerError } from '../../errors.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import type { Row } from './rows.ts'
import { TableSender, type DynamoDBSender, type Request, type SendingRules } from './send.ts'

export type { DynamoDBSender }

/** AWS: a BatchWriteItem takes 25 rows. */
export const rowsPerWrite = 25
/** AWS: a BatchGetItem takes 100 keys. */
export const rowsPerRead = 100

const rules: SendingRules = {
  // About ten seconds in all. Whoever waits for less than that has a deadline of its own and does not wait for us.
  maxAttempts: 9,
  baseDelayMs: 50,
  maxDelayMs: 3_000,
  what: 'the ledger',
  actions: 'dynamodb:BatchGetItem, BatchWriteItem, GetItem and UpdateItem',
  failure: (message, options) => new LedgerError(message, options),
}

/** Talks to one table; whatever passes by itself (throttling, network, items left over) is tried again here. */
export class TableRequests {
  readonly tableName: string
  readonly #sender: TableSender

  constructor(
    client: DynamoDBSender,
    tableName: string,
    clock: Clock,
    random: Random,
    adapted: Partial<SendingRules> = {},
  ) {
    this.tableName = tableName
    this.#sender = new TableSender(client, tableName, clock, random, { ...rules, ...adapted })
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
      if (request !== undefined) await this.#sender.waitForRest('read', request.Keys?.length ?? 0, attempt)
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
      if (rest.length > 0) await this.#sender.waitForRest('write', rest.length, attempt)
    }
  }

  /** Sends a request that may safely be sent again; see {@link TableSender.send}. Throws a `LedgerError` when it failed. */
  send<Result>(verb: 'read' | 'write', request: Request<Result>): Promise<Result> {
    return this.#sender.send(verb, request)
  }

  /** See {@link TableSender.sendOnce}. */
  sendOnce<Result>(request: Request<Result>): Promise<Result> {
    return this.#sender.sendOnce(request)
  }
}
