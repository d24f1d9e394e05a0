import type { Checkpoint } from '../../checkpoint/checkpoint.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import { padSequenceNumber, type SequenceNumber } from '../../record/sequence-number.ts'
import type { FleetName } from '../coordination.ts'
import type { Change } from './expressions.ts'
import { RowReader } from './row-reader.ts'
import { leaseKey, numberOf, prefixes } from './rows.ts'
import { type Gap, type Lease, leaseIdOf, type NewLease } from '../lease.ts'

/**
 * The row of a lease: what it was made with (parent, startAt, createdAt, readAt), who has it (owner, epoch, revision,
 * takenOverAt), and how far its shard is settled (from, after, afterText, beyond, through, gap).
 *
 * `after` is padded to 40 digits, so that a condition can compare it; GetShardIterator wants the number as the stream wrote
 * it, so `afterText` keeps it where padding changes it.
 */
export function leaseRow(fleet: FleetName, lease: NewLease, now: number, epoch = 0): Row {
  const { parentShardId, startAt } = lease
  return {
    ...leaseKey(fleet, leaseIdOf(lease)),
    ...(parentShardId === undefined ? {} : { parent: { S: parentShardId } }),
    startAt: { S: startAt },
    createdAt: numberOf(now),
    epoch: numberOf(epoch),
  }
}

export function leaseOf(row: Row, tableName: string): Lease {
  const reader = new RowReader(row, tableName, 'a lease')
  const id = reader.text('sk').slice(prefixes.lease.length)
  const [, streamLabel, shardId] = /^([^#]+)#([^#]+)$/.exec(id) ?? reader.fail('sk', 'lease#<stream label>#<shard id>')
  if (streamLabel === undefined || shardId === undefined) return reader.fail('sk', 'lease#<stream label>#<shard id>')
  const parentShardId = reader.optionalText('parent')
  return {
    id: leaseIdOf({ streamLabel, shardId }),
    streamLabel,
    shardId,
    ...(parentShardId === undefined ? {} : { parentShardId }),
    startAt: reader.choice('startAt', ['TRIM_HORIZON', 'LATEST']),
    createdAt: reader.whole('createdAt'),
    readAt: reader.has('readAt') ? reader.whole('readAt') : undefined,
    epoch: reader.whole('epoch'),
    owner: reader.optionalText('owner'),
    ...(reader.has('takenOverAt') ? { takenOverAt: reader.whole('takenOverAt') } : {}),
    checkpoint: checkpointOf(reader),
    gap: reader.has('gap') ? gapOf(reader.inside('gap')) : undefined,
  }
}

/** Writes the whole checkpoint: what the new one lacks must not be left from the old one. */
export function checkpointChange({ after, from, beyond, through }: Checkpoint): Change {
  const padded = after === undefined ? undefined : padSequenceNumber(after)
  const fields: { readonly [name: string]: Row[string] | undefined } = {
    after: padded === undefined ? undefined : { S: padded },
    afterText: after === undefined || after === padded ? undefined : { S: after },
    from: from === undefined ? undefined : { S: from },
    beyond: beyond.length === 0 ? undefined : { B: beyond },
    through: through === undefined ? undefined : { S: through },
  }
  const set: Row = {}
  const remove: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) remove.push(name)
    else set[name] = value
  }
  return { set, remove }
}

function checkpointOf(reader: RowReader): Checkpoint {
  const after = afterOf(reader)
  const from = reader.sequenceNumber('from')
  const through = reader.sequenceNumber('through')
  return {
    ...(after === undefined ? {} : { after }),
    ...(from === undefined ? {} : { from }),
    beyond: reader.bytes('beyond'),
    ...(through === undefined ? {} : { through }),
  }
}

function afterOf(reader: RowReader): SequenceNumber | undefined {
  const padded = reader.sequenceNumber('after')
  const text = reader.sequenceNumber('afterText')
  if (text === undefined) return padded
  return padSequenceNumber(text) === padded ? text : reader.fail('afterText', `the number that its 'after' says`)
}

export function gapChange({ kind, after, foundAt }: Gap): Change {
  const gap = { kind: { S: kind }, foundAt: numberOf(foundAt), ...(after === undefined ? {} : { after: { S: after } }) }
  return { set: { gap: { M: gap } } }
}

function gapOf(reader: RowReader): Gap {
  const after = reader.sequenceNumber('after')
  return {
    kind: reader.choice('kind', ['trimmed', 'missing']),
    ...(after === undefined ? {} : { after }),
    foundAt: reader.whole('foundAt'),
  }
}
