import { SqlError } from './sql-error.ts'
import type { PostgresServer } from './postgres-server.ts'
import { StoredRow, type Columns, type Transaction, type Version } from './transaction.ts'

/** A statement at work: it yields each transaction that it has to wait for. */
export type Work<Result> = Generator<Transaction, Result, void>

/** A table's rows by primary key. */
export type Table = Map<string, StoredRow>

/** One statement in a transaction, and what it sees. */
export class Execution {
  readonly server: PostgresServer
  readonly transaction: Transaction
  readonly #snapshot: number
  // Written by this very statement
  readonly #own = new Set<Version>()

  constructor(server: PostgresServer, transaction: Transaction) {
    this.server = server
    this.transaction = transaction
    const { commitCount } = server
    this.#snapshot = transaction.isolation === 'read committed' ? commitCount : (transaction.snapshot ??= commitCount)
  }

  get xid(): string {
    return String(this.server.xidOf(this.transaction))
  }

  /** The row as the statement sees it. */
  seen(row: StoredRow | undefined): Columns | undefined {
    return this.#seenVersion(row)?.columns
  }

  /** All rows of a table that it sees. */
  *all(table: string): Generator<readonly [StoredRow, Columns]> {
    for (const row of this.server.table(table).values()) {
      const columns = this.seen(row)
      if (columns !== undefined) yield [row, columns]
    }
  }

  find(table: string, key: readonly string[]): StoredRow | undefined {
    return this.server.table(table).get(key.join('\0'))
  }

  /**
   * Locks a row that it sees, and answers with what it is by then; `undefined` when it is gone, or when `holds` is no longer
   * true of it.
   */
  *lock(table: string, row: StoredRow | undefined, holds: (columns: Columns) => boolean): Work<Columns | undefined> {
    const seen = this.#seenVersion(row)
    if (row === undefined || seen?.columns === undefined || !holds(seen.columns)) return undefined
    yield* this.#waitFor(row)
    const latest = this.#latest(row)
    if (latest !== seen && this.transaction.isolation !== 'read committed') throw notSerializable()
    if (latest?.columns === undefined || !holds(latest.columns)) return undefined
    this.#take(table, row)
    return latest.columns
  }

  /** The same for a lock that others may have as well. */
  *share(table: string, row: StoredRow | undefined, holds: (columns: Columns) => boolean): Work<Columns | undefined> {
    const seen = this.seen(row)
    if (row === undefined || seen === undefined || !holds(seen)) return undefined
    while (row.holder !== undefined && row.holder !== this.transaction) yield row.holder
    const latest = this.#latest(row)
    if (latest?.columns !== seen && this.transaction.isolation !== 'read committed') throw notSerializable()
    if (latest?.columns === undefined || !holds(latest.columns)) return undefined
    this.server.xidOf(this.transaction)
    this.server.wroteWal(this.transaction)
    this.transaction.share(table, row)
    return latest.columns
  }

  /** The same for rows that nobody else has locked; others are left out. */
  lockFree(table: string, row: StoredRow): boolean {
    if (this.#inTheWay(row) !== undefined) return false
    this.#take(table, row)
    return true
  }

  /** Inserts the row, or what `update` makes of the one that is there; false when that makes nothing of it. */
  *insert(
    table: string,
    key: readonly string[],
    columns: Columns,
    update: (there: Columns) => Columns | undefined,
  ): Work<boolean> {
    const rows = this.server.table(table)
    const text = key.join('\0')
    const row = rows.get(text) ?? new StoredRow()
    rows.set(text, row)
    yield* this.#waitFor(row)
    const there = this.#latest(row)
    this.#take(table, row)
    if (there?.columns === undefined) return this.write(table, row, columns)
    if (this.#own.has(there))
      throw new SqlError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time')
    if (this.transaction.isolation !== 'read committed' && this.#seenVersion(row) !== there) throw notSerializable()
    const updated = update(there.columns)
    return updated !== undefined && this.write(table, row, updated)
  }

  write(table: string, row: StoredRow, columns: Columns | undefined): true {
    this.server.xidOf(this.transaction)
    this.server.wroteWal(this.transaction)
    this.transaction.write(table, row, columns)
    const version = row.versions.at(-1)
    if (version !== undefined) this.#own.add(version)
    return true
  }

  *#waitFor(row: StoredRow): Work<void> {
    for (let other = this.#inTheWay(row); other !== undefined; other = this.#inTheWay(row)) yield other
  }

  #inTheWay({ holder, sharers }: StoredRow): Transaction | undefined {
    if (holder !== undefined && holder !== this.transaction) return holder
    return [...sharers].find((sharer) => sharer !== this.transaction)
  }

  #take(table: string, row: StoredRow): void {
    this.server.xidOf(this.transaction)
    this.server.wroteWal(this.transaction)
    this.transaction.lock(table, row)
  }

  #seenVersion(row: StoredRow | undefined): Version | undefined {
    return row?.versions.findLast(
      ({ by }) => by === this.transaction || (by.status === 'committed' && by.committedAt <= this.#snapshot),
    )
  }

  #latest(row: StoredRow): Version | undefined {
    return row.versions.findLast(({ by }) => by === this.transaction || by.status === 'committed')
  }
}

function notSerializable(): SqlError {
  return new SqlError('40001', 'could not serialize access due to concurrent update')
}
