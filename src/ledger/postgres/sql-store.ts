import { LeaseLostError, LedgerError } from '../../errors.ts'
import { systemHost } from '../../internal/system.ts'
import type { PostgresParkedReference } from '../../parking/postgres/postgres-parking-lot.ts'
import type { LedgerShard } from '../ledger.ts'
import { Bridge } from './bridge.ts'
import type { PostgresDriver, Row, Scope } from './driver.ts'
import { tableNames, type TableNames } from './migration.ts'
import { sqlStateOf } from './sql-state.ts'
import { endLimit, idleLimit, told, type TransactionTime } from './time-limits.ts'
import type {
  Fence,
  MarkRows,
  PostgresStore,
  ShardSession,
  ShardState,
  StoreTransaction,
  TransactionName,
} from './store.ts'

/** How strictly PostgreSQL keeps transactions apart. */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** What a store on SQL is made of. */
export interface SqlStoreOptions<Transaction> {
  readonly driver: PostgresDriver<Transaction>
  readonly schema: string | undefined
  /** Default: the database's. */
  readonly isolation: Isolation | undefined
}

// A predecessor that is alive ends its transaction within this, and nobody has to end it for it.
const takeOverPatienceMs = 1_000

const thisTransaction = 'pg_current_xact_id()::text AS xid, pg_backend_pid()::text AS pid'
const ofShard = 'consumer = $1 AND table_name = $2 AND stream_label = $3 AND shard_id = $4'

/** The ledger's statements. Result columns have names of one plain word, which no naming plugin of a query builder changes. */
export class SqlStore<Transaction> implements PostgresStore<Transaction> {
  readonly #driver: PostgresDriver<Transaction>
  readonly #isolation: Isolation | undefined
  readonly #tables: TableNames

  constructor({ driver, schema, isolation }: SqlStoreOptions<Transaction>) {
    this.#driver = driver
    this.#isolation = isolation
    this.#tables = tableNames(schema)
  }

  async begin(
    session: ShardSession | undefined,
    time: TransactionTime,
  ): Promise<{ readonly opened: StoreTransaction<Transaction>; readonly fence: Fence }> {
    const bridge = await Bridge.open(this.#driver)
    try {
      const { scope } = bridge
      if (this.#isolation !== undefined) await scope.query(`SET TRANSACTION ISOLATION LEVEL ${this.#isolation}`)
      const [row] = await (session === undefined ? this.#introduce(scope, time) : this.#lock(scope, session, time))
      const fence = session === undefined ? held : fenceOf(row, session)
      const name = { xid: text(row, 'xid'), pid: text(row, 'pid') }
      return { opened: new SqlTransaction(bridge, name, this.#tables), fence }
    } catch (error) {
      await bridge.rollback()
      throw error
    }
  }

  /** An owner that hangs, or is gone, must not keep its locks: the server ends a transaction whose time is over. */
  #introduce(scope: Scope<Transaction>, { idleMs, endMs }: TransactionTime): Promise<readonly Row[]> {
    return scope.query(`SELECT ${idleLimit('$1')}, ${endLimit('$2')}, ${thisTransaction}`, [told(idleMs), told(endMs)])
  }

  #lock(
    scope: Scope<Transaction>,
    { shard }: ShardSession,
    { idleMs, endMs }: TransactionTime,
  ): Promise<readonly Row[]> {
    return scope.query(
      `SELECT session, epoch::text, lease_created_at::text AS born, ${thisTransaction}, ` +
        `${idleLimit('$5')}, ${endLimit('$6')} ` +
        `FROM ${this.#tables.shards} WHERE ${ofShard} FOR UPDATE`,
      [...keyOf(shard), told(idleMs), told(endMs)],
    )
  }

  async takeOver(session: ShardSession, now: number, forgetBefore: number): Promise<ShardState | undefined> {
    try {
      return await this.#driver.transaction((scope) => this.#takeOver(scope, session, now, forgetBefore))
    } catch (error) {
      if (sqlStateOf(error) !== '55P03') throw error
      await this.#dislodge(session)
      return this.#driver.transaction((scope) => this.#takeOver(scope, session, now, forgetBefore))
    }
  }

  /**
   * The row is the later epoch's, also under a lease that a replay has made anew on a machine whose clock is behind; or the
   * later lease's, whose epochs begin at 1 where the one before was deleted.
   */
  async #takeOver(
    scope: Scope<Transaction>,
    { shard, id }: ShardSession,
    now: number,
    forgetBefore: number,
  ): Promise<ShardState | undefined> {
    const { shards } = this.#tables
    await scope.query(`SELECT set_config('lock_timeout', $1, true) AS patience`, [String(takeOverPatienceMs)])
    const [row] = await scope.query(
      `INSERT INTO ${shards} AS mine (consumer, table_name, stream_label, shard_id, lease_created_at, epoch, session, ` +
        `owner, commits, through, holes, updated_at) ` +
        `VALUES ($1, $2, $3, $4, $5::text::bigint, $6::text::bigint, $7, $8, 0, '', '[]', $9::text::bigint) ` +
        `ON CONFLICT (consumer, table_name, stream_label, shard_id) DO UPDATE SET ` +
        `lease_created_at = excluded.lease_created_at, epoch = excluded.epoch, session = excluded.session, ` +
        `owner = excluded.owner, commits = 0, updated_at = excluded.updated_at ` +
        `WHERE mine.epoch <= excluded.epoch OR mine.lease_created_at < excluded.lease_created_at ` +
        `RETURNING through, holes`,
      [...keyOf(shard), String(shard.leaseCreatedAt), String(shard.epoch), id, shard.owner, String(now)],
    )
    if (row === undefined) return undefined
    // A shard's records are gone from its stream after a day: a row that nobody has touched within the window is of no use.
    await scope.query(
      `DELETE FROM ${shards} WHERE (consumer, table_name, stream_label, shard_id) IN (SELECT consumer, table_name, ` +
        `stream_label, shard_id FROM ${shards} WHERE consumer = $1 AND updated_at < $2::text::bigint LIMIT 100 ` +
        `FOR UPDATE SKIP LOCKED)`,
      [shard.consumer, String(forgetBefore)],
    )
    return { through: text(row, 'through'), holes: JSON.parse(text(row, 'holes')) as string[] }
  }

  /**
   * Ends the transaction that holds the row's lock, if the row was last taken by a lease that ours comes after: its owner
   * lost the shard, and may be paused, or cut off, with its locks in place. A row's `xmax` is who has locked it.
   */
  async #dislodge({ shard }: ShardSession): Promise<void> {
    await this.#driver.transaction((scope) =>
      scope.query(
        `SELECT pg_terminate_backend(activity.pid)::text AS ended FROM ${this.#tables.shards} AS shard ` +
          `JOIN pg_stat_activity AS activity ON activity.backend_xid = shard.xmax ` +
          `WHERE ${ofShard} AND (epoch <= $6::text::bigint OR lease_created_at < $5::text::bigint)`,
        [...keyOf(shard), String(shard.leaseCreatedAt), String(shard.epoch)],
      ),
    )
  }

  async readMarks(consumer: string, keys: readonly string[], forgetBefore: number): Promise<ReadonlySet<string>> {
    const rows = await this.#driver.transaction((scope) =>
      scope.query(
        `SELECT idempotency_key AS key FROM ${this.#tables.marks} WHERE consumer = $1 AND completed_at >= ` +
          `$2::text::bigint AND idempotency_key IN (SELECT jsonb_array_elements_text($3::text::jsonb))`,
        [consumer, String(forgetBefore), JSON.stringify(keys)],
      ),
    )
    return new Set(rows.map((row) => text(row, 'key')))
  }

  /**
   * By another connection: the server reads nothing of one whose statement waits. Not ended, for a query builder leaves the error
   * of a connection that is ended to nobody, and the process dies of it.
   */
  async interrupt({ xid, pid }: TransactionName): Promise<void> {
    await this.#driver.transaction((scope) =>
      scope.query(
        `SELECT pg_cancel_backend(pid)::text AS interrupted FROM pg_stat_activity ` +
          `WHERE pid = $1::text::int AND backend_xid = $2::text::xid8::xid`,
        [pid, xid],
      ),
    )
  }

  /**
   * A server process whose client is gone may still have the COMMIT before it, or wait for one that never came. It is told
   * to end, and what it was doing is over once its transaction is no longer in progress. Not before: what is read while it
   * is may be neither the one nor the other.
   */
  async settle({ xid, pid }: TransactionName): Promise<void> {
    const status = await this.#driver
      .transaction(async (scope) => {
        await scope.query(
          `SELECT pg_terminate_backend(pid)::text AS ended FROM pg_stat_activity ` +
            `WHERE pid = $1::text::int AND backend_xid = $2::text::xid8::xid`,
          [pid, xid],
        )
        return (await scope.query(`SELECT pg_xact_status($1::text::xid8) AS status`, [xid]))[0]?.['status']
      })
      .catch((error: unknown) => {
        // "In the future": the server has crashed, and nothing of it had reached the disk, not even its number.
        if (sqlStateOf(error) === '22023') return 'aborted'
        throw error
      })
    if (status === 'in progress') throw new LedgerError(`transaction ${xid} is still in progress`, { retryable: true })
  }

  async readShard(session: ShardSession): Promise<{ readonly fence: Fence; readonly commits: number }> {
    const [row] = await this.#driver.transaction((scope) =>
      scope.query(
        `SELECT session, epoch::text, lease_created_at::text AS born, commits::text AS commits ` +
          `FROM ${this.#tables.shards} WHERE ${ofShard}`,
        keyOf(session.shard),
      ),
    )
    return { fence: fenceOf(row, session), commits: Number(row?.['commits'] ?? 0) }
  }

  async readWriter(consumer: string, key: string): Promise<string | undefined> {
    const [row] = await this.#driver.transaction((scope) =>
      scope.query(`SELECT writer FROM ${this.#tables.marks} WHERE consumer = $1 AND idempotency_key = $2`, [
        consumer,
        key,
      ]),
    )
    return row === undefined ? undefined : text(row, 'writer')
  }
}

class SqlTransaction<Transaction> implements StoreTransaction<Transaction> {
  readonly name: TransactionName
  readonly #bridge: Bridge<Transaction>
  readonly #tables: TableNames
  #hasSavepoint = false
  #isOver = false

  constructor(bridge: Bridge<Transaction>, name: TransactionName, tables: TableNames) {
    this.#bridge = bridge
    this.name = name
    this.#tables = tables
  }

  get transaction(): Transaction {
    return this.#bridge.scope.transaction
  }

  async savepoint(): Promise<void> {
    // One at a time: a thousand that nobody releases would be a thousand open subtransactions.
    if (this.#hasSavepoint) await this.check()
    await this.#send('SAVEPOINT tidemark')
    this.#hasSavepoint = true
  }

  async undo(): Promise<void> {
    await this.#send('ROLLBACK TO SAVEPOINT tidemark')
  }

  async check(): Promise<void> {
    this.#hasSavepoint = false
    await this.#send('RELEASE SAVEPOINT tidemark')
  }

  async writeShard({ shard, id }: ShardSession, state: ShardState, commits: number, now: number): Promise<boolean> {
    const [row] = await this.#send(
      `UPDATE ${this.#tables.shards} SET through = $6, holes = $7, commits = $8::text::bigint, ` +
        `updated_at = $9::text::bigint WHERE ${ofShard} AND session = $5 RETURNING pg_current_xact_id()::text AS xid`,
      [...keyOf(shard), id, state.through, JSON.stringify(state.holes), String(commits), String(now)],
    )
    if (row !== undefined) this.#assertSame(row)
    return row !== undefined
  }

  async writeMarks({ consumer, entries, writer, now, forgetBefore }: MarkRows): Promise<ReadonlySet<string>> {
    const marks = entries.map(({ idempotencyKey, eventId }) => [idempotencyKey, eventId])
    // In the order of their keys: two batches that overlap then wait for each other, and not in a circle.
    const rows = await this.#send(
      `INSERT INTO ${this.#tables.marks} AS mine (consumer, idempotency_key, event_id, writer, completed_at) ` +
        `SELECT $1, mark->>0, mark->>1, $2, $3::text::bigint FROM jsonb_array_elements($4::text::jsonb) AS mark ` +
        `ORDER BY (mark->>0) COLLATE "C" ` +
        `ON CONFLICT (consumer, idempotency_key) DO UPDATE SET event_id = excluded.event_id, ` +
        `writer = excluded.writer, completed_at = excluded.completed_at WHERE mine.completed_at < $5::text::bigint ` +
        `RETURNING idempotency_key AS key, pg_current_xact_id()::text AS xid`,
      [consumer, writer, String(now), JSON.stringify(marks), String(forgetBefore)],
    )
    if (rows[0] !== undefined) this.#assertSame(rows[0])
    const written = new Set(rows.map((row) => text(row, 'key')))
    return new Set(entries.map(({ idempotencyKey }) => idempotencyKey).filter((key) => !written.has(key)))
  }

  async prune(consumer: string, forgetBefore: number, limit: number): Promise<void> {
    const { marks } = this.#tables
    await this.#send(
      `DELETE FROM ${marks} WHERE consumer = $1 AND idempotency_key IN (SELECT idempotency_key FROM ${marks} ` +
        `WHERE consumer = $1 AND completed_at < $2::text::bigint LIMIT $3::text::bigint FOR UPDATE SKIP LOCKED)`,
      [consumer, String(forgetBefore), String(limit)],
    )
  }

  async takeOut(parked: unknown, now: number): Promise<void> {
    // Of the lot that this ledger has made itself, in the same database.
    const reference = parked as PostgresParkedReference
    const fate = { outcome: 'handled', at: now, by: systemHost() } as const
    if (await reference.takeOut((statement, values) => this.#send(statement, values), fate)) return
    throw new LeaseLostError('the lane is redriven by somebody else by now; nothing of this redrive is committed')
  }

  commit(): Promise<void> {
    this.#isOver = true
    return this.#bridge.commit()
  }

  rollback(): Promise<void> {
    this.#isOver = true
    return this.#bridge.rollback()
  }

  discard(): void {
    this.#isOver = true
    this.#bridge.discard()
  }

  /** What is sent behind a ROLLBACK would commit by itself, and a mark so written would have no effect with it. */
  async #send(statement: string, values?: readonly string[]): Promise<readonly Row[]> {
    if (this.#isOver) throw new LedgerError('the transaction is over', { retryable: true })
    return this.#bridge.scope.query(statement, values)
  }

  #assertSame(row: Row): void {
    if (text(row, 'xid') === this.name.xid) return
    throw new LedgerError(
      'a handler ended the transaction itself (COMMIT or ROLLBACK on context.transaction): its effects are committed ' +
        'without the mark that goes with them. Leave both to the ledger; for a part of your own use a savepoint',
      { retryable: false },
    )
  }
}

const held: Fence = { status: 'held' }

function fenceOf(row: Row | undefined, { id, shard }: ShardSession): Fence {
  if (row === undefined) return { status: 'lost', isLater: false }
  if (row['session'] === id) return held
  const isLater = Number(row['epoch']) > shard.epoch && Number(row['born']) >= shard.leaseCreatedAt
  return { status: 'lost', isLater }
}

function keyOf({ consumer, tableName, streamLabel, shardId }: LedgerShard): string[] {
  return [consumer, tableName, streamLabel, shardId]
}

function text(row: Row | undefined, column: string): string {
  const value = row?.[column]
  return typeof value === 'string' ? value : ''
}
