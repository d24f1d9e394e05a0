import type { SqlError } from './sql-error.ts'
/** The columns of a row, as numbers and texts; NULL is none. */
export type Columns = { readonly [column: string]: string | number | undefined }

/** What a transaction made of a row; without columns it deleted it. */
export interface Version {
  readonly by: Transaction
  readonly columns: Columns | undefined
}

/** A row with its versions, the newest last, and the transactions that have it locked: one alone, or several that share it. */
export class StoredRow {
  readonly versions: Version[] = []
  holder: Transaction | undefined
  readonly sharers: Set<Transaction> = new Set()
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

export const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable']

/** What a transaction did to a row, to be undone from the end. */
interface Step {
  readonly row: StoredRow
  readonly table: string
  /** `undefined`: it only locked the row. */
  readonly version: Version | undefined
  readonly isShared?: boolean
}

/** What was written, for whoever watches commits. */
export interface WrittenRow {
  readonly table: string
  readonly row: StoredRow
  readonly columns: Columns | undefined
}

/**
 * A transaction of the simulated server.
 *
 *     in progress ── COMMIT, and it is on the disk ──▶ committed
 *          └── ROLLBACK, its connection ends, a crash ─▶ aborted: nothing of it was ever there
 */
export class Transaction {
  /** The process that it runs in. */
  readonly pid: number
  /** Whose connection that has. */
  readonly client: string
  isolation: Isolation = 'read committed'
  status: 'in progress' | 'committed' | 'aborted' = 'in progress'
  /** 0 until it needs one. */
  xid = 0
  /** Among all commits. */
  committedAt = 0
  /** Up to which commit it sees, where it sees the same all the time. */
  snapshot: number | undefined
  /** A statement has failed: nothing but the way back is possible. */
  isFailed = false
  /** What stands against its COMMIT. */
  deferred: SqlError | undefined
  lockTimeoutMs = 0
  idleTimeoutMs = 0
  statementTimeoutMs = 0
  /** From when it was said on. */
  timeoutMs = 0
  readonly #steps: Step[] = []
  readonly #savepoints: number[] = []

  constructor(pid: number, client: string) {
    this.pid = pid
    this.client = client
  }

  /** What it has written and not undone. */
  get written(): WrittenRow[] {
    return this.#steps.flatMap(({ table, row, version }) =>
      version === undefined ? [] : [{ table, row, columns: version.columns }],
    )
  }

  get hasDoneAnything(): boolean {
    return this.#steps.length > 0
  }

  lock(table: string, row: StoredRow): void {
    if (row.holder === this) return
    row.holder = this
    this.#steps.push({ row, table, version: undefined })
  }

  share(table: string, row: StoredRow): void {
    if (row.holder === this || row.sharers.has(this)) return
    row.sharers.add(this)
    this.#steps.push({ row, table, version: undefined, isShared: true })
  }

  write(table: string, row: StoredRow, columns: Columns | undefined): void {
    this.lock(table, row)
    const version = { by: this, columns }
    row.versions.push(version)
    this.#steps.push({ row, table, version })
  }

  savepoint(): void {
    this.#savepoints.push(this.#steps.length)
  }

  /** False when there is none. */
  undo(): boolean {
    const from = this.#savepoints.at(-1)
    if (from === undefined) return false
    this.#undoFrom(from)
    this.isFailed = false
    return true
  }

  release(): boolean {
    return this.#savepoints.pop() !== undefined
  }

  /** A statement has failed: what was done since the savepoint is undone, with its locks; without one all of it is. */
  fail(): void {
    this.isFailed = true
    if (this.#savepoints.length === 0) return this.abort()
    this.#undoFrom(this.#savepoints.at(-1) ?? 0)
  }

  commit(order: number): void {
    this.status = 'committed'
    this.committedAt = order
    for (const step of this.#steps) this.#unlock(step)
  }

  abort(): void {
    this.status = 'aborted'
    this.#undoFrom(0)
  }

  #undoFrom(from: number): void {
    for (const step of this.#steps.splice(from).toReversed()) {
      const { row, version } = step
      if (version === undefined) this.#unlock(step)
      else row.versions.splice(row.versions.lastIndexOf(version), 1)
    }
  }

  #unlock({ row, isShared }: Step): void {
    if (isShared === true) row.sharers.delete(this)
    else row.holder = undefined
  }
}
