import { idleLimit } from '../../ledger/postgres/time-limits.ts'
import type { Execution, Work } from './execution.ts'
import { SqlError } from './sql-error.ts'
import { duration, forget, isBefore, type AnswerRow, type Statement } from './statement.ts'
import type { Columns } from './transaction.ts'

export const lanes = 'tidemark_parked_lanes'
export const records = 'tidemark_parked_records'
export const past = 'tidemark_parked_past'
export const fences = 'tidemark_parked_shards'

const laneColumns =
  'consumer, table_name AS tablename, lane_id AS id, lane_key::text AS key, parked_at::text AS since, ' +
  'record_count::text AS count, error::text AS error, holder, held_until::text AS held, noted_position AS noted, ' +
  'noted_count::text AS attempts, cleared_through AS cleared'
const ofLane = 'WHERE consumer = $1 AND lane_id = $2'
const ofRecord = `${ofLane} AND position = $3`
const ofShard = 'consumer = $1 AND table_name = $2 AND stream_label = $3 AND shard_id = $4'
const isTold =
  '(parked_at IS NOT NULL OR ' +
  '((noted_position IS NOT NULL OR cleared_through IS NOT NULL) AND expires_at > $1::text::bigint))'

/* eslint-disable require-yield -- most statements wait for nobody */
/** What a parking lot sends. */
export const lotStatements: readonly (readonly [text: string, statement: Statement])[] = [
  [
    `SELECT set_config('lock_timeout', $1, true) AS patience, ${idleLimit('$2')}`,
    {
      name: 'be quick',
      *run({ transaction }, [patience = '', idle = '']) {
        transaction.lockTimeoutMs = Number(patience)
        transaction.idleTimeoutMs = Number(idle)
        return [{ patience: duration(patience), idle: duration(idle) }]
      },
    },
  ],
  [
    `INSERT INTO ${fences} AS mine (consumer, table_name, stream_label, shard_id, lease_created_at, epoch, opened_at) ` +
      `VALUES ($1, $2, $3, $4, $5::text::bigint, $6::text::bigint, $7::text::bigint) ` +
      `ON CONFLICT (consumer, table_name, stream_label, shard_id) DO UPDATE SET ` +
      `lease_created_at = excluded.lease_created_at, epoch = excluded.epoch, opened_at = excluded.opened_at ` +
      `WHERE mine.epoch <= excluded.epoch OR mine.lease_created_at < excluded.lease_created_at RETURNING epoch::text`,
    {
      name: 'open shard of the lot',
      *run(execution, values) {
        const [consumer, table_name, stream_label, shard_id, born, epoch, now] = values
        const opened = {
          ...{ consumer, table_name, stream_label, shard_id },
          ...{ lease_created_at: Number(born), epoch: Number(epoch), opened_at: Number(now) },
        }
        const isLater = (there: Columns) =>
          Number(there['epoch']) > opened.epoch && Number(there['lease_created_at']) >= opened.lease_created_at
        const key = values.slice(0, 4)
        const isOpened = yield* execution.insert(fences, key, opened, (there) => (isLater(there) ? undefined : opened))
        return isOpened ? [{ epoch: String(opened.epoch) }] : []
      },
    },
  ],
  [
    `DELETE FROM ${fences} WHERE consumer = $1 AND opened_at < $2::text::bigint`,
    {
      name: 'forget shards of the lot',
      *run(execution, [consumer, before]) {
        const isOld = (row: Columns) => row['consumer'] === consumer && isBefore(row['opened_at'], before)
        for (const [row] of execution.all(fences)) {
          const columns = yield* execution.lock(fences, row, isOld)
          if (columns !== undefined) execution.write(fences, row, undefined)
        }
        return []
      },
    },
  ],
  [
    `SELECT epoch::text FROM ${fences} WHERE ${ofShard} ` +
      `AND lease_created_at = $5::text::bigint AND epoch = $6::text::bigint FOR SHARE`,
    {
      name: 'keep shard of the lot',
      *run(execution, values) {
        const [born, epoch] = values.slice(4).map(Number)
        const isOpen = (row: Columns) => row['lease_created_at'] === born && row['epoch'] === epoch
        const row = yield* execution.share(fences, execution.find(fences, values.slice(0, 4)), isOpen)
        return row === undefined ? [] : [{ epoch: String(row['epoch']) }]
      },
    },
  ],
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
      `expires_at = $5::text::bigint ${ofLane} AND parked_at IS NULL`,
    {
      name: 'note attempt',
      *run(execution, values) {
        const [noted_position, count, expires] = values.slice(2)
        const noted = { noted_position, noted_count: Number(count), expires_at: Number(expires) }
        yield* updateLane(execution, values, (row) => (row['parked_at'] === undefined ? noted : undefined))
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
    `SELECT 'parked' AS known FROM ${records} ${ofRecord} UNION ALL SELECT 'settled' AS known FROM ${past} ${ofRecord}`,
    {
      name: 'look for record',
      *run(execution, values) {
        const isIn = (table: string) => execution.seen(execution.find(table, values)) !== undefined
        return [...(isIn(records) ? [{ known: 'parked' }] : []), ...(isIn(past) ? [{ known: 'settled' }] : [])]
      },
    },
  ],
  [
    `INSERT INTO ${records} (consumer, lane_id, position, event_id, sequence_number, attempts, parked_at, body) ` +
      `VALUES ($1, $2, $3, $4, $5, $6::text::bigint, $7::text::bigint, $8::text::json)`,
    {
      name: 'park record',
      *run(execution, values) {
        const [consumer, lane_id, position, event_id, sequence_number, attempts, parked, body] = values
        const row = {
          ...{ consumer, lane_id, position, event_id, sequence_number, body },
          ...{ attempts: Number(attempts), parked_at: Number(parked) },
        }
        yield* execution.insert(records, values.slice(0, 3), row, () => {
          throw new SqlError('23505', `duplicate key value violates unique constraint "${records}_pkey"`)
        })
        return []
      },
    },
  ],
  [
    `UPDATE ${lanes} SET parked_at = COALESCE(parked_at, $3::text::bigint), record_count = record_count + 1, ` +
      `error = COALESCE(error, NULLIF($4::text, '')::json), expires_at = NULL, noted_position = NULL, ` +
      `noted_count = NULL, cleared_through = NULL ${ofLane}`,
    {
      name: 'park lane',
      *run(execution, values) {
        const [, , at, error = ''] = values
        yield* updateLane(execution, values, (row) => ({
          parked_at: row['parked_at'] ?? Number(at),
          record_count: Number(row['record_count']) + 1,
          error: row['error'] ?? (error === '' ? undefined : error),
          ...{ expires_at: undefined, cleared_through: undefined, ...noNote },
        }))
        return []
      },
    },
  ],
  [
    `SELECT outcome FROM ${past} ${ofRecord}`,
    {
      name: 'read fate',
      *run(execution, values) {
        const row = execution.seen(execution.find(past, values))
        return row === undefined ? [] : [{ outcome: text(row['outcome']) }]
      },
    },
  ],
  [
    `SELECT body::text AS body FROM ${records} ${ofLane} AND position > $3 ` +
      `ORDER BY position LIMIT $4::text::bigint`,
    {
      name: 'read parked records',
      *run(execution, [consumer, laneId, after = '', limit]) {
        return [...execution.all(records)]
          .map(([, row]) => row)
          .filter((row) => row['consumer'] === consumer && row['lane_id'] === laneId && positionOf(row) > after)
          .toSorted((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1))
          .slice(0, Number(limit))
          .map(({ body }) => ({ body: text(body) }))
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
    `WITH taken AS (DELETE FROM ${records} ${ofRecord} RETURNING *) ` +
      `INSERT INTO ${past} (consumer, lane_id, position, outcome, settled_at, settled_by, reason, event_id, ` +
      `sequence_number, attempts, body) SELECT consumer, lane_id, position, $4::text, $5::text::bigint, $6::text, ` +
      `NULLIF($7::text, ''), event_id, sequence_number, attempts, CASE WHEN $4::text = 'dropped' THEN body END ` +
      `FROM taken RETURNING position`,
    {
      name: 'take record out',
      *run(execution, values) {
        const [consumer, lane_id, position = '', outcome, at, settled_by, reason = ''] = values
        const row = execution.find(records, values.slice(0, 3))
        const columns = yield* execution.lock(records, row, () => true)
        if (row === undefined || columns === undefined) return []
        execution.write(records, row, undefined)
        const { event_id, sequence_number, attempts, body } = columns
        const left = {
          ...{ consumer, lane_id, position, outcome, settled_at: Number(at), settled_by },
          ...{ reason: reason === '' ? undefined : reason, event_id, sequence_number, attempts },
          body: outcome === 'dropped' ? body : undefined,
        }
        yield* execution.insert(past, values.slice(0, 3), left, () => {
          throw new SqlError('23505', `duplicate key value violates unique constraint "${past}_pkey"`)
        })
        return [{ position }]
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
    `UPDATE ${records} SET attempts = $4::text::bigint, body = $5::text::json ${ofRecord} RETURNING position`,
    {
      name: 'rewrite record',
      *run(execution, values) {
        const [, , position = '', attempts, body] = values
        const row = execution.find(records, values.slice(0, 3))
        const columns = yield* execution.lock(records, row, () => true)
        if (row === undefined || columns === undefined) return []
        execution.write(records, row, { ...columns, attempts: Number(attempts), body })
        return [{ position }]
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
  [
    `DELETE FROM ${past} WHERE consumer = $1 AND (lane_id, position) IN (SELECT lane_id, position FROM ${past} ` +
      `WHERE consumer = $1 AND settled_at < $2::text::bigint LIMIT 100 FOR UPDATE SKIP LOCKED)`,
    {
      name: 'forget fates',
      *run(execution, [consumer, before]) {
        const isOld = (row: Columns) => row['consumer'] === consumer && isBefore(row['settled_at'], before)
        return forget(execution, past, isOld, 100)
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

function told(execution: Execution, now: string | undefined, isWanted: (row: Columns) => boolean): AnswerRow[] {
  return [...execution.all(lanes)].flatMap(([, row]) => {
    const { parked_at, noted_position, cleared_through, expires_at } = row
    const isKnown = (noted_position ?? cleared_through) !== undefined && Number(expires_at) > Number(now)
    return isWanted(row) && (parked_at !== undefined || isKnown) ? [laneOf(row)] : []
  })
}

function laneOf(row: Columns): AnswerRow {
  return {
    ...{ consumer: text(row['consumer']), tablename: text(row['table_name']), id: text(row['lane_id']) },
    ...{ key: text(row['lane_key']), since: text(row['parked_at']), count: text(row['record_count']) },
    ...{ error: text(row['error']), holder: text(row['holder']), held: text(row['held_until']) },
    ...{ noted: text(row['noted_position']), attempts: text(row['noted_count']) },
    cleared: text(row['cleared_through']),
  }
}

function text(value: string | number | undefined): string | null {
  return value === undefined ? null : String(value)
}

function positionOf(row: Columns): string {
  return String(row['position'])
}
