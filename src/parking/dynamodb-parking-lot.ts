import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Clock, Random } from '../internal/clock.ts'
import { systemClock, systemRandom } from '../internal/system.ts'
import { functionNamed, knownNames, pattern, shape } from '../internal/validate.ts'
import { epochSeconds, type Row } from '../ledger/dynamodb-rows.ts'
import type { DynamoDBSender } from '../ledger/dynamodb-send.ts'
import { parseStreamArn } from '../record/stream-arn.ts'
import type { DeadLetter } from './dead-letter.ts'
import { bodyOf, partKeysOf, storedBody } from './dynamodb-parked-body.ts'
import { ParkingRequests } from './dynamodb-parking-requests.ts'
import {
  clearedKeptMs,
  consumerKey,
  errorHead,
  laneKeyOf,
  laneRecordsKey,
  laneStateOf,
  numberOf,
  pastKey,
  pastOf,
  pastRow,
  prefixes,
  recordHead,
  recordKey,
} from './dynamodb-parking-rows.ts'
import { expiring, names, oneLess, openFence, parkInLane, stillOpen, whileHeld } from './dynamodb-parking-updates.ts'
import { positionOf, type LaneName } from './lane-name.ts'
import { fenced } from './memory-parking-lot.ts'
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
} from './parking-lot.ts'

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
  readonly #clock: Clock

  constructor(client: DynamoDBSender, tableName: string, clock: Clock, random: Random) {
    this.#requests = new ParkingRequests(client, tableName, clock, random)
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
    await this.#requests.update({
      Key: laneKeyOf(lane),
      ConditionExpression: 'attribute_not_exists(#parkedAt)',
      UpdateExpression:
        'SET #notedPosition = :position, #notedCount = :count, #laneKey = :laneKey, #expiresAt = :expiresAt',
      ExpressionAttributeNames: names('parkedAt', 'notedPosition', 'notedCount', 'laneKey', 'expiresAt'),
      ExpressionAttributeValues: {
        ':position': { S: position },
        ':count': numberOf(count),
        ':laneKey': { S: lane.laneKey },
        ':expiresAt': this.#clearedExpiry(),
      },
    })
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
    return Promise.all(rows.map((row) => this.#whole(lane, row)))
  }

  async past(lane: LaneName, limit: number): Promise<PastRecord[]> {
    const range = { ...within(prefixes.past), limit, latestFirst: true }
    return (await this.#requests.query(laneRecordsKey(lane), range)).map(pastOf)
  }

  async hold(lane: LaneName, token: string, until: number): Promise<'held' | 'busy' | 'open'> {
    const refused = await this.#requests.update({
      Key: laneKeyOf(lane),
      // Its own token is an earlier try the reply to which was lost.
      ConditionExpression:
        'attribute_exists(#parkedAt) AND (attribute_not_exists(#holder) OR #holder = :token OR #heldUntil < :now)',
      UpdateExpression: 'SET #holder = :token, #heldUntil = :until',
      ExpressionAttributeNames: names('parkedAt', 'holder', 'heldUntil'),
      ExpressionAttributeValues: {
        ':token': { S: token },
        ':until': numberOf(until),
        ':now': numberOf(this.#clock.now()),
      },
    })
    if (refused === undefined) return 'held'
    return refused.row?.['parkedAt'] === undefined ? 'open' : 'busy'
  }

  async extend(held: HeldLane, until: number): Promise<'held' | 'lost'> {
    const refused = await this.#requests.update({
      Key: laneKeyOf(held.lane),
      ConditionExpression: '#holder = :token',
      UpdateExpression: 'SET #heldUntil = :until',
      ExpressionAttributeNames: names('holder', 'heldUntil'),
      ExpressionAttributeValues: { ':token': { S: held.token }, ':until': numberOf(until) },
    })
    return refused === undefined ? 'held' : 'lost'
  }

  async settle(held: HeldLane, position: string, fate: Fate): Promise<'settled' | 'lost'> {
    const { lane } = held
    const [row] = await this.#requests.read([recordKey(lane, position)])
    // It is not there: settled by an earlier try of ours, by its effect's own transaction, or by who holds the lane now.
    if (row === undefined) return (await this.wasSettled(lane, position)) ? 'settled' : 'lost'
    const outcome = await this.#requests.transact(this.#settleActions(held, position, row, fate))
    if (outcome === 'committed') return 'settled'
    return outcome[0] === undefined && (await this.wasSettled(lane, position)) ? 'settled' : 'lost'
  }

  async rewrite(held: HeldLane, record: ParkedRecord): Promise<'written' | 'lost'> {
    const { lane } = held
    const { tableName: TableName } = this.#requests
    const key = recordKey(lane, record.position)
    const [row] = await this.#requests.read([key])
    if (row === undefined) return 'lost'
    const { attributes, parts } = storedBody(lane, record)
    const superfluous = partKeysOf(lane, row, record.position).slice(parts.length)
    const outcome = await this.#requests.transact([
      { Update: { TableName, ...whileHeld(held, record.error === undefined ? {} : errorHead(record.error)) } },
      {
        Put: {
          TableName,
          Item: { ...key, ...recordHead(record), ...attributes },
          ConditionExpression: 'attribute_exists(pk)',
        },
      },
      ...parts.map((Item) => ({ Put: { TableName, Item } })),
      ...superfluous.map((Key) => ({ Delete: { TableName, Key } })),
    ])
    return outcome === 'committed' ? 'written' : 'lost'
  }

  async letGo({ lane, token }: HeldLane): Promise<'open' | 'parked' | 'lost'> {
    // Nobody takes records out but who holds the lane: once it is empty, the latest of those that were in it is known.
    const [latest] = await this.past(lane, 1)
    const opened = await this.#requests.update({
      Key: laneKeyOf(lane),
      // Refused when a record has been queued since: then it stays parked, for that one has to be worked first.
      ConditionExpression: '#holder = :token AND #recordCount = :none',
      UpdateExpression:
        'SET #clearedThrough = :latest, #expiresAt = :expiresAt ' +
        'REMOVE #parkedAt, #recordCount, #holder, #heldUntil, #errorName, #errorMessage',
      ExpressionAttributeNames: names(
        ...['holder', 'recordCount', 'clearedThrough', 'expiresAt', 'parkedAt', 'heldUntil', 'errorName'],
        'errorMessage',
      ),
      ExpressionAttributeValues: {
        ':token': { S: token },
        ':none': numberOf(0),
        ':latest': { S: latest?.position ?? '' },
        ':expiresAt': this.#clearedExpiry(),
      },
    })
    if (opened === undefined) return 'open'
    const left = await this.#requests.update({
      Key: laneKeyOf(lane),
      ConditionExpression: '#holder = :token',
      UpdateExpression: 'REMOVE #holder, #heldUntil',
      ExpressionAttributeNames: names('holder', 'heldUntil'),
      ExpressionAttributeValues: { ':token': { S: token } },
    })
    if (left === undefined) return 'parked'
    // Opened, or left, by an earlier try the reply to which was lost: then there is no holder at all.
    if (left.row?.['holder'] !== undefined) return 'lost'
    return left.row?.['parkedAt'] === undefined ? 'open' : 'parked'
  }

  /** The same transaction as `settle` makes, for one that holds the effect as well. */
  reference(held: HeldLane, position: string): DynamoDBParkedReference {
    return {
      settleActions: async (fate) => {
        const [row] = await this.#requests.read([recordKey(held.lane, position)])
        return row === undefined ? undefined : this.#settleActions(held, position, row, fate)
      },
    }
  }

  #settleActions(held: HeldLane, position: string, row: Row, fate: Fate): TransactWriteItem[] {
    const { lane } = held
    const { tableName: TableName } = this.#requests
    const parts = partKeysOf(lane, row, position)
    return [
      { Update: { TableName, ...oneLess(held) } },
      { Delete: { TableName, Key: recordKey(lane, position), ConditionExpression: 'attribute_exists(pk)' } },
      { Put: { TableName, Item: pastRow(lane, row, position, fate) } },
      // What was dropped is kept whole for as long as it is told that it was.
      ...parts.map((Key) =>
        fate.outcome === 'dropped' ? { Update: { TableName, Key, ...expiring(fate) } } : { Delete: { TableName, Key } },
      ),
    ]
  }

  async #whole(lane: LaneName, row: Row): Promise<ParkedRecord> {
    const position = (row['sk']?.S ?? '').slice(prefixes.record.length)
    const keys = partKeysOf(lane, row, position)
    return bodyOf(row, keys.length === 0 ? [] : await this.#requests.read(keys))
  }

  #clearedExpiry() {
    return numberOf(epochSeconds(this.#clock.now() + clearedKeptMs))
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

const tellingRefused = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const

function within(prefix: string): { readonly from: string; readonly to: string } {
  return { from: prefix, to: `${prefix}~` }
}
