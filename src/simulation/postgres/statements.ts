import { endLimit, idleLimit } from '../../ledger/postgres/time-limits.ts'
import type { Execution } from './execution.ts'
import { lotStatements } from './lot-statements.ts'
import { SqlError } from './sql-error.ts'
import { duration, forget, isBefore, type AnswerRow, type Statement } from './statement.ts'
import type { Columns } from './transaction.ts'

const shards = 'tidemark_shards'
const marks = 'tidemark_marks'
export const accounts = 'accounts'

const thisTransaction = 'pg_current_xact_id()::text AS xid, pg_backend_pid()::text AS pid'
const ofShard = 'consumer = $1 AND table_name = $2 AND stream_label = $3 AND shard_id = $4'

/** What a handler sends. */
export const moveStatement = 'UPDATE accounts SET balance = balance + $2::text::bigint, entry = $3 WHERE id = $1'

/* eslint-disable require-yield -- most statements wait for nobody */
/** By their text: what is sent and is not here is a defect of this model, or of the ledger. */
export const statements: ReadonlyMap<string, Statement> = new Map<string, Statement>([
  ...lotStatements,
  [
    `SELECT ${idleLimit('$1')}, ${endLimit('$2')}, ${thisTransaction}`,
    {
      name: 'introduce',
      *run(execution, [idle = '', end = '']) {
        limitTime(execution, idle, end)
        return [{ idle: duration(idle), ending: duration(end), ...named(execution) }]
      },
    },
  ],
  [
    `SELECT session, epoch::text, lease_created_at::text AS born, ${thisTransaction}, ` +
      `${idleLimit('$5')}, ${endLimit('$6')} ` +
      `FROM ${shards} WHERE ${ofShard} FOR UPDATE`,
    {
      name: 'lock shard',
      *run(execution, values) {
        const row = yield* execution.lock(shards, execution.find(shards, values.slice(0, 4)), () => true)
        if (row === undefined) return []
        const [, , , , idle = '', end = ''] = values
        limitTime(execution, idle, end)
        return [{ ...fence(row), ...named(execution), idle: duration(idle), ending: duration(end) }]
      },
    },
  ],
  [
    `SELECT set_config('lock_timeout', $1, true) AS patience`,
    {
      name: 'be patient',
      *run(execution, [patience = '']) {
        execution.transaction.lockTimeoutMs = Number(patience)
        return [{ patience: duration(patience) }]
      },
    },
  ],
  [
    `INSERT INTO ${shards} AS mine (consumer, table_name, stream_label, shard_id, lease_created_at, epoch, session, ` +
      `owner, commits, through, holes, updated_at) ` +
      `VALUES ($1, $2, $3, $4, $5::text::bigint, $6::text::bigint, $7, $8, 0, '', '[]', $9::text::bigint) ` +
      `ON CONFLICT (consumer, table_name, stream_label, shard_id) DO UPDATE SET ` +
      `lease_created_at = excluded.lease_created_at, epoch = excluded.epoch, session = excluded.session, ` +
      `owner = excluded.owner, commits = 0, updated_at = excluded.updated_at ` +
      `WHERE mine.epoch <= excluded.epoch OR mine.lease_created_at < excluded.lease_created_at ` +
      `RETURNING through, holes`,
    {
      name: 'take shard over',
      *run(execution, values) {
        const [consumer = '', table = '', label = '', shard = '', ...others] = values
        const [born = '', epoch = '', session = '', owner = '', now = ''] = others
        for (const number of [born, epoch, now])
          if (!/^-?\d+$/.test(number)) throw new SqlError('22P02', `invalid input syntax for type bigint: "${number}"`)
        const key = [consumer, table, label, shard]
        const taken = {
          ...{ consumer, table_name: table, stream_label: label, shard_id: shard, session, owner, commits: 0 },
          ...{ lease_created_at: Number(born), epoch: Number(epoch), updated_at: Number(now) },
        }
        let state = { through: '', holes: '[]' }
        const isTaken = yield* execution.insert(shards, key, { ...taken, ...state }, (there) => {
          if (!isNotLater(there, taken)) return undefined
          state = { through: String(there['through']), holes: String(there['holes']) }
          return { ...there, ...taken }
        })
        return isTaken ? [state] : []
      },
    },
  ],
  [
    `DELETE FROM ${shards} WHERE (consumer, table_name, stream_label, shard_id) IN (SELECT consumer, table_name, ` +
      `stream_label, shard_id FROM ${shards} WHERE consumer = $1 AND updated_at < $2::text::bigint LIMIT 100 ` +
      `FOR UPDATE SKIP LOCKED)`,
    {
      name: 'forget shards',
      *run(execution, [consumer, before]) {
        return forget(
          execution,
          shards,
          (row) => row['consumer'] === consumer && isBefore(row['updated_at'], before),
          100,
        )
      },
    },
  ],
  [
    `SELECT pg_terminate_backend(activity.pid)::text AS ended FROM ${shards} AS shard ` +
      `JOIN pg_stat_activity AS activity ON activity.backend_xid = shard.xmax ` +
      `WHERE ${ofShard} AND (epoch <= $6::text::bigint OR lease_created_at < $5::text::bigint)`,
    {
      name: 'dislodge',
      *run(execution, values) {
        const row = execution.find(shards, values.slice(0, 4))
        const columns = execution.seen(row)
        const holder = row?.holder
        if (columns === undefined || holder === undefined || holder.status !== 'in progress') return []
        if (!isNotLater(columns, { lease_created_at: Number(values[4]), epoch: Number(values[5]) })) return []
        return execution.server.terminate(holder.pid) ? [{ ended: 'true' }] : []
      },
    },
  ],
  [
    `SELECT idempotency_key AS key FROM ${marks} WHERE consumer = $1 AND completed_at >= ` +
      `$2::text::bigint AND idempotency_key IN (SELECT jsonb_array_elements_text($3::text::jsonb))`,
    {
      name: 'read marks',
      *run(execution, [consumer = '', since, keys = '']) {
        return (JSON.parse(keys) as string[]).flatMap((key) => {
          const row = execution.seen(execution.find(marks, [consumer, key]))
          return row === undefined || isBefore(row['completed_at'], since) ? [] : [{ key }]
        })
      },
    },
  ],
  [
    `SELECT pg_terminate_backend(pid)::text AS ended FROM pg_stat_activity ` +
      `WHERE pid = $1::text::int AND backend_xid = $2::text::xid8::xid`,
    {
      name: 'end transaction',
      *run({ server }, [pid, xid]) {
        const isThere = server.xidIn(Number(pid)) === Number(xid)
        return isThere && server.terminate(Number(pid)) ? [{ ended: 'true' }] : []
      },
    },
  ],
  [
    `SELECT pg_cancel_backend(pid)::text AS interrupted FROM pg_stat_activity ` +
      `WHERE pid = $1::text::int AND backend_xid = $2::text::xid8::xid`,
    {
      name: 'interrupt transaction',
      *run({ server }, [pid, xid]) {
        const isThere = server.xidIn(Number(pid)) === Number(xid)
        return isThere && server.interrupt(Number(pid)) ? [{ interrupted: 'true' }] : []
      },
    },
  ],
  [
    `SELECT pg_xact_status($1::text::xid8) AS status`,
    {
      name: 'ask for transaction',
      *run({ server }, [xid]) {
        return [{ status: server.statusOf(Number(xid)) }]
      },
    },
  ],
  [
    `SELECT session, epoch::text, lease_created_at::text AS born, commits::text AS commits ` +
      `FROM ${shards} WHERE ${ofShard}`,
    {
      name: 'read shard',
      *run(execution, values) {
        const row = execution.seen(execution.find(shards, values))
        return row === undefined ? [] : [{ ...fence(row), commits: String(row['commits']) }]
      },
    },
  ],
  [
    `SELECT writer FROM ${marks} WHERE consumer = $1 AND idempotency_key = $2`,
    {
      name: 'read writer',
      *run(execution, values) {
        const row = execution.seen(execution.find(marks, values))
        return row === undefined ? [] : [{ writer: String(row['writer']) }]
      },
    },
  ],
  [
    `UPDATE ${shards} SET through = $6, holes = $7, commits = $8::text::bigint, ` +
      `updated_at = $9::text::bigint WHERE ${ofShard} AND session = $5 RETURNING pg_current_xact_id()::text AS xid`,
    {
      name: 'write shard',
      *run(execution, values) {
        const [session = '', through = '', holes = '', commits, now] = values.slice(4)
        const row = execution.find(shards, values.slice(0, 4))
        const columns = yield* execution.lock(shards, row, (there) => there['session'] === session)
        if (row === undefined || columns === undefined) return []
        const changed = { through, holes, commits: Number(commits), updated_at: Number(now) }
        execution.write(shards, row, { ...columns, ...changed })
        return [{ xid: execution.xid }]
      },
    },
  ],
  [
    `INSERT INTO ${marks} AS mine (consumer, idempotency_key, event_id, writer, completed_at) ` +
      `SELECT $1, mark->>0, mark->>1, $2, $3::text::bigint FROM jsonb_array_elements($4::text::jsonb) AS mark ` +
      `ORDER BY (mark->>0) COLLATE "C" ` +
      `ON CONFLICT (consumer, idempotency_key) DO UPDATE SET event_id = excluded.event_id, ` +
      `writer = excluded.writer, completed_at = excluded.completed_at WHERE mine.completed_at < $5::text::bigint ` +
      `RETURNING idempotency_key AS key, pg_current_xact_id()::text AS xid`,
    {
      name: 'write marks',
      *run(execution, [consumer = '', writer = '', now, entries = '', before]) {
        const written: AnswerRow[] = []
        const sorted = (JSON.parse(entries) as [string, string][]).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
        for (const [key, eventId] of sorted) {
          const row = { consumer, idempotency_key: key, event_id: eventId, writer, completed_at: Number(now) }
          const isWritten = yield* execution.insert(marks, [consumer, key], row, (there) =>
            isBefore(there['completed_at'], before) ? row : undefined,
          )
          if (isWritten) written.push({ key, xid: execution.xid })
        }
        return written
      },
    },
  ],
  [
    `DELETE FROM ${marks} WHERE consumer = $1 AND idempotency_key IN (SELECT idempotency_key FROM ${marks} ` +
      `WHERE consumer = $1 AND completed_at < $2::text::bigint LIMIT $3::text::bigint FOR UPDATE SKIP LOCKED)`,
    {
      name: 'forget marks',
      *run(execution, [consumer, before, limit]) {
        const isOld = (row: Columns) => row['consumer'] === consumer && isBefore(row['completed_at'], before)
        return forget(execution, marks, isOld, Number(limit))
      },
    },
  ],
  [
    moveStatement,
    {
      name: 'move money',
      *run(execution, [id = '', amount, entry = '']) {
        const row = execution.find(accounts, [id])
        const columns = yield* execution.lock(accounts, row, () => true)
        if (row === undefined || columns === undefined) return []
        const refused = execution.server.setting.refusal?.(id)
        if (refused === 'at once') throw frozen(id)
        if (refused === 'at COMMIT') execution.transaction.deferred = frozen(id)
        execution.write(accounts, row, { ...columns, balance: Number(columns['balance']) + Number(amount), entry })
        return []
      },
    },
  ],
])

function frozen(id: string): SqlError {
  return new SqlError('23514', `account ${id} is frozen`)
}

function fence(row: Columns): AnswerRow {
  return { session: String(row['session']), epoch: String(row['epoch']), born: String(row['lease_created_at']) }
}

function named(execution: Execution): AnswerRow {
  return { xid: execution.xid, pid: String(execution.transaction.pid) }
}

function limitTime({ transaction, server }: Execution, idle: string, end: string): void {
  transaction.idleTimeoutMs = Number(idle)
  if (server.setting.hasTransactionTimeout) transaction.timeoutMs = Number(end)
  else transaction.statementTimeoutMs = Number(end)
}

function isNotLater(there: Columns, than: Columns): boolean {
  const isBornBefore = Number(there['lease_created_at']) < Number(than['lease_created_at'])
  return Number(there['epoch']) <= Number(than['epoch']) || isBornBefore
}
