import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { KclLease } from './kcl-lease.ts'

/** An item of KCL's lease table. */
export type KclRow = Record<string, AttributeValue>

/**
 * Reads a row as KCL 3.5 does (`DynamoDBLeaseSerializer.fromDynamoRecord`, lines 140-186, and
 * `DynamoDBMultiStreamLeaseSerializer`, 46-55). From 3.5 on the table also holds other things, which say so in
 * `entityType`; a row without one is a lease.
 *
 * @returns the lease, `undefined` for a row that is none, or a text that says why it can't be read.
 */
export function readKclLease(row: KclRow): KclLease | string | undefined {
  const entityType = row['entityType']?.S
  if (entityType !== undefined && entityType !== 'LEASE') return undefined
  const leaseKey = row['leaseKey']?.S
  const checkpoint = row['checkpoint']?.S
  const leaseCounter = Number(row['leaseCounter']?.N)
  if (leaseKey === undefined) return 'it has no leaseKey: this is no table of KCL leases'
  if (checkpoint === undefined || checkpoint === '') return `lease '${leaseKey}' has no checkpoint`
  if (!Number.isSafeInteger(leaseCounter)) return `lease '${leaseKey}' has no leaseCounter`
  return {
    leaseKey,
    ...streamOf(row, leaseKey),
    ...text(row, 'leaseOwner'),
    ...text(row, 'checkpointOwner'),
    leaseCounter,
    ownerSwitchesSinceCheckpoint: Number(row['ownerSwitchesSinceCheckpoint']?.N ?? 0),
    checkpoint,
    checkpointSubSequenceNumber: Number(row['checkpointSubSequenceNumber']?.N ?? 0),
    ...text(row, 'pendingCheckpoint'),
    ...pendingSubSequence(row),
    parentShardIds: row['parentShardId']?.SS ?? [],
    childShardIds: row['childShardIds']?.SS ?? [],
  }
}

// The identifier has colons of its own and a shard id has none.
function streamOf(row: KclRow, leaseKey: string): Pick<KclLease, 'streamName' | 'shardId'> {
  const colon = leaseKey.lastIndexOf(':')
  if (colon === -1) return { shardId: leaseKey }
  return {
    streamName: row['streamName']?.S ?? leaseKey.slice(0, colon),
    shardId: row['shardId']?.S ?? leaseKey.slice(colon + 1),
  }
}

function pendingSubSequence(row: KclRow): { pendingCheckpointSubSequenceNumber?: number } {
  const pending = row['pendingCheckpointSubSequenceNumber']?.N
  return pending === undefined ? {} : { pendingCheckpointSubSequenceNumber: Number(pending) }
}

function text<Name extends string>(row: KclRow, name: Name): { readonly [name in Name]?: string } {
  const value = row[name]?.S
  return value === undefined || value === '' ? {} : ({ [name]: value } as { readonly [name in Name]?: string })
}

/**
 * The row of a new lease, with every attribute that KCL itself writes when it creates one
 * (`DynamoDBLeaseSerializer.toDynamoRecord`, 68-131; `DynamoDBMultiStreamLeaseSerializer`, 37-43): nobody owns it and no
 * checkpoint is pending.
 */
export function newKclRow(lease: KclLease): KclRow {
  return {
    leaseKey: { S: lease.leaseKey },
    leaseCounter: { N: String(lease.leaseCounter) },
    ownerSwitchesSinceCheckpoint: { N: String(lease.ownerSwitchesSinceCheckpoint) },
    checkpoint: { S: lease.checkpoint },
    checkpointSubSequenceNumber: { N: String(lease.checkpointSubSequenceNumber) },
    ...stringSet('parentShardId', lease.parentShardIds),
    ...stringSet('childShardIds', lease.childShardIds),
    ...hashKeyRange,
    entityType: { S: 'LEASE' },
    ...(lease.streamName === undefined ? {} : { streamName: { S: lease.streamName }, shardId: { S: lease.shardId } }),
  }
}

/** A DynamoDB shard has no range of hash keys; the adapter gives this one to each (`KinesisMapperUtil.java:91-95`). */
export const hashKeyRange: KclRow = { startingHashKey: { S: '0' }, endingHashKey: { S: '1' } }

// DynamoDB takes no empty set, and KCL leaves the attribute out.
function stringSet(name: string, values: readonly string[]): KclRow {
  return values.length === 0 ? {} : { [name]: { SS: [...values] } }
}
