import type { Execution, Work } from './execution.ts'
import { lanes, ofLane, past, positionOf, textIn } from './lot-tables.ts'
import { forget, isBefore, type AnswerRow, type Statement } from './statement.ts'
import type { Columns } from './transaction.ts'

const laneColumns =
  'consumer, table_name AS tablename, lane_id AS id, lane_key::text AS key, parked_at::text AS since, ' +
  'record_count::text AS count, error::text AS error, holder, held_until::text AS held, noted_position AS noted, ' +
  'noted_count::text AS attempts, cleared_through AS cleared, repeated_from AS repeated'
const isTold =
  '(parked_at IS NOT NULL OR ' +
  '((noted_position IS NOT NULL OR cleared_through IS NOT NULL) AND expires_at > $1::text::bigint))'

/* eslint-disable require-yield -- most statements wait for nobody */
/** What a parking lot sends of lanes. */
export const laneStatements: readonly (readonly [text: string, statement: Statement])[] = [
  [
    `SELECT ${laneColumns} FROM ${lanes} WHERE (consumer, lane_id) IN ` +
      `(SELECT lane->>0, lane->>1 FROM jsonb_array_elements($2::text::jsonb) AS lane) AND ${isTold}`,
    {
      name: 'read lanes',
      *run(execution, [now, keys = '']) {
        const wanted = new Set((JSON.parse(keys) as string[][]).map((key) => key.join('\0')))
        return told(execution, now, ({ consumer, lane_id }) => wanted.has([consumer, lane_id].join('\0')))
      },
    },
  ],
  [
    `SELECT ${laneColumns} FROM ${lanes} WHERE consumer = $2 AND ${isTold}`,
    {
      name: 'list lanes',
      *run(execution, [now, consumer]) {
        return told(execution, now, (row) => row['consumer'] === consumer)
      },
    },
  ],
  [
    `INSERT INTO ${lanes} AS mine (consumer, lane_id, table_name, lane_key, expires_at) ` +
      `VALUES ($1, $2, $3, $4::text::json, $5::text::bigint) ` +
      `ON CONFLICT (consumer, lane_id) DO UPDATE SET lane_key = excluded.lane_key RETURNING ${laneColumns}`,
    {
      name: 'lock lane',
      *run(execution, [consumer = '', lane_id = '', table_name, lane_key, expires]) {
        let row: Columns = { consumer, lane_id, table_name, lane_key, expires_at: Number(expires), record_count: 0 }
        yield* execution.insert(lanes, [consumer, lane_id], row, (there) => (row = { ...there, lane_key }))
        return [laneOf(row)]
      },
    },
  ],
  [
    `SELECT ${laneColumns} FROM ${lanes} ${ofLane} FOR UPDATE`,
    {
      name: 'lock lane that is',
      *run(execution, values) {
        const row = yield* execution.lock(lanes, execution.find(lanes, values), () => true)
        return row === undefined ? [] : [laneOf(row)]
      },
    },
  ],
  [
    `UPDATE ${lanes} SET noted_position = $3, noted_count = $4::text::bigint, ` +
      `expires_at = $5::text::bigint ${ofLane} AND parked_at IS NULL AND (noted_position IS NULL ` +
      `OR expires_at <= $6::text::bigint OR (noted_position, noted_count) <= ($3, $4::text::bigint))`,
    {
      name: 'note attempt',
      *run(execution, values) {
        const [noted_position = '', count, expires, now] = values.slice(2)
        const noted = { noted_position, noted_count: Number(count), expires_at: Number(expires) }
        yield* updateLane(execution, values, (row) => (isNotable(row, noted, Number(now)) ? noted : undefined))
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET noted_position = NULL, noted_count = NULL ${ofLane} AND noted_position = $3`,
    {
      name: 'forget attempt',
      *run(execution, values) {
        const [, , position] = values
        yield* updateLane(execution, values, (row) => (row['noted_position'] === position ? noNote : undefined))
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET repeated_from = $3 ${ofLane} ` +
      `AND cleared_through IS NOT NULL AND (repeated_from IS NULL OR repeated_from > $3)`,
    {
      name: 'note repetition',
      *run(execution, values) {
        const [, , position = ''] = values
        yield* updateLane(execution, values, ({ cleared_through, repeated_from }) => {
          const isFirst = repeated_from === undefined || position < String(repeated_from)
          return cleared_through !== undefined && isFirst ? { repeated_from: position } : undefined
        })
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET parked_at = COALESCE(parked_at, $3::text::bigint), record_count = record_count + 1, ` +
      `error = COALESCE(error, NULLIF($4::text, '')::json), expires_at = NULL, noted_position = NULL, ` +
      `noted_count = NULL, cleared_through = NULL, repeated_from = NULL ${ofLane}`,
    {
      name: 'park lane',
      *run(execution, values) {
        const [, , at, error = ''] = values
        yield* updateLane(execution, values, (row) => ({
          parked_at: row['parked_at'] ?? Number(at),
          record_count: Number(row['record_count']) + 1,
          error: row['error'] ?? (error === '' ? undefined : error),
          ...{ expires_at: undefined, cleared_through: undefined, repeated_from: undefined, ...noNote },
        }))
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET holder = $3, held_until = $4::text::bigint ${ofLane}`,
    {
      name: 'hold lane',
      *run(execution, values) {
        const [, , holder, until] = values
        yield* updateLane(execution, values, () => ({ holder, held_until: Number(until) }))
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET held_until = $4::text::bigint ${ofLane} AND holder = $3 RETURNING lane_id AS id`,
    {
      name: 'hold lane longer',
      *run(execution, values) {
        const [, id = '', holder, until] = values
        const isHeld = yield* updateLane(execution, values, (row) =>
          row['holder'] === holder ? { held_until: Number(until) } : undefined,
        )
        return isHeld ? [{ id }] : []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET record_count = record_count - 1, error = NULL ${ofLane}`,
    {
      name: 'count record out',
      *run(execution, values) {
        yield* updateLane(execution, values, (row) => ({
          ...{ record_count: Number(row['record_count']) - 1, error: undefined },
        }))
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET error = $3::text::json ${ofLane}`,
    {
      name: 'say why lane is parked',
      *run(execution, values) {
        const [, , error] = values
        yield* updateLane(execution, values, () => ({ error }))
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET holder = NULL, held_until = NULL ${ofLane}`,
    {
      name: 'let lane go',
      *run(execution, values) {
        yield* updateLane(execution, values, () => noHolder)
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET parked_at = NULL, record_count = 0, holder = NULL, held_until = NULL, error = NULL, ` +
      `expires_at = $3::text::bigint, cleared_through = (SELECT max(position) FROM ${past} ${ofLane}) ${ofLane}`,
    {
      name: 'open lane',
      *run(execution, values) {
        const [consumer, laneId, expires] = values
        const settled = [...execution.all(past)].flatMap(([, row]) =>
          row['consumer'] === consumer && row['lane_id'] === laneId ? [positionOf(row)] : [],
        )
        yield* updateLane(execution, values, () => ({
          ...{ parked_at: undefined, record_count: 0, error: undefined, ...noHolder },
          ...{ expires_at: Number(expires), cleared_through: settled.toSorted().at(-1) },
        }))
        return []
      },
    },
  ],
  [
    `DELETE FROM ${lanes} WHERE consumer = $1 AND lane_id IN (SELECT lane_id FROM ${lanes} WHERE consumer = $1 ` +
      `AND parked_at IS NULL AND expires_at < $2::text::bigint LIMIT 100 FOR UPDATE SKIP LOCKED)`,
    {
      name: 'forget lanes',
      *run(execution, [consumer, before]) {
        const isOver = (row: Columns) => row['consumer'] === consumer && row['parked_at'] === undefined
        return forget(execution, lanes, (row) => isOver(row) && isBefore(row['expires_at'], before), 100)
      },
    },
  ],
]

const noNote = { noted_position: undefined, noted_count: undefined }
const noHolder = { holder: undefined, held_until: undefined }

/** Changes a lane's row that is there, where `change` makes something of it. */
function* updateLane(
  execution: Execution,
  values: readonly string[],
  change: (row: Columns) => Columns | undefined,
): Work<boolean> {
  const row = execution.find(lanes, values.slice(0, 2))
  const columns = yield* execution.lock(lanes, row, (there) => change(there) !== undefined)
  if (row === undefined || columns === undefined) return false
  return execution.write(lanes, row, { ...columns, ...change(columns) })
}

function isNotable(
  { parked_at, noted_position, noted_count, expires_at }: Columns,
  note: { readonly noted_position: string; readonly noted_count: number },
  now: number,
): boolean {
  if (parked_at !== undefined) return false
  if (noted_position === undefined || Number(expires_at) <= now) return true
  const isSame = note.noted_position === noted_position
  return isSame ? note.noted_count >= Number(noted_count) : note.noted_position > String(noted_position)
}

function told(execution: Execution, now: string | undefined, isWanted: (row: Columns) => boolean): AnswerRow[] {
  return [...execution.all(lanes)].flatMap(([, row]) => {
    const { parked_at, noted_position, cleared_through, expires_at } = row
    const isKnown = (noted_position ?? cleared_through) !== undefined && Number(expires_at) > Number(now)
    return isWanted(row) && (parked_at !== undefined || isKnown) ? [laneOf(row)] : []
  })
}

function laneOf(row: Columns): AnswerRow {
  return {
    ...{ consumer: textIn(row['consumer']), tablename: textIn(row['table_name']), id: textIn(row['lane_id']) },
    ...{ key: textIn(row['lane_key']), since: textIn(row['parked_at']), count: textIn(row['record_count']) },
    ...{ error: textIn(row['error']), holder: textIn(row['holder']), held: textIn(row['held_until']) },
    ...{ noted: textIn(row['noted_position']), attempts: textIn(row['noted_count']) },
    cleared: textIn(row['cleared_through']),
    repeated: textIn(row['repeated_from']),
  }
}
