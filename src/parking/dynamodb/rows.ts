import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { epochSeconds, numberIn, type Row } from '../../ledger/dynamodb/rows.ts'
import { parseSequenceNumber } from '../../record/sequence-number.ts'
import { laneIdOf, type LaneName } from '../lane-name.ts'
import type { Fate, LaneState, ParkedRecord, PastRecord, ShardFence } from '../parking-lot.ts'

/**
 * The rows of a parking lot in the table (`pk`, `sk`, both strings; time to live on `expiresAt`).
 *
 *     pk                           sk                                what it says
 *     parked#<consumer>            lane#<table>#<lane id>            what is out of the ordinary with the lane: parked (then
 *                                                                    it never expires), an attempt noted, cleared lately
 *     parked#<consumer>            shard#<table>#<label>#<shard id>  the latest epoch in which the shard was opened
 *     parked#<consumer>#<lane id>  record#<position>                 a record that waits, and why; never expires
 *     parked#<consumer>#<lane id>  part#<position>#<n>               the rest of a record that is too large for one row
 *     parked#<consumer>#<lane id>  past#<position>                   what became of a record that was in the lot
 *
 * Neither a consumer's name nor a table's, a stream label or a shard id can contain a `#`.
 */
export const prefixes = { lane: 'lane#', shard: 'shard#', record: 'record#', part: 'part#', past: 'past#' } as const

// What was settled can't come again from a stream, which keeps records for a day, after that; with a day to spare.
const clearedKeptMs = 2 * 86_400_000

/** For how long it is told what became of a record. */
const pastKeptMs = 30 * 86_400_000

export function consumerKey(consumer: string): string {
  return `parked#${consumer}`
}

export function laneKeyOf(lane: LaneName): Row {
  return { pk: { S: consumerKey(lane.consumer) }, sk: { S: `${prefixes.lane}${lane.tableName}#${laneIdOf(lane)}` } }
}

export function fenceKey({ consumer, tableName, streamLabel, shardId }: ShardFence): Row {
  return { pk: { S: consumerKey(consumer) }, sk: { S: `${prefixes.shard}${tableName}#${streamLabel}#${shardId}` } }
}

/** The partition of a lane's records. */
export function laneRecordsKey(lane: LaneName): string {
  return `${consumerKey(lane.consumer)}#${laneIdOf(lane)}`
}

export function recordKey(lane: LaneName, position: string): Row {
  return { pk: { S: laneRecordsKey(lane) }, sk: { S: prefixes.record + position } }
}

export function partKey(lane: LaneName, position: string, part: number): Row {
  return { pk: { S: laneRecordsKey(lane) }, sk: { S: `${prefixes.part}${position}#${part}` } }
}

export function pastKey(lane: LaneName, position: string): Row {
  return { pk: { S: laneRecordsKey(lane) }, sk: { S: prefixes.past + position } }
}

export function numberOf(value: number): AttributeValue {
  return { N: String(value) }
}

/** What a lane's row says; nothing when it says nothing that is still of use. */
export function laneStateOf(row: Row, now: number): LaneState[] {
  const [, tableName = '', laneId = ''] = (row['sk']?.S ?? '').split('#')
  const consumer = (row['pk']?.S ?? '').slice(consumerKey('').length)
  const lane = { consumer, tableName, laneKey: row['laneKey']?.S ?? '' }
  const parked = row['parkedAt'] === undefined ? {} : { parked: parkedOf(row) }
  if (row['parkedAt'] === undefined && numberIn(row, 'expiresAt') * 1_000 <= now) return []
  const position = row['notedPosition']?.S
  const noted = position === undefined ? {} : { noted: { position, count: numberIn(row, 'notedCount') } }
  const through = row['clearedThrough']?.S
  const cleared = through === undefined ? {} : { clearedThrough: through }
  const repeated = row['repeatedFrom'] === undefined ? {} : { repeatedFrom: row['repeatedFrom'].S ?? '' }
  const state = { lane, laneId, ...parked, ...noted, ...cleared, ...repeated }
  return 'parked' in state || 'noted' in state || 'clearedThrough' in state ? [state] : []
}

function parkedOf(row: Row): NonNullable<LaneState['parked']> {
  const name = row['errorName']?.S
  return {
    since: numberIn(row, 'parkedAt'),
    recordCount: numberIn(row, 'recordCount'),
    ...(name === undefined ? {} : { error: { name, message: row['errorMessage']?.S ?? '' } }),
    ...(row['heldUntil'] === undefined ? {} : { heldUntil: numberIn(row, 'heldUntil') }),
  }
}

/** What became of a record, and what is kept of it. */
export function pastRow(lane: LaneName, record: Row, position: string, fate: Fate): Row {
  const { pk: _pk, sk: _sk, ...kept } = record
  return {
    ...(fate.outcome === 'dropped' ? kept : pick(kept, ['eventId', 'sequenceNumber', 'attempts'])),
    ...pastKey(lane, position),
    outcome: { S: fate.outcome },
    at: numberOf(fate.at),
    by: { S: fate.by },
    ...(fate.reason === undefined ? {} : { reason: { S: fate.reason } }),
    expiresAt: pastExpiry(fate),
  }
}

/** When it is forgotten that a lane was cleared, or an attempt noted. */
export function clearedExpiry(now: number): AttributeValue {
  return numberOf(epochSeconds(now + clearedKeptMs))
}

/** When what is kept of a settled record is forgotten. */
export function pastExpiry({ at }: Fate): AttributeValue {
  return numberOf(epochSeconds(at + pastKeptMs))
}

export function pastOf(row: Row): PastRecord {
  const reason = row['reason']?.S
  return {
    position: (row['sk']?.S ?? '').slice(prefixes.past.length),
    eventId: row['eventId']?.S ?? '',
    sequenceNumber: parseSequenceNumber(row['sequenceNumber']?.S, 'sequenceNumber'),
    attempts: numberIn(row, 'attempts'),
    outcome: (row['outcome']?.S ?? 'dropped') as Fate['outcome'],
    at: numberIn(row, 'at'),
    by: row['by']?.S ?? '',
    ...(reason === undefined ? {} : { reason }),
  }
}

/** The attributes by which a person finds a record without its body. */
export function recordHead({ eventId, sequenceNumber, attempts, error, parkedAt }: ParkedRecord): Row {
  return {
    eventId: { S: eventId },
    sequenceNumber: { S: sequenceNumber },
    attempts: numberOf(attempts),
    parkedAt: numberOf(parkedAt),
    ...(error === undefined ? {} : errorHead(error)),
  }
}

// Names and messages can be as long as whoever threw them likes; the body has them whole.
const longestHead = 500

/** An error in a row, for listings. */
export function errorHead({ name, message }: { readonly name: string; readonly message: string }): Row {
  return { errorName: { S: name.slice(0, longestHead) }, errorMessage: { S: message.slice(0, longestHead) } }
}

function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]])))
}
