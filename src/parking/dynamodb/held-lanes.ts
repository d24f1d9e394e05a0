import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Clock } from '../../internal/clock.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import { partKeysOf, storedBody } from './parked-body.ts'
import type { ParkingRequests } from './requests.ts'
import { clearedExpiry, errorHead, laneKeyOf, numberOf, pastRow, recordHead, recordKey } from './rows.ts'
import { expiring, names, oneLess, whileHeld } from './updates.ts'
import type { LaneName } from '../lane-name.ts'
import type { Fate, HeldLane, ParkedRecord, ParkingLot } from '../parking-lot.ts'

/** What whoever redrives a lane writes: each of it on the condition that the lane is still held by that token. */
export class HeldLanes {
  readonly #requests: ParkingRequests
  readonly #lot: Pick<ParkingLot, 'past' | 'wasSettled'>
  readonly #clock: Clock

  constructor(requests: ParkingRequests, lot: Pick<ParkingLot, 'past' | 'wasSettled'>, clock: Clock) {
    this.#requests = requests
    this.#lot = lot
    this.#clock = clock
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
    if (row === undefined) return (await this.#lot.wasSettled(lane, position)) ? 'settled' : 'lost'
    const outcome = await this.#requests.transact(this.#settleActions(held, position, row, fate))
    if (outcome === 'committed') return 'settled'
    return outcome[0] === undefined && (await this.#lot.wasSettled(lane, position)) ? 'settled' : 'lost'
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
    const [latest] = await this.#lot.past(lane, 1)
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
        ':expiresAt': clearedExpiry(this.#clock.now()),
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

  /** What `settle` does, for a transaction that holds the effect as well; `undefined` when the record is not in the lot. */
  async settleActions(held: HeldLane, position: string, fate: Fate): Promise<TransactWriteItem[] | undefined> {
    const [row] = await this.#requests.read([recordKey(held.lane, position)])
    return row === undefined ? undefined : this.#settleActions(held, position, row, fate)
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
}
