import type { Columns } from './transaction.ts'

/** The tables of a parking lot. */
export const lanes = 'tidemark_parked_lanes'
export const records = 'tidemark_parked_records'
export const past = 'tidemark_parked_past'
export const fences = 'tidemark_parked_shards'

export const ofLane: string = 'WHERE consumer = $1 AND lane_id = $2'

/** As it is answered. */
export function textIn(value: string | number | undefined): string | null {
  return value === undefined ? null : String(value)
}

export function positionOf(row: Columns): string {
  return String(row['position'])
}
