import { SqlError } from './sql-error.ts'
import { ofLane, past, positionOf, records, textIn } from './lot-tables.ts'
import { forget, isBefore, type Statement } from './statement.ts'
import type { Columns } from './transaction.ts'

const ofRecord = `${ofLane} AND position = $3`

/* eslint-disable require-yield -- most statements wait for nobody */
/** What a parking lot sends of records, of those in it and of those that have left it. */
export const recordStatements: readonly (readonly [text: string, statement: Statement])[] = [
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
    `SELECT outcome FROM ${past} ${ofRecord}`,
    {
      name: 'read fate',
      *run(execution, values) {
        const row = execution.seen(execution.find(past, values))
        return row === undefined ? [] : [{ outcome: textIn(row['outcome']) }]
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
          .map(({ body }) => ({ body: textIn(body) }))
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
