import type { TidemarkError } from '../../errors.ts'
import type { Completion, LedgerEntry } from '../ledger.ts'
import { commitEffects } from './commit-effects.ts'
import { EffectLog, type EffectLogSetting, type Run } from './effect-log.ts'

/** What a shared transaction is made of. */
export interface SharedTransactionSetting<Transaction> extends EffectLogSetting<Transaction> {
  /** How long a transaction takes records in, from its beginning; a record that has begun goes on. */
  readonly maxMs: number
}

/** A record of which attempts are made. */
export interface Attempted {
  readonly entry: LedgerEntry
  /** When what its last attempt did is durable; `undefined` when none has succeeded. */
  completion: Promise<Completion> | undefined
}

/** A handler's attempt at a record. */
export interface AttemptRequest<Transaction> {
  readonly record: Attempted
  readonly run: Run<Transaction>
  /** When it has aborted, nothing is begun any more. */
  readonly stopping: AbortSignal | undefined
  /** Called when the attempt has failed, or it is known how what it did came out. */
  readonly over: () => void
}

interface Attempt<Transaction> extends AttemptRequest<Transaction> {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

// What has completed should not wait, with its locks, for a record that backs off. Lanes that go on at once are quicker.
const idleMs = 5

/**
 * The transaction in which the records of a batch, or of a shard, take effect together: one after the other, for they share
 * a connection.
 *
 *     none ── an attempt ──▶ open ── full, flushed or idle: marks written, COMMIT ──▶ none: what was done is completed
 *                             │ ▲
 *                             │ └── begun anew, and what was done is run again: after a conflict, a failed record without
 *                             │     a savepoint in front, marks that are somebody else's, a commit that did not happen
 *                             └──── can't be run again, or closed ──▶ what was done is not, and nothing more is begun
 *
 * Only `#pump` works on the transaction, one step at a time. `close` may come in between, and ends it under its hands.
 */
export class SharedTransaction<Transaction> {
  readonly #setting: SharedTransactionSetting<Transaction>
  readonly #log: EffectLog<Transaction>
  readonly #queue: Attempt<Transaction>[] = []
  readonly #flushes: (() => void)[] = []
  // Their handlers have succeeded, and whoever ran them has not said so yet: it may be about to run them again.
  readonly #uncompleted = new Set<string>()
  #isPumping = false
  #cancelIdle: (() => void) | undefined

  constructor(setting: SharedTransactionSetting<Transaction>) {
    this.#setting = setting
    this.#log = new EffectLog(setting, commitEffects)
  }

  /** Runs a handler when its turn comes; resolves when its statements are part of the transaction. */
  attempt({ record, run, stopping, over }: AttemptRequest<Transaction>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, run, stopping, over, resolve, reject })
      if (!this.#isPumping) void this.#pump()
    })
  }

  /** The last attempt at the record is what it did: it may be committed. */
  complete({ entry, completion }: Attempted): Promise<Completion> | undefined {
    this.#uncompleted.delete(entry.eventId)
    if (!this.#isPumping && this.#log.done.length > 0) this.#commitWhenIdle()
    return completion
  }

  /** Commits what is done, as soon as no handler is in the middle of it. */
  flush(): Promise<void> {
    if (this.#log.done.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#flushes.push(resolve)
      void this.#pump()
    })
  }

  /**
   * Ends a transaction that a handler is in the middle of, for it can't be committed around it; also one whose statement waits
   * for a lock, which would not be rolled back before it has got it, and keep all others waiting. Never rejects.
   */
  async abandon(reason: TidemarkError): Promise<void> {
    const { open, isHandling } = this.#log
    if (open === undefined || !isHandling) return
    this.close(reason)
    await this.#setting.store.interrupt(open.name).catch(() => {}) // then the server does, when the invocation's time is over
  }

  /** Nothing more is begun or committed; what is open is rolled back, also under a handler that is still at work. */
  close(error: TidemarkError): void {
    this.#cancelIdle?.()
    this.#log.close(error)
    for (const attempt of this.#queue.splice(0)) fail(attempt, error)
    if (this.#log.done.length === 0) this.#resolveFlushes()
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    for (;;) {
      if (this.#isCommitDue()) await this.#commit()
      const next = this.#queue.shift()
      if (next !== undefined) await this.#work(next)
      else if (!this.#isCommitDue()) break
      // What a flush was to commit may have come to its end under an attempt that failed: there is no commit then.
      if (this.#log.done.length === 0) this.#resolveFlushes()
    }
    this.#isPumping = false
    if (this.#log.done.length > 0) this.#commitWhenIdle()
  }

  #isCommitDue(): boolean {
    const { size, maxMs } = this.#setting
    const doneCount = this.#log.done.length
    if (doneCount === 0) return false
    return this.#flushes.length > 0 || doneCount >= size.current || this.#log.ageMs >= maxMs
  }

  async #commit(): Promise<void> {
    await commitEffects(this.#log)
    this.#resolveFlushes()
  }

  #resolveFlushes(): void {
    for (const resolve of this.#flushes.splice(0)) resolve()
  }

  #commitWhenIdle(): void {
    if (this.#uncompleted.size > 0) return
    this.#cancelIdle?.()
    this.#cancelIdle = this.#setting.clock.schedule(idleMs, () => {
      this.#cancelIdle = undefined
      void this.flush()
    })
  }

  async #work(attempt: Attempt<Transaction>): Promise<void> {
    const { record, stopping } = attempt
    const { entry } = record
    // Before the transaction is touched: to fail in it would undo, or run again, what others have done.
    if (stopping?.aborted === true) return fail(attempt, stopping.reason)
    const isSuspect = this.#log.isSuspect(entry)
    if (isSuspect) await this.#commit()
    const refusal = this.#log.refusalBefore(entry)
    if (refusal !== undefined) return fail(attempt, refusal)
    this.#log.refusedIn.delete(entry.laneKey)
    this.#uncompleted.delete(entry.eventId)
    try {
      const forgotten = this.#log.forget(entry)
      if (forgotten !== undefined) await forgotten
      await this.#log.run(entry, attempt.run)
    } catch (error) {
      return fail(attempt, error)
    }
    const completion = this.#noteDone(attempt)
    if (!isSuspect) return attempt.resolve()
    await this.#commit()
    completion.then((end) => {
      if (end.status === 'refused') return attempt.reject(end.error)
      this.#setting.suspects.delete(entry.idempotencyKey)
      attempt.resolve()
    }, attempt.reject)
  }

  #noteDone({ record, run, over }: Attempt<Transaction>): Promise<Completion> {
    const { entry } = record
    const completion = new Promise<Completion>((resolve, reject) =>
      this.#log.done.push({ entry, run, resolve, reject }),
    )
    completion.then(over, over) // and whoever completes the record is told
    record.completion = completion
    this.#uncompleted.add(entry.eventId)
    return completion
  }
}

function fail({ over, reject }: Pick<Attempt<never>, 'over' | 'reject'>, error: unknown): void {
  over()
  reject(error)
}
