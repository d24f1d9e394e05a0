import { idleLimit } from '../../ledger/postgres/time-limits.ts'
import { laneStatements } from './lot-lane-statements.ts'
import { recordStatements } from './lot-record-statements.ts'
import { fences } from './lot-tables.ts'
import { duration, isBefore, type Statement } from './statement.ts'
import type { Columns } from './transaction.ts'

const ofShard = 'consumer = $1 AND table_name = $2 AND stream_label = $3 AND shard_id = $4'

/* eslint-disable require-yield -- most statements wait for nobody */
/** What a parking lot sends. */
export const lotStatements: readonly (readonly [text: string, statement: Statement])[] = [
  ...laneStatements,
  ...recordStatements,
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
]
