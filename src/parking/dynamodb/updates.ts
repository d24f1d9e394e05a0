import { epochSeconds, type Row } from '../../ledger/dynamodb/rows.ts'
import type { DeadLetter } from '../dead-letter.ts'
import { clearedExpiry, errorHead, fenceKey, laneKeyOf, numberOf, pastExpiry } from './rows.ts'
import type { LaneName } from '../lane-name.ts'
import type { Fate, HeldLane, NotedAttempts, ParkCondition, ShardFence } from '../parking-lot.ts'

// The updates and conditions of a parking lot's writes, one function for each.

/** A condition on a row. */
export interface RowCheck {
  readonly Key: Row
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: Record<string, string>
  readonly ExpressionAttributeValues: Row
}

/** An update of a row under a condition. */
export interface RowUpdate extends RowCheck {
  readonly UpdateExpression: string
}

// Its lease's row is there as long as its shard may be consumed, which is days; this one as long as anybody may park by it.
const fenceKeptMs = 30 * 86_400_000

export function openFence(fence: ShardFence, now: number): RowUpdate {
  return {
    Key: fenceKey(fence),
    // Equal is ours: opened before, after a failure, or by an earlier try the reply to which was lost. A lease that was made
    // anew begins at 1, and is the later one by its creation; after a replay epochs go on, whatever the operator's clock says.
    ConditionExpression: 'attribute_not_exists(pk) OR #epoch <= :epoch OR #leaseCreatedAt < :createdAt',
    UpdateExpression: 'SET #leaseCreatedAt = :createdAt, #epoch = :epoch, #expiresAt = :expiresAt',
    ExpressionAttributeNames: names('leaseCreatedAt', 'epoch', 'expiresAt'),
    ExpressionAttributeValues: {
      ':createdAt': numberOf(fence.leaseCreatedAt),
      ':epoch': numberOf(fence.epoch),
      ':expiresAt': numberOf(epochSeconds(now + fenceKeptMs)),
    },
  }
}

export function noteAttempts(lane: LaneName, { position, count }: NotedAttempts, now: number): RowUpdate {
  return {
    Key: laneKeyOf(lane),
    // A request that was repeated may arrive once more behind the notes that followed it. What has run out is as good as gone.
    ConditionExpression:
      'attribute_not_exists(#parkedAt) AND (attribute_not_exists(#notedPosition) OR #expiresAt <= :now OR ' +
      '#notedPosition < :position OR (#notedPosition = :position AND #notedCount <= :count))',
    UpdateExpression:
      'SET #notedPosition = :position, #notedCount = :count, #laneKey = :laneKey, #expiresAt = :expiresAt',
    ExpressionAttributeNames: names('parkedAt', 'notedPosition', 'notedCount', 'laneKey', 'expiresAt'),
    ExpressionAttributeValues: {
      ':position': { S: position },
      ':count': numberOf(count),
      ':laneKey': { S: lane.laneKey },
      ':expiresAt': clearedExpiry(now),
      ':now': numberOf(epochSeconds(now)),
    },
  }
}

export function parkInLane(
  lane: LaneName,
  { parkedAt, error }: DeadLetter,
  { onlyBehind, maxPerLane }: ParkCondition,
): RowUpdate {
  const head = error === undefined ? {} : errorHead(error)
  const sets = Object.keys(head).map((name) => `, #${name} = if_not_exists(#${name}, :${name})`)
  // None at all may be parked: then not even the first of a lane.
  const hasRoom =
    maxPerLane === 0 ? '#recordCount < :max' : '(attribute_not_exists(#recordCount) OR #recordCount < :max)'
  return {
    Key: laneKeyOf(lane),
    ConditionExpression: onlyBehind ? `attribute_exists(#parkedAt) AND ${hasRoom}` : hasRoom,
    UpdateExpression:
      `SET #parkedAt = if_not_exists(#parkedAt, :parkedAt), #laneKey = :laneKey${sets.join('')} ` +
      'REMOVE #expiresAt, #notedPosition, #notedCount, #clearedThrough, #repeatedFrom ADD #recordCount :one',
    ExpressionAttributeNames: names(
      ...['parkedAt', 'laneKey', 'recordCount', 'expiresAt', 'notedPosition', 'notedCount', 'clearedThrough'],
      'repeatedFrom',
      ...Object.keys(head),
    ),
    ExpressionAttributeValues: {
      ':parkedAt': numberOf(parkedAt),
      ':laneKey': { S: lane.laneKey },
      ':one': numberOf(1),
      ':max': numberOf(maxPerLane),
      ...Object.fromEntries(Object.entries(head).map(([name, value]) => [`:${name}`, value])),
    },
  }
}

export function oneLess({ lane, token }: HeldLane): RowUpdate {
  return {
    Key: laneKeyOf(lane),
    ConditionExpression: '#holder = :token',
    // What was said of the record that leaves says nothing of the next.
    UpdateExpression: 'REMOVE #errorName, #errorMessage ADD #recordCount :less',
    ExpressionAttributeNames: names('holder', 'errorName', 'errorMessage', 'recordCount'),
    ExpressionAttributeValues: { ':token': { S: token }, ':less': numberOf(-1) },
  }
}

export function whileHeld({ lane, token }: HeldLane, set: Row): RowUpdate {
  const sets = ['#holder = :token', ...Object.keys(set).map((name) => `#${name} = :${name}`)]
  return {
    Key: laneKeyOf(lane),
    ConditionExpression: '#holder = :token',
    UpdateExpression: `SET ${sets.join(', ')}`,
    ExpressionAttributeNames: names('holder', ...Object.keys(set)),
    ExpressionAttributeValues: {
      ':token': { S: token },
      ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
    },
  }
}

export function stillOpen(fence: ShardFence): RowCheck {
  return {
    Key: fenceKey(fence),
    ConditionExpression: '#leaseCreatedAt = :createdAt AND #epoch = :epoch',
    ExpressionAttributeNames: names('leaseCreatedAt', 'epoch'),
    ExpressionAttributeValues: { ':createdAt': numberOf(fence.leaseCreatedAt), ':epoch': numberOf(fence.epoch) },
  }
}

export function expiring(fate: Fate): Omit<RowUpdate, 'Key' | 'ConditionExpression'> {
  return {
    UpdateExpression: 'SET #expiresAt = :expiresAt',
    ExpressionAttributeNames: names('expiresAt'),
    ExpressionAttributeValues: { ':expiresAt': pastExpiry(fate) },
  }
}

export function names(...attributes: string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]))
}
