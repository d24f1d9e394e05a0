import type { Row } from '../../ledger/postgres/driver.ts'
import type { TableNames } from '../../ledger/postgres/migration.ts'
import { laneIdOf, type LaneName } from '../lane-name.ts'
import type { LaneState } from '../parking-lot.ts'
import type { Query } from './lot-store.ts'

/** A lane's row. */
export interface LaneRow {
  readonly state: LaneState
  readonly holder: string | undefined
}

/** The columns of a lane, under names that no query builder's plugin changes. */
export const laneColumns: string =
  'consumer, table_name AS tablename, lane_id AS id, lane_key::text AS key, parked_at::text AS since, ' +
  'record_count::text AS count, error::text AS error, holder, held_until::text AS held, noted_position AS noted, ' +
  'noted_count::text AS attempts, cleared_through AS cleared, repeated_from AS repeated'

// What was settled can't come again from a stream, which keeps records for a day, after that; with a day to spare.
const clearedKeptMs = 2 * 86_400_000

/** When it is forgotten that a lane was cleared, or an attempt noted. */
export function clearedExpiry(now: number): string {
  return String(now + clearedKeptMs)
}

/** The key of a lane's rows. */
export function keyOf(lane: LaneName): [string, string] {
  return [lane.consumer, laneIdOf(lane)]
}

/** Locks the lane's row until the end of the transaction; first makes it, where there is none. */
export async function lockLane(query: Query, { lanes }: TableNames, lane: LaneName, now: number): Promise<LaneRow> {
  const [row] = await query(
    `INSERT INTO ${lanes} AS mine (consumer, lane_id, table_name, lane_key, expires_at) ` +
      `VALUES ($1, $2, $3, $4::text::json, $5::text::bigint) ` +
      `ON CONFLICT (consumer, lane_id) DO UPDATE SET lane_key = excluded.lane_key RETURNING ${laneColumns}`,
    [...keyOf(lane), lane.tableName, JSON.stringify(lane.laneKey), clearedExpiry(now)],
  )
  return laneRowOf(row ?? {})
}

/** Locks the lane's row, where there is one. */
export async function lockLaneThatIs(
  query: Query,
  { lanes }: TableNames,
  lane: LaneName,
): Promise<LaneRow | undefined> {
  const [row] = await query(
    `SELECT ${laneColumns} FROM ${lanes} WHERE consumer = $1 AND lane_id = $2 FOR UPDATE`,
    keyOf(lane),
  )
  return row && laneRowOf(row)
}

/** A lane's row, as {@link laneColumns} select it. */
export function laneRowOf(row: Row): LaneRow {
  const [since, noted] = [textIn(row, 'since'), textIn(row, 'noted')]
  const [cleared, repeated] = [textIn(row, 'cleared'), textIn(row, 'repeated')]
  const key = textIn(row, 'key')
  const lane = {
    consumer: textIn(row, 'consumer') ?? '',
    tableName: textIn(row, 'tablename') ?? '',
    laneKey: key === undefined ? '' : (JSON.parse(key) as string),
  }
  return {
    holder: textIn(row, 'holder'),
    state: {
      ...{ lane, laneId: textIn(row, 'id') ?? '' },
      ...(since === undefined ? {} : { parked: parkedOf(row, Number(since)) }),
      ...(noted === undefined ? {} : { noted: { position: noted, count: numberIn(row, 'attempts') } }),
      ...(cleared === undefined ? {} : { clearedThrough: cleared }),
      ...(repeated === undefined ? {} : { repeatedFrom: repeated }),
    },
  }
}

function parkedOf(row: Row, since: number): NonNullable<LaneState['parked']> {
  const [error, heldUntil] = [textIn(row, 'error'), textIn(row, 'held')]
  return {
    ...{ since, recordCount: numberIn(row, 'count') },
    ...(error === undefined ? {} : { error: JSON.parse(error) as { name: string; message: string } }),
    ...(heldUntil === undefined ? {} : { heldUntil: Number(heldUntil) }),
  }
}

// Names and messages can be as long as whoever threw them likes; the record's body has them whole.
const longestHead = 500

/** An error in a lane's row, for listings: JSON, which can hold every text. */
export function errorHead({ name, message }: { readonly name: string; readonly message: string }): string {
  return JSON.stringify({ name: name.slice(0, longestHead), message: message.slice(0, longestHead) })
}

export function textIn(row: Row, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' ? value : undefined
}

export function numberIn(row: Row, column: string): number {
  return Number(textIn(row, column) ?? 0)
}
