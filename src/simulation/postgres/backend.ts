import { Execution, type Work } from './execution.ts'
import type { PostgresServer } from './postgres-server.ts'
import { abortedBefore, inOthersWay, noSavepoint, SqlError } from './sql-error.ts'
import type { AnswerRow } from './statement.ts'
import { statements } from './statements.ts'
import { isolations, Transaction, type Isolation } from './transaction.ts'

/** What a statement is answered with. */
export type Outcome = { readonly rows: readonly AnswerRow[] } | { readonly error: SqlError }

/** How a connection ends that its client did not end: with a last word of the server, or without. */
export type ConnectionEnd = SqlError | 'reset'

/** What a connection brings: a statement, or its end. */
export interface Message {
  readonly text: string
  readonly values: readonly string[]
  readonly answer: (outcome: Outcome) => void
}

// As PostgreSQL's own setting is.
const deadlockTimeoutMs = 1_000
const mostFlushMs = 3

/**
 * A process of the simulated server, with one connection: it does one statement after the other.
 *
 *     idle ⇄ at work ⇄ waiting for a lock
 *      │        └──── committing: nothing but a crash ends it before that is done
 *      └───── its connection ends, it is told to, it was idle for too long ──▶ ended, and its transaction is aborted
 */
export class Backend {
  readonly pid: number
  transaction: Transaction | undefined
  /** Who has the lock that it waits for, and since when among all who wait. */
  waitsFor: Transaction | undefined
  waitNumber = 0
  readonly #server: PostgresServer
  readonly #client: string
  readonly #ended: (end: ConnectionEnd) => void
  readonly #messages: (Message | 'end')[] = []
  #current: Message | undefined
  #work: Work<readonly AnswerRow[]> | undefined
  // A statement outside of any transaction is one.
  #isAlone = false
  #isCommitting = false
  #isTold = false
  #isOver = false
  #cancelTimers: (() => void)[] = []
  #cancelStatementTimeout: (() => void) | undefined
  #cancelTransactionTimeout: (() => void) | undefined

  constructor(server: PostgresServer, pid: number, client: string, ended: (end: ConnectionEnd) => void) {
    this.#server = server
    this.pid = pid
    this.#client = client
    this.#ended = ended
  }

  /** Something arrives on its connection. */
  receive(message: Message | 'end'): void {
    if (this.#isOver) return
    this.#messages.push(message)
    this.#next()
  }

  /** What it waited for may be there. */
  goOn(): void {
    this.waitsFor = undefined
    this.#clearTimers()
    this.#proceed()
  }

  terminate(): void {
    if (this.#isOver) return
    if (this.#isCommitting) return void (this.#isTold = true)
    this.#server.setting.happened?.('backend ended')
    this.#end(new SqlError('57P01', 'terminating connection due to administrator command', 'FATAL'))
  }

  /** Nothing happens to one that does not wait: all that it does otherwise is done in no time. */
  interrupt(): void {
    if (this.waitsFor === undefined) return
    this.#server.setting.happened?.('backend interrupted')
    this.#giveUp(new SqlError('57014', 'canceling statement due to user request'))
  }

  /** The whole server is gone. A COMMIT under way may have reached the disk. */
  crash(isCommitOnDisk: boolean): void {
    this.#isOver = true
    this.#clearTimers()
    this.#cancelStatementTimeout?.()
    this.#freeTransaction()
    const { transaction } = this
    if (transaction?.status === 'in progress') {
      if (this.#isCommitting && isCommitOnDisk) this.#server.commit(transaction)
      else transaction.abort()
    }
    this.#ended('reset')
  }

  #next(): void {
    if (this.#current !== undefined || this.#isOver) return
    const message = this.#messages.shift()
    if (message === undefined) return this.#idle()
    this.#clearTimers()
    if (message === 'end') return this.#quit()
    this.#current = message
    try {
      this.#perform(message)
    } catch (error) {
      this.#fail(error)
    }
  }

  #perform({ text, values }: Message): void {
    const [verb = ''] = text.split(' ', 1)
    const control = controls[verb]
    if (control !== undefined) return control.call(this, text)
    const { transaction } = this
    if (transaction?.isFailed === true) throw abortedBefore()
    const statement = statements.get(text)
    if (statement === undefined) {
      this.#server.setting.unknown(text)
      throw new SqlError('42601', `the simulated server does not know this statement: ${text}`)
    }
    const within = transaction ?? (this.transaction = new Transaction(this.pid, this.#client))
    if (within.isolation === 'serializable' && this.#server.setting.conflicts?.() === true) throw inOthersWay()
    this.#work = statement.run(new Execution(this.#server, within), values)
    this.#isAlone = transaction === undefined
    this.#limitStatement(within)
    this.#proceed()
  }

  #proceed(): void {
    const work = this.#work
    if (work === undefined) return
    try {
      const { done, value } = work.next()
      if (done !== true) return this.#wait(value)
      if (this.#current !== undefined) this.#server.ran(this.#current, this.#client)
      if (this.#isAlone) this.#commitAlone()
      else this.#limitTransaction()
      this.#answer({ rows: value })
    } catch (error) {
      this.#fail(error)
    }
  }

  #commitAlone(): void {
    const { transaction } = this
    this.transaction = undefined
    if (transaction !== undefined) this.#server.commit(transaction)
  }

  #limitStatement({ statementTimeoutMs }: Transaction): void {
    if (statementTimeoutMs === 0) return
    this.#cancelStatementTimeout = this.#server.setting.after(statementTimeoutMs, () => {
      this.#server.setting.happened?.('statement timed out')
      this.#giveUp(new SqlError('57014', 'canceling statement due to statement timeout'))
    })
  }

  #limitTransaction(): void {
    const timeoutMs = this.transaction?.timeoutMs ?? 0
    if (timeoutMs === 0 || this.#cancelTransactionTimeout !== undefined) return
    this.#cancelTransactionTimeout = this.#server.setting.after(timeoutMs, () => {
      this.#server.setting.happened?.('transaction timed out')
      this.#end(new SqlError('25P04', 'terminating connection due to transaction timeout', 'FATAL'))
    })
  }

  /** From here on its time is not counted any more: it is over, or at its COMMIT, which nothing interrupts. */
  #freeTransaction(): void {
    this.#cancelTransactionTimeout?.()
    this.#cancelTransactionTimeout = undefined
  }

  #wait(forWhom: Transaction): void {
    this.waitsFor = forWhom
    this.waitNumber = this.#server.nextWait()
    const { after, happened } = this.#server.setting
    happened?.('lock waited for')
    this.#cancelTimers.push(
      after(deadlockTimeoutMs, () => {
        if (!this.#server.isDeadlocked(this)) return
        happened?.('deadlock')
        this.#giveUp(new SqlError('40P01', 'deadlock detected'))
      }),
    )
    const patienceMs = this.transaction?.lockTimeoutMs ?? 0
    if (patienceMs === 0) return
    this.#cancelTimers.push(
      after(patienceMs, () => {
        happened?.('lock timed out')
        this.#giveUp(new SqlError('55P03', 'canceling statement due to lock timeout'))
      }),
    )
  }

  #giveUp(error: SqlError): void {
    this.waitsFor = undefined
    this.#clearTimers()
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (!(error instanceof SqlError)) throw error
    if (error.code === '40001') this.#server.setting.happened?.('serialization failure')
    const { transaction } = this
    if (transaction !== undefined && this.#isAlone) this.#abort()
    else if (transaction !== undefined) this.#failTransaction(transaction)
    this.#answer({ error })
  }

  #failTransaction(transaction: Transaction): void {
    this.#server.failed(transaction)
    // Without a savepoint nothing is left of it but the way back.
    if (transaction.status === 'aborted') this.#freeTransaction()
  }

  #answer(outcome: Outcome): void {
    const current = this.#current
    this.#cancelStatementTimeout?.()
    this.#cancelStatementTimeout = undefined
    this.#current = undefined
    this.#work = undefined
    this.#isAlone = false
    current?.answer(outcome)
    if (this.#isTold) this.terminate()
    else this.#next()
  }

  #idle(): void {
    const idleMs = this.transaction?.idleTimeoutMs ?? 0
    if (idleMs === 0) return
    const error = new SqlError('25P03', 'terminating connection due to idle-in-transaction timeout', 'FATAL')
    this.#cancelTimers.push(this.#server.setting.after(idleMs, () => this.#end(error)))
  }

  /** It ends by itself, and says so. */
  #end(error: SqlError): void {
    const current = this.#current
    this.#current = undefined
    this.#quit()
    if (current === undefined) this.#ended(error)
    else current.answer({ error })
  }

  #quit(): void {
    this.#isOver = true
    this.#work = undefined
    this.waitsFor = undefined
    this.#clearTimers()
    this.#cancelStatementTimeout?.()
    this.#server.forget(this)
    this.#abort()
  }

  #abort(): void {
    const { transaction } = this
    this.transaction = undefined
    this.#freeTransaction()
    if (transaction?.status === 'in progress') this.#server.abort(transaction)
  }

  #clearTimers(): void {
    for (const cancel of this.#cancelTimers.splice(0)) cancel()
  }

  /** Begins a transaction. */
  begin(): void {
    this.transaction ??= new Transaction(this.pid, this.#client)
    this.#answer({ rows: [] })
  }

  isolate(text: string): void {
    const level = text.slice('SET TRANSACTION ISOLATION LEVEL '.length).toLowerCase() as Isolation
    if (!isolations.includes(level)) this.#server.setting.unknown(text)
    if (this.transaction !== undefined) this.transaction.isolation = level
    this.#answer({ rows: [] })
  }

  commit(): void {
    const { transaction } = this
    if (transaction === undefined) return this.#answer({ rows: [] })
    const { setting } = this.#server
    if (transaction.isFailed || transaction.deferred !== undefined) {
      const { deferred } = transaction
      this.#abort()
      // Of a transaction that has failed before, COMMIT says nothing and rolls back.
      return this.#answer(deferred === undefined || transaction.isFailed ? { rows: [] } : { error: deferred })
    }
    if (transaction.isolation === 'serializable' && setting.conflicts?.() === true) {
      this.#abort()
      setting.happened?.('serialization failure')
      return this.#answer({ error: inOthersWay() })
    }
    this.#freeTransaction()
    if (!transaction.hasDoneAnything) return this.#committed(transaction)
    this.#isCommitting = true
    setting.after(0.05 + mostFlushMs * setting.draw(), () => {
      if (this.#isOver) return
      this.#isCommitting = false
      this.#committed(transaction)
    })
  }

  #committed(transaction: Transaction): void {
    this.transaction = undefined
    this.#server.commit(transaction)
    this.#answer({ rows: [] })
  }

  rollback(text: string): void {
    if (text === 'ROLLBACK') {
      this.#abort()
      return this.#answer({ rows: [] })
    }
    if (text !== 'ROLLBACK TO SAVEPOINT tidemark') this.#server.setting.unknown(text)
    const { transaction } = this
    if (transaction?.undo() !== true) throw noSavepoint()
    this.#server.released(transaction)
    this.#answer({ rows: [] })
  }

  savepoint(text: string): void {
    if (text !== 'SAVEPOINT tidemark' && text !== 'RELEASE SAVEPOINT tidemark') this.#server.setting.unknown(text)
    const { transaction } = this
    if (transaction === undefined) throw new SqlError('25P01', 'SAVEPOINT can only be used in transaction blocks')
    if (transaction.isFailed) throw abortedBefore()
    if (text === 'SAVEPOINT tidemark') transaction.savepoint()
    else if (!transaction.release()) throw noSavepoint()
    this.#answer({ rows: [] })
  }
}

const controls: { readonly [verb: string]: ((this: Backend, text: string) => void) | undefined } = {
  BEGIN(this: Backend) {
    this.begin()
  },
  COMMIT(this: Backend) {
    this.commit()
  },
  ROLLBACK(this: Backend, text) {
    this.rollback(text)
  },
  SAVEPOINT(this: Backend, text) {
    this.savepoint(text)
  },
  RELEASE(this: Backend, text) {
    this.savepoint(text)
  },
  SET(this: Backend, text) {
    this.isolate(text)
  },
}
