import { CoordinationError } from '../../errors.ts'
import { epochSeconds, type Row } from '../../ledger/dynamodb/rows.ts'
import type { FleetName, MemberRow } from '../coordination.ts'
import { RowReader } from './row-reader.ts'
import { memberKey, numberOf } from './rows.ts'
import { longestLeaseMs } from '../fleet-options.ts'

/** Members that fell silent are removed by the others; this is for the last one of a fleet. */
const memberKeptMs = 86_400_000

/** What a heartbeat writes. */
export function beatFields(
  { beat, changes, leaving }: Pick<MemberRow, 'beat' | 'changes' | 'leaving'>,
  now: number,
): Row {
  return {
    beat: numberOf(beat),
    changes: numberOf(changes),
    leaving: { BOOL: leaving },
    expiresAt: numberOf(epochSeconds(now + memberKeptMs)),
  }
}

export function memberRow(fleet: FleetName, member: MemberRow, now: number): Row {
  const { id, host, joinedAt, leaseDurationMs } = member
  return {
    ...memberKey(fleet, id),
    host: { S: host },
    joinedAt: numberOf(joinedAt),
    ...(leaseDurationMs === undefined ? {} : { leaseDurationMs: numberOf(leaseDurationMs) }),
    ...beatFields(member, now),
  }
}

/**
 * The member of a row. One that is not as we write it must not stop those who read the rows of all, and is a member all the
 * same: its owner may be alive and in its right, and without a row its leases would be free at once. An epoch refuses what
 * such an owner writes to a shard's row; it does not refuse the effects of its handlers. So the row stands for a member that
 * takes nothing, and whose leases are free when it has been silent for as long as it may be: as the row says, or the longest
 * there is. The owner of such a row is told by its next beat that it is gone, and comes back under another id before that.
 */
export function memberOf(row: Row, tableName: string): MemberRow {
  const reader = new RowReader(row, tableName, 'a member of a fleet')
  try {
    return readMember(reader)
  } catch (error) {
    if (!(error instanceof CoordinationError)) throw error
    const unreadable = error
    const beat = readable(() => reader.whole('beat')) ?? 0
    const leaseDurationMs = readable(() => leaseDurationOf(reader)) ?? longestLeaseMs
    return {
      id: reader.text('sk'),
      beat,
      changes: 0,
      leaving: true,
      host: '',
      joinedAt: 0,
      leaseDurationMs,
      unreadable,
    }
  }
}

function readMember(reader: RowReader): MemberRow {
  const leaseDurationMs = leaseDurationOf(reader)
  return {
    id: reader.text('sk'),
    beat: reader.whole('beat'),
    changes: reader.whole('changes'),
    leaving: reader.flag('leaving'),
    host: reader.text('host'),
    joinedAt: reader.whole('joinedAt'),
    ...(reader.has('expiresAt') ? { beatAt: reader.whole('expiresAt') * 1_000 - memberKeptMs } : {}),
    ...(leaseDurationMs === undefined ? {} : { leaseDurationMs }),
  }
}

function leaseDurationOf(reader: RowReader): number | undefined {
  if (!reader.has('leaseDurationMs')) return undefined
  const ms = reader.whole('leaseDurationMs')
  return ms > 0 ? ms : reader.fail('leaseDurationMs', 'above 0')
}

function readable<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
