import { Backend, type ConnectionEnd, type Message } from './backend.ts'
import type { Table } from './execution.ts'
import { SqlError } from './sql-error.ts'
import { statements } from './statements.ts'
import { StoredRow, Transaction, type Columns, type WrittenRow } from './transaction.ts'

/** What a simulated server is made of. */
export interface PostgresServerSetting {
  /** Lets something happen after so many milliseconds, unless the returned function is called first. */
  readonly after: (ms: number, run: () => void) => () => void
  /** From 0 to 1. */
  readonly draw: () => number
  /** A client's transaction that wrote this is committed. */
  readonly committed: (written: readonly WrittenRow[], client: string) => void
  /** A client's statement is done. */
  readonly ran?: (statement: string, values: readonly string[], client: string) => void
  /** Whether it limits transactions by `transaction_timeout`: PostgreSQL 17. */
  readonly hasTransactionTimeout: boolean
  /** Whether an account takes no money, and when that is said. */
  readonly refusal?: (account: string) => 'at once' | 'at COMMIT' | undefined
  /** Whether a serializable transaction is found to be in another's way just now. */
  readonly conflicts?: () => boolean
  /** A statement came that is not known here. */
  readonly unknown: (text: string) => void
  readonly happened?: (what: PostgresMark) => void
}

/** What has to happen now and then. */
export type PostgresMark =
  | 'server crashed'
  | 'deadlock'
  | 'serialization failure'
  | 'lock waited for'
  | 'lock timed out'
  | 'statement timed out'
  | 'transaction timed out'
  | 'backend ended'
  | 'backend interrupted'

const firstXid = 1_000

/**
 * A PostgreSQL server as far as the ledger looks at it: processes with a connection each, transactions, rows with versions and
 * locks, and who waits for whom. Statements are done in no time, unless they wait; COMMIT takes its time, in which the server
 * may crash, and nobody knows then what came of it.
 */
export class PostgresServer {
  readonly setting: PostgresServerSetting
  /** Commits so far: by them it is known what a snapshot sees. */
  commitCount = 0
  readonly #tables = new Map<string, Table>()
  readonly #backends = new Map<number, Backend>()
  readonly #transactions = new Map<number, Transaction>()
  #isUp = true
  #nextPid = 100
  #nextXid = firstXid
  // The latest transaction id that the log has, and that is on the disk: a crash forgets the others, and gives them out again.
  #loggedXid = firstXid - 1
  #flushedXid = firstXid - 1
  #waitCount = 0
  readonly #ancient = new Transaction(0, '')

  constructor(setting: PostgresServerSetting) {
    this.setting = setting
    this.#ancient.commit(0)
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Puts a row as if it had always been there. */
  put(table: string, columns: Columns & { readonly id: string }): void {
    const row = new StoredRow()
    row.versions.push({ by: this.#ancient, columns })
    this.table(table).set(columns.id, row)
  }

  table(name: string): Table {
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table: Table = new Map()
    this.#tables.set(name, table)
    return table
  }

  /** A row as it is committed. */
  committedRow(table: string, key: string): Columns | undefined {
    return this.table(table)
      .get(key)
      ?.versions.findLast(({ by }) => by.status === 'committed')?.columns
  }

  /** A process for a client's connection. `ended` is told when it ends by itself. */
  open(client: string, ended: (end: ConnectionEnd) => void): Backend {
    const backend = new Backend(this, (this.#nextPid += 1), client, ended)
    this.#backends.set(backend.pid, backend)
    return backend
  }

  forget({ pid }: Backend): void {
    this.#backends.delete(pid)
  }

  /** A client's statement is done. */
  ran({ text, values }: Pick<Message, 'text' | 'values'>, client: string): void {
    this.setting.ran?.(statements.get(text)?.name ?? '', values, client)
  }

  xidOf(transaction: Transaction): number {
    if (transaction.xid !== 0) return transaction.xid
    transaction.xid = this.#nextXid
    this.#nextXid += 1
    this.#transactions.set(transaction.xid, transaction)
    return transaction.xid
  }

  wroteWal({ xid }: Transaction): void {
    if (xid > this.#loggedXid) this.#loggedXid = xid
  }

  /** The transaction that a process is in; 0 for none. */
  xidIn(pid: number): number {
    const transaction = this.#backends.get(pid)?.transaction
    return transaction?.status === 'in progress' ? transaction.xid : 0
  }

  statusOf(xid: number): Transaction['status'] {
    if (xid >= this.#nextXid) throw new SqlError('22023', `transaction ID ${xid} is in the future`)
    return this.#transactions.get(xid)?.status ?? 'aborted'
  }

  /** Signals a process to end: it does so soon, but not in the middle of a COMMIT. False when there is none. */
  terminate(pid: number): boolean {
    return this.#signal(pid, (backend) => backend.terminate())
  }

  /** Signals a process to give up the statement that it is at. */
  interrupt(pid: number): boolean {
    return this.#signal(pid, (backend) => backend.interrupt())
  }

  #signal(pid: number, arrives: (backend: Backend) => void): boolean {
    const backend = this.#backends.get(pid)
    if (backend === undefined) return false
    this.setting.after(0.05 + 3 * this.setting.draw(), () => arrives(backend))
    return true
  }

  commit(transaction: Transaction): void {
    const { written, hasDoneAnything } = transaction
    this.commitCount += 1
    if (hasDoneAnything) this.#flushedXid = this.#loggedXid
    transaction.commit(this.commitCount)
    if (written.length > 0) this.setting.committed(written, transaction.client)
    this.released(transaction)
  }

  failed(transaction: Transaction): void {
    transaction.fail()
    this.released(transaction)
  }

  abort(transaction: Transaction): void {
    transaction.abort()
    this.released(transaction)
  }

  /** It holds fewer locks than before: whoever waits for it looks again, in the order in which they came. */
  released(transaction: Transaction): void {
    const waiting = [...this.#backends.values()].filter(({ waitsFor }) => waitsFor === transaction)
    if (waiting.length > 1) waiting.sort((a, b) => a.waitNumber - b.waitNumber)
    for (const backend of waiting) backend.goOn()
  }

  nextWait(): number {
    return (this.#waitCount += 1)
  }

  /** Whether a process waits, through others, for itself. */
  isDeadlocked(backend: Backend): boolean {
    const seen = new Set<Backend>()
    let next: Backend | undefined = backend
    while (next?.waitsFor !== undefined && !seen.has(next)) {
      seen.add(next)
      next = this.#backends.get(next.waitsFor.pid)
      if (next === backend) return true
    }
    return false
  }

  /** All processes are gone at once, and what they had not committed. */
  crash(): void {
    this.setting.happened?.('server crashed')
    this.#isUp = false
    const backends = [...this.#backends.values()]
    this.#backends.clear()
    for (const backend of backends) backend.crash(this.setting.draw() < 0.5)
    const onDisk = this.setting.draw() < 0.5 ? this.#flushedXid : this.#loggedXid
    this.#nextXid = Math.max(onDisk, this.#flushedXid) + 1
    this.#loggedXid = this.#nextXid - 1
  }

  start(): void {
    this.#isUp = true
  }
}
