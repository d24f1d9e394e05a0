import { CreateTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import {
  dynamodbTransactionLedger,
  type DynamoDBSender,
  type DynamoDBTransaction,
  type KeySchema,
} from '../../src/dynamodb.ts'
import { createConsumer, silentLogger, type Consumer, type HandlerContext, type Identity } from '../../src/index.ts'
import { systemClock } from '../../src/internal/system.ts'
import type { Settlement } from '../../src/checkpoint/settlement.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from './events.ts'
import type { LocalTables } from './local-table.ts'

/** Retries wait by a clock; by this one nobody waits longer than a turn. */
const hastyClock = { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) }

/** What a handler of these tests sees of its record. */
export interface Seen {
  readonly key: string
  readonly sequence: string
}

export type Handle = (change: Seen, context: HandlerContext<DynamoDBTransaction>) => unknown

/** A ledger's table, and a table of effects: for each item the sequence numbers that took effect, in their order. */
export class TransactionWorld {
  static #count = 0
  readonly ledgerTable: string
  readonly effects: string
  readonly #tables: LocalTables

  private constructor(tables: LocalTables, ledgerTable: string, effects: string) {
    this.#tables = tables
    this.ledgerTable = ledgerTable
    this.effects = effects
  }

  static async create(tables: LocalTables): Promise<TransactionWorld> {
    const world = new TransactionWorld(tables, await tables.create(), `effects-${(TransactionWorld.#count += 1)}`)
    await tables.client.send(
      new CreateTableCommand({
        TableName: world.effects,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    )
    return world
  }

  consumer(
    handle: Handle,
    client: DynamoDBSender = this.#tables.client,
    identity: Identity = 'record',
    keys: { readonly [tableName: string]: KeySchema } = {},
  ): Consumer {
    return createConsumer({
      name: 'c',
      logger: silentLogger,
      retry: { maxAttempts: 3, baseDelayMs: 0 },
      concurrency: 3,
      clock: hastyClock,
      identity,
      ledger: dynamodbTransactionLedger({ client, tableName: this.ledgerTable, tables: keys, clock: hastyClock }),
      handler: ({ keys, sequenceNumber }, context) =>
        handle({ key: String(keys['pk']), sequence: sequenceNumber }, context),
    })
  }

  /** Adds the record to its item's log. */
  readonly log: Handle = ({ key, sequence }, { transaction }) =>
    transaction.update(this.effects, { id: key }, appended(sequence))

  /** The log of each item. */
  async logs(): Promise<Record<string, string[]>> {
    const { Items = [] } = await this.#tables.client.send(
      new ScanCommand({ TableName: this.effects, ConsistentRead: true }),
    )
    return Object.fromEntries(
      Items.map((item) => [item['id']?.S ?? '', (item['log']?.L ?? []).map(({ S }) => S ?? '')]),
    )
  }
}

/** An update that is not the same when it is repeated. */
function appended(sequence: string) {
  return {
    expression: 'SET #log = list_append(if_not_exists(#log, :none), :one)',
    names: { '#log': 'log' },
    values: { ':none': [], ':one': [sequence] },
  }
}

/** What each item's log has to be when each of these `A:1`-like records took effect once and in order. */
export function expectedLogs(records: readonly string[]): Record<string, string[]> {
  const logs: Record<string, string[]> = {}
  for (const { key, sequence } of changes(...records)) (logs[key] ??= []).push(String(sequence))
  return logs
}

/** Works records as Lambda does; how each was settled. */
export async function lambdaBatch(consumer: Consumer, records: readonly string[]) {
  return (await consumer.process(batchOfEvent(lambdaEvent(...changes(...records))))).settlements
}

/** Works records as a page of a worker's shard, until all are settled or the flow fails, and at most `withinMs`. */
export async function workerPage(consumer: Consumer, records: readonly string[], epoch = 1, withinMs = 20_000) {
  const flow = consumer.flow(shardHost(epoch))
  const settled: (Settlement | undefined)[] = records.map(() => undefined)
  let onAll = () => {}
  const all = new Promise<void>((resolve) => (onAll = resolve))
  const failed = flow.failed.then((error: unknown) => ({ error }))
  const note = (position: number, settlement: Settlement) => {
    settled[position] = settlement
    if (!settled.includes(undefined)) onAll()
  }
  await flow.admit(batchOfEvent(lambdaEvent(...changes(...records))), () => false, note)
  const timer = new AbortController()
  const ended = await Promise.race([all, failed, systemClock.sleep(withinMs, timer.signal)])
  timer.abort()
  await flow.drain(0, 0)
  return { settled, failure: ended?.error }
}

function shardHost(epoch: number, leaseCreatedAt = 0) {
  const condition = {
    TableName: 't',
    Key: { pk: { S: 'p' }, sk: { S: 's' } },
    ConditionExpression: '',
    ExpressionAttributeNames: {},
    ExpressionAttributeValues: {},
  }
  return {
    lease: { shardId: 'shardId-0', epoch, owner: `worker-${epoch}`, condition },
    tableName: 'orders',
    streamLabel: 'label',
    leaseCreatedAt,
    mayWork: () => true,
  }
}
