import type { Row } from '../../ledger/dynamodb/rows.ts'
import type { FleetName, LeaseCondition } from '../coordination.ts'
import type { Written } from './coordination.ts'
import type { Condition } from './expressions.ts'
import { leaseKey, numberOf } from './rows.ts'
import type { HeldLease, Lease } from '../lease.ts'

/** That the lease is still this owner's, in this epoch. False where there is no lease. */
export function whileHeld({ owner, epoch }: HeldLease): Condition {
  return {
    expression: '#owner = :heldBy AND #epoch = :heldIn',
    names: ['owner', 'epoch'],
    values: { heldBy: { S: owner }, heldIn: numberOf(epoch) },
  }
}

/**
 * That it is, and that nothing newer has been written in this epoch. The epoch's first write finds no revision, whatever
 * number its owner begins to count with.
 */
export function whileHeldBefore(held: HeldLease, revision: number): Condition {
  const { expression, names, values } = whileHeld(held)
  return {
    expression: `${expression} AND (attribute_not_exists(#revision) OR #revision < :revision)`,
    names: [...names, 'revision'],
    values: { ...values, revision: numberOf(revision) },
  }
}

/** That nobody acquired or released the lease since it was seen. What its owner has saved since does not matter. */
export function asSeen({ owner, epoch }: Lease): Condition {
  return {
    expression: `#epoch = :seenEpoch AND ${owner === undefined ? 'attribute_not_exists(#owner)' : '#owner = :seenOwner'}`,
    names: ['epoch', 'owner'],
    values: { seenEpoch: numberOf(epoch), ...(owner === undefined ? {} : { seenOwner: { S: owner } }) },
  }
}

/** Whether the row was written by this holder in this epoch. */
export function isOf(row: Row | undefined, { owner, epoch }: HeldLease): boolean {
  return row?.['owner']?.S === owner && row['epoch']?.N === String(epoch)
}

/**
 * Whether what was to be written is durable. A refused write is when the row is ours and at its revision, for then it was
 * written by an earlier try the reply to which was lost; or when it is further, for then the owner has written over it.
 */
export function isDurable({ status, row }: Written, held: HeldLease, revision: number): boolean {
  return status === 'written' || (isOf(row, held) && Number(row?.['revision']?.N ?? -Infinity) >= revision)
}

/** Whether the lease is free because this holder gave it up: nobody has acquired it since, or the epoch would be another. */
export function isGivenUp(row: Row | undefined, { epoch }: HeldLease): boolean {
  return row !== undefined && row['owner'] === undefined && row['epoch']?.N === String(epoch)
}

/**
 * A condition for a handler's own TransactWriteItems (as its `ConditionCheck`), so that what it writes commits only while
 * this worker holds the shard's lease. It costs two write units for each KB of the lease's row, and makes
 * the transaction conflict with a checkpoint that is written at the same moment (`TransactionConflict`: try again).
 */
export function leaseCondition(tableName: string, fleet: FleetName, held: HeldLease): LeaseCondition {
  return {
    TableName: tableName,
    Key: leaseKey(fleet, held.id),
    ConditionExpression: '#owner = :owner AND #epoch = :epoch',
    ExpressionAttributeNames: { '#owner': 'owner', '#epoch': 'epoch' },
    ExpressionAttributeValues: { ':owner': { S: held.owner }, ':epoch': { N: String(held.epoch) } },
  }
}
