import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { LedgerError } from '../../errors.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { functionNamed, knownNames, pattern, shape } from '../../internal/validate.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import type { DynamoDBSender } from '../../ledger/dynamodb/send.ts'
import { parseStreamArn } from '../../record/stream-arn.ts'
import type { DeadLetter } from '../dead-letter.ts'
import { HeldLanes } from './held-lanes.ts'
import { bodyOf, partKeysOf, storedBody } from './parked-body.ts'
import { ParkingRequests } from './requests.ts'
import {
  consumerKey,
  laneKeyOf,
  laneRecordsKey,
  laneStateOf,
  pastKey,
  pastOf,
  prefixes,
  recordHead,
  recordKey,
} from './rows.ts'
import { names, noteAttempts, openFence, parkInLane, stillOpen } from './updates.ts'
import { fenced } from '../fence.ts'
import { positionOf, type LaneName } from '../lane-name.ts'
import type {
  Fate,
  HeldLane,
  LaneState,
  NotedAttempts,
  ParkAnswer,
  ParkCondition,
  ParkedRecord,
  ParkingLot,
  PastRecord,
  ShardFence,
} from '../parking-lot.ts'

/** Where a consumer parks that has no ledger in a DynamoDB table, or shall park elsewhere. */
export interface DynamoDBParkingLotOptions {
  /** A DynamoDBClient of the AWS SDK v3. */
  readonly client: DynamoDBSender
  /** A table as `createTidemarkTable` makes it; ledgers and workers may share it. */
  readonly tableName: string
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * A parking lot in a DynamoDB table, for `createConsumer({ parking: { lot } })` and for `new ParkedRecords({ lot, consumer })`,
 * with which parked records are looked at without the consumer. `dynamodbLedger` brings one of its own, in its table.
 */
export function dynamodbParkingLot(options: DynamoDBParkingLotOptions): ParkingLot {
  shape('dynamodbParkingLot options', options)
  knownNames('dynamodbParkingLot options', options, ['client', 'tableName', 'clock', 'random'])
  shape('client', options.client)
  functionNamed('client.send', options.client.send)
  const { clock = systemClock, random = systemRandom } = options
  const tableName = pattern('tableName', options.tableName, /^[A-Za-z0-9_.:/-]{3,1024}$/, 'the name or ARN of a table')
  return new DynamoDBParkingLot(options.client, tableName, clock, random)
}

/**
 * Parks in a table as `createTidemarkTable` makes it, which a ledger and a worker's coordination may share.
 *
 * Parking a record is one transaction, and so is taking it out again; while nothing is parked, a batch of 100 records in
 * Lambda costs one BatchGetItem, and a shard in a worker one Query and one UpdateItem when it is opened.
 */
export class DynamoDBParkingLot implements ParkingLot {
  readonly #requests: ParkingRequests
  readonly #held: HeldLanes
  readonly #clock: Clock

  constructor(client: DynamoDBSender, tableName: string, clock: Clock, random: Random) {
    this.#requests = new ParkingRequests(client, tableName, clock, random)
    this.#held = new HeldLanes(this.#requests, this, clock)
    this.#clock = clock
  }

  async openShard(shard: ShardFence): Promise<void> {
    const refused = await this.#requests.update(openFence(shard, this.#clock.now()))
    if (refused !== undefined) throw fenced(shard)
  }

  async read(lanes: readonly LaneName[]): Promise<LaneState[]> {
    const rows = await this.#requests.read(lanes.map(laneKeyOf))
    return rows.flatMap((row) => laneStateOf(row, this.#clock.now()))
  }

  async list(consumer: string): Promise<LaneState[]> {
    const rows = await this.#requests.query(consumerKey(consumer), within(prefixes.lane))
    return rows.flatMap((row) => laneStateOf(row, this.#clock.now()))
  }

  async note(lane: LaneName, { position, count }: NotedAttempts): Promise<void> {
    await this.#requests.update(noteAttempts(lane, { position, count }, this.#clock.now()))
  }

  async forgetNote(lane: LaneName, position: string): Promise<void> {
    await this.#requests.update({
      Key: laneKeyOf(lane),
      ConditionExpression: '#notedPosition = :position',
      UpdateExpression: 'REMOVE #notedPosition, #notedCount',
      ExpressionAttributeNames: names('notedPosition', 'notedCount'),
      ExpressionAttributeValues: { ':position': { S: position } },
    })
  }

  async noteRepetition(lane: LaneName, position: string): Promise<void> {
    await this.#requests.update({
      Key: laneKeyOf(lane),
      ConditionExpression:
        'attribute_exists(#clearedThrough) AND (attribute_not_exists(#repeatedFrom) OR #repeatedFrom > :position)',
      UpdateExpression: 'SET #repeatedFrom = :position',
      ExpressionAttributeNames: names('clearedThrough', 'repeatedFrom'),
      ExpressionAttributeValues: { ':position': { S: position } },
    })
  }

  async park(letter: DeadLetter, condition: ParkCondition): Promise<ParkAnswer> {
    const { tableName, streamLabel } = parseStreamArn(letter.streamArn, 'streamArn')
    const lane = { consumer: letter.consumer, tableName, laneKey: letter.laneKey }
    const record = { ...letter, position: positionOf(streamLabel, letter.sequenceNumber) }
    const { attributes, parts } = storedBody(lane, record)
    const { tableName: TableName } = this.#requests
    const { fence } = condition
    const outcome = await this.#requests.transact([
      { Update: { TableName, ...parkInLane(lane, letter, condition), ...tellingRefused } },
      {
        Put: {
          TableName,
          Item: { ...recordKey(lane, record.position), ...recordHead(record), ...attributes },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      {
        ConditionCheck: {
          TableName,
          Key: pastKey(lane, record.position),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      ...(fence === undefined ? [] : [{ ConditionCheck: { TableName, ...stillOpen(fence) } }]),
      ...parts.map((Item) => ({ Put: { TableName, Item } })),
    ])
    if (outcome === 'committed') return 'parked'
    const [inLane, inLot, inPast, inShard] = outcome
    if (fence !== undefined && inShard !== undefined) throw fenced(fence)
    if (inLot !== undefined) return 'parked'
    if (inPast !== undefined) return 'settled'
    return condition.onlyBehind && inLane?.row?.['parkedAt'] === undefined ? 'open' : 'full'
  }

  async wasSettled(lane: LaneName, position: string): Promise<boolean> {
    return (await this.#requests.read([pastKey(lane, position)])).length > 0
  }

  async records(lane: LaneName, page: { readonly after?: string; readonly limit: number }): Promise<ParkedRecord[]> {
    const { from, to } = within(prefixes.record)
    // `~` sorts behind every character of a position, so that this begins behind `after` itself and before the next.
    const start = page.after === undefined ? from : `${prefixes.record}${page.after}~`
    const rows = await this.#requests.query(laneRecordsKey(lane), { from: start, to, limit: page.limit })
    const records = await Promise.all(rows.map((row) => this.#whole(lane, row)))
    return records.filter((record) => record !== undefined)
  }

  async past(lane: LaneName, limit: number): Promise<PastRecord[]> {
    const range = { ...within(prefixes.past), limit, latestFirst: true }
    return (await this.#requests.query(laneRecordsKey(lane), range)).map(pastOf)
  }

  hold(lane: LaneName, token: string, until: number): Promise<'held' | 'busy' | 'open'> {
    return this.#held.hold(lane, token, until)
  }

  extend(held: HeldLane, until: number): Promise<'held' | 'lost'> {
    return this.#held.extend(held, until)
  }

  settle(held: HeldLane, position: string, fate: Fate): Promise<'settled' | 'lost'> {
    return this.#held.settle(held, position, fate)
  }

  rewrite(held: HeldLane, record: ParkedRecord): Promise<'written' | 'lost'> {
    return this.#held.rewrite(held, record)
  }

  letGo(held: HeldLane): Promise<'open' | 'parked' | 'lost'> {
    return this.#held.letGo(held)
  }

  /** The same transaction as `settle` makes, for one that holds the effect as well. */
  reference(held: HeldLane, position: string): DynamoDBParkedReference {
    return { settleActions: (fate) => this.#held.settleActions(held, position, fate) }
  }

  /**
   * The record of a row, with its parts. These are read a moment later, when a redrive may have written the record anew or taken
   * it out: then the row is read again, and `undefined` says that it is gone.
   */
  async #whole(lane: LaneName, found: Row): Promise<ParkedRecord | undefined> {
    const position = (found['sk']?.S ?? '').slice(prefixes.record.length)
    let row: Row | undefined = found
    for (let readCount = 1; row !== undefined; readCount += 1) {
      const keys = partKeysOf(lane, row, position)
      const record = bodyOf(row, keys.length === 0 ? [] : await this.#requests.read(keys))
      if (record !== undefined) return record
      if (readCount === readsOfChanging) throw damaged(lane, position)
      ;[row] = await this.#requests.read([recordKey(lane, position)])
    }
    return undefined
  }
}

/** How a transactional ledger on the same table takes a redriven record out of the lot. */
export interface DynamoDBParkedReference {
  /**
   * The actions to commit with the effect; `undefined` when the record is not in the lot any more. The first one's condition
   * is that the lane is still held by who redrives it, the second's that the record is there.
   */
  settleActions(fate: Fate): Promise<TransactWriteItem[] | undefined>
}

// Nobody writes one record anew that often while it is read: then its rows are damaged.
const readsOfChanging = 5

const tellingRefused = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const

function damaged(lane: LaneName, position: string): LedgerError {
  return new LedgerError(
    `the rows of parked record '${prefixes.record}${position}' in '${laneRecordsKey(lane)}' don't belong together: some were changed or ` +
      `deleted by hand`,
    { retryable: false },
  )
}

function within(prefix: string): { readonly from: string; readonly to: string } {
  return { from: prefix, to: `${prefix}~` }
}
