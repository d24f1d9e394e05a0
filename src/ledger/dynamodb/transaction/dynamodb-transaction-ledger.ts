import type { Clock, Random } from '../../../internal/clock.ts'
import { systemClock, systemRandom } from '../../../internal/system.ts'
import { choice, functionNamed, knownNames, pattern, shape } from '../../../internal/validate.ts'
import type { NumberMode } from '../../../record/number.ts'
import { DynamoDBParkingLot } from '../../../parking/dynamodb/parking-lot.ts'
import { defaultWindowDays, windowMs } from '../../claim-ledger.ts'
import { completedByMarks, completedByShard } from '../completed.ts'
import { readMarks } from '../marks.ts'
import { TableRequests, type DynamoDBSender } from '../requests.ts'
import type { DynamoDBTransaction } from './transaction.ts'
import { KeySchemas, type KeySchema } from './key-schemas.ts'
import { TransactionSession } from './session.ts'
import type { TransactionSetting } from './setting.ts'
import { TransactionShard } from './shard.ts'
import type { Ledger } from '../../ledger.ts'

/** What a transactional DynamoDB ledger is made of. */
export interface DynamoDBTransactionLedgerOptions {
  /** A DynamoDBClient of the AWS SDK v3, or anything that takes its commands; also the one that writes the effects. */
  readonly client: DynamoDBSender
  /** The table of the marks, in the account and region of the tables that handlers write to. See `createTidemarkTable`. */
  readonly tableName: string
  /**
   * Days for which a change is remembered; 1 to 3,650. It must outlast the longest time after which a change can come
   * again: the stream's 24 hours, dead letters that are redriven, and with `identity: 'message'` the producers' retries.
   * @default 7
   */
  readonly windowDays?: number
  /** The keys of tables that handlers put items to. Default: asked of DynamoDB (`dynamodb:DescribeTable`) once a table. */
  readonly tables?: { readonly [tableName: string]: KeySchema }
  /** How numbers arrive in the item of a `ConditionFailedError`: see the consumer's `numbers`. @default 'number' */
  readonly numbers?: NumberMode
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Commits what a handler changes in DynamoDB (`context.transaction`) together with the note that its record is done, so that
 * each change takes effect once, whatever crashes, repeats or comes late.
 *
 * In Lambda a batch of n records costs ⌈n / 100⌉ BatchGetItem, one read unit a record, and in its transactions one mark a
 * record: two write units. In a worker a shard has one mark, written with every pack of up to 99 operations: two write units
 * a pack; with an identity other than `'record'` each record's mark as well.
 *
 * Its promises, and what breaks them: docs/guarantees.md.
 */
export function dynamodbTransactionLedger(options: DynamoDBTransactionLedgerOptions): Ledger<DynamoDBTransaction> {
  const setting = settingOf(options)
  return {
    async open(batch) {
      return new TransactionSession(batch, await readMarks(setting.requests, batch, setting.clock.now()), setting)
    },
    openShard: (shard) => new TransactionShard(shard, setting),
    async completed(shard, entries) {
      const { requests, clock } = setting
      const byShard = await completedByShard(requests, shard, entries, clock.now())
      if (byShard !== undefined || !shard.recurs) return byShard ?? new Set()
      return completedByMarks(requests, shard, entries, clock.now())
    },
    parking: new DynamoDBParkingLot(options.client, setting.tableName, setting.clock, setting.random),
    windowMs: setting.keepMs,
  }
}

const optionNames = ['client', 'tableName', 'windowDays', 'tables', 'numbers', 'clock', 'random']

function settingOf(options: DynamoDBTransactionLedgerOptions): TransactionSetting {
  const what = 'dynamodbTransactionLedger options'
  shape(what, options)
  knownNames(what, options, optionNames)
  shape('client', options.client)
  functionNamed('client.send', options.client.send)
  const { client, clock = systemClock, random = systemRandom } = options
  const tableName = pattern('tableName', options.tableName, /^[A-Za-z0-9_.:/-]{3,1024}$/, 'the name or ARN of a table')
  const actions = 'dynamodb:BatchGetItem, PutItem, UpdateItem and DescribeTable'
  // A commit that is never answered would hold up its shard for ever: it is given up after half of this, and looked up.
  const requests = new TableRequests(client, tableName, clock, random, { actions, forMs: 20_000 })
  return {
    ...{ tableName, requests, clock, random },
    schemas: new KeySchemas(tablesOf(options), (verb, request) => requests.send(verb, request)),
    numbers: choice('numbers', options.numbers ?? 'number', ['number', 'bigint', 'string'] as const),
    keepMs: windowMs(options.windowDays ?? defaultWindowDays),
  }
}

function tablesOf({ tables = {} }: DynamoDBTransactionLedgerOptions): { readonly [tableName: string]: KeySchema } {
  shape('tables', tables)
  for (const [tableName, schema] of Object.entries(tables)) {
    const name = `tables['${tableName}']`
    shape(name, schema)
    knownNames(name, schema, ['partitionKey', 'sortKey'])
    for (const key of ['partitionKey', 'sortKey'] as const)
      if (key === 'partitionKey' || schema[key] !== undefined)
        pattern(`${name}.${key}`, schema[key], /^.{1,255}$/su, "the name of the key's attribute")
  }
  return tables
}
