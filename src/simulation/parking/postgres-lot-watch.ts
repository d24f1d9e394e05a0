import { fences, lanes, past, records } from '../postgres/lot-tables.ts'
import type { Columns, WrittenRow } from '../postgres/transaction.ts'
import type { LotOracle } from './lot-oracle.ts'
import { seenParked, type SeenLane, type SeenPast } from './lot-rows.ts'

// What became of records first, then the records, then what the lane's row says of them.
const inOrder = [past, records, lanes, fences]

/** Tells a lot's oracle what is read and committed of a lot in PostgreSQL. */
export class PostgresLotWatch {
  readonly #oracle: LotOracle

  constructor(oracle: LotOracle) {
    this.#oracle = oracle
  }

  /** A client's transaction that wrote this was committed. */
  committed(written: readonly WrittenRow[], client: string): void {
    for (const wanted of inOrder) {
      const rows = new Set(written.filter(({ table }) => table === wanted).map(({ row }) => row))
      for (const { versions } of rows) {
        // A row that was deleted is known by what it was.
        const before = versions.findLast(({ columns }) => columns !== undefined)?.columns
        if (before !== undefined) this.#written(wanted, before, versions.at(-1)?.columns, client)
      }
    }
  }

  /** A client's statement was done. */
  ran(statement: string, [, laneId = '', after]: readonly string[], client: string): void {
    if (statement === 'list lanes') this.#oracle.limit.listed(client)
    if (statement === 'read parked records' && after === '') this.#oracle.recordsRead(laneId, client)
  }

  #written(table: string, key: Columns, row: Columns | undefined, client: string): void {
    const { rows } = this.#oracle
    const [laneId, position] = [textIn(key, 'lane_id') ?? '', textIn(key, 'position') ?? '']
    if (table === fences) rows.opened(`${textIn(key, 'stream_label')}#${textIn(key, 'shard_id')}`, client)
    else if (table === lanes) rows.lane(laneId, seenLane(row), client)
    else if (table === records)
      rows.record(laneId, position, row && seenParked(position, textIn(row, 'body') ?? '{}'), client)
    else if (row !== undefined) rows.past(laneId, position, seenPast(row))
  }
}

function seenLane(row: Columns = {}): SeenLane {
  return {
    isParked: row['parked_at'] !== undefined,
    recordCount: Number(row['record_count'] ?? 0),
    holder: textIn(row, 'holder'),
    heldUntil: Number(row['held_until'] ?? 0),
    noted: textIn(row, 'noted_position'),
    notedCount: Number(row['noted_count'] ?? 0),
  }
}

function seenPast(row: Columns): SeenPast {
  const reason = textIn(row, 'reason')
  return { outcome: textIn(row, 'outcome') ?? '', by: textIn(row, 'settled_by') ?? '', reason }
}

function textIn(row: Columns, column: string): string | undefined {
  const value = row[column]
  return value === undefined ? undefined : String(value)
}
