import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { epochSeconds, type Row } from '../../ledger/dynamodb/rows.ts'
import type { FleetName, Pause, StreamStart } from '../coordination.ts'
import { RowReader } from './row-reader.ts'
import type { HeldLease, LeaseId } from '../lease.ts'

/**
 * The rows of a fleet in the coordination table (`pk`, `sk`, both strings; time to live on `expiresAt`).
 *
 *     pk                           sk                             what it says
 *     members#<consumer>#<table>   <member id>                    a worker that is, or was a moment ago, alive
 *     members#<consumer>#<table>   #pause                         nobody reads until this row is gone; never expires
 *     leases#<consumer>#<table>    lease#<label>#<shard id>       a shard that may be consumed; never expires
 *     leases#<consumer>#<table>    done#<label>#<shard id>        it was consumed to its end: no lease of it again
 *     leases#<consumer>#<table>    was#<label>#<shard id>         its lease was taken back, and had this epoch: the next goes on from it
 *     leases#<consumer>#<table>    start#<label>                  how consumption of the stream began; never expires
 *
 * Neither a consumer's name nor a table's, a stream label or a shard id can contain a `#`.
 */
export const prefixes = { lease: 'lease#', done: 'done#', was: 'was#', start: 'start#' } as const

/** Longer than a stream lists a shard (about a day) by far: after that nobody can ask for its lease again. */
const doneKeptMs = 7 * 86_400_000

/** Sorts before every member, whose id has no `#` in it. */
const pauseSk = '#pause'

/** The key of a row. */
export type RowKey = { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } }

export function membersKey({ consumer, tableName }: FleetName): string {
  return `members#${consumer}#${tableName}`
}

export function leasesKey({ consumer, tableName }: FleetName): string {
  return `leases#${consumer}#${tableName}`
}

export function memberKey(fleet: FleetName, id: string): RowKey {
  return { pk: { S: membersKey(fleet) }, sk: { S: id } }
}

export function pauseKey(fleet: FleetName): RowKey {
  return { pk: { S: membersKey(fleet) }, sk: { S: pauseSk } }
}

export function isPauseRow(row: Row): boolean {
  return row['sk']?.S === pauseSk
}

export function leaseKey(fleet: FleetName, id: LeaseId): RowKey {
  return { pk: { S: leasesKey(fleet) }, sk: { S: prefixes.lease + id } }
}

export function doneKey(fleet: FleetName, id: LeaseId): RowKey {
  return { pk: { S: leasesKey(fleet) }, sk: { S: prefixes.done + id } }
}

export function wasKey(fleet: FleetName, id: LeaseId): RowKey {
  return { pk: { S: leasesKey(fleet) }, sk: { S: prefixes.was + id } }
}

export function startKey(fleet: FleetName, streamLabel: string): RowKey {
  return { pk: { S: leasesKey(fleet) }, sk: { S: prefixes.start + streamLabel } }
}

export function numberOf(value: number): AttributeValue {
  return { N: String(value) }
}

export function startRow(fleet: FleetName, { streamLabel, startAt, complete }: StreamStart, now: number): Row {
  return {
    ...startKey(fleet, streamLabel),
    startAt: { S: startAt },
    complete: { BOOL: complete },
    notedAt: numberOf(now),
  }
}

export function startOf(row: Row, tableName: string): StreamStart {
  const reader = new RowReader(row, tableName, 'the start of a stream')
  return {
    streamLabel: reader.text('sk').slice(prefixes.start.length),
    startAt: reader.choice('startAt', ['TRIM_HORIZON', 'LATEST']),
    complete: reader.flag('complete'),
    notedAt: reader.whole('notedAt'),
  }
}

export function pauseRow(fleet: FleetName, { pausedAt, by }: Pause): Row {
  return { ...pauseKey(fleet), pausedAt: numberOf(pausedAt), by: { S: by } }
}

/** What is wrong in such a row is no reason to read on: that it is there is what counts. */
export function pauseOf(row: Row): Pause {
  return { pausedAt: Number(row['pausedAt']?.N ?? 0), by: row['by']?.S ?? 'unknown' }
}

export function wasRow(fleet: FleetName, id: LeaseId, epoch: number, now: number): Row {
  return {
    ...wasKey(fleet, id),
    epoch: numberOf(epoch),
    expiresAt: numberOf(epochSeconds(now + doneKeptMs)),
  }
}

export function finishedAtOf(row: Row, tableName: string): number {
  return new RowReader(row, tableName, 'a finished shard').whole('finishedAt')
}

export function doneRow(fleet: FleetName, { id, owner, epoch }: HeldLease, now: number): Row {
  return {
    ...doneKey(fleet, id),
    finishedAt: numberOf(now),
    owner: { S: owner },
    epoch: numberOf(epoch),
    expiresAt: numberOf(epochSeconds(now + doneKeptMs)),
  }
}
