import { isTidemarkError, LedgerError, type TidemarkError } from '../../errors.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import type { Completion, LedgerEntry } from '../ledger.ts'
import type { MarkKeeper } from './mark-keeper.ts'
import { isBroken, isConflict, isPassing } from './sql-state.ts'
import { storeError } from './store-error.ts'
import type { PostgresStore, StoreTransaction } from './store.ts'
import type { TransactionSize } from './transaction-size.ts'

/** A handler's attempt, to be called with the transaction that it is to take effect in. */
export type Run<Transaction> = (transaction: Transaction) => unknown

/** A record whose handler has succeeded in the transaction that is open. */
export interface Done<Transaction> {
  readonly entry: LedgerEntry
  readonly run: Run<Transaction>
  readonly resolve: (completion: Completion) => void
  readonly reject: (error: unknown) => void
}

/** What an effect log is made of. */
export interface EffectLogSetting<Transaction> {
  readonly store: PostgresStore<Transaction>
  readonly marks: MarkKeeper<Transaction>
  readonly clock: Clock
  readonly random: Random
  /** Records whose commit was refused for what is in it, or that left a failed statement behind: each runs alone. */
  readonly suspects: Set<string>
  readonly size: TransactionSize
  /** Nothing more can be committed, which not everyone who waits for an attempt can tell from its error. */
  readonly onFailed?: (error: TidemarkError) => void
}

// For so many records after one that failed, each has a savepoint in front.
const carefulFor = 1_000
const maxBeginAttempts = 4
/** Conflicts pass: whoever was in the way has committed. Ten in a row is a workload that can't be run side by side. */
export const maxRepeats = 10

/**
 * The open transaction and what was done in it, in an order in which it can be done again.
 *
 * A savepoint a record costs more than all the rest of the ledger, so there is none while nothing fails. The first record
 * that fails undoes the others, whose handlers then run again; for a thousand records after it each has a savepoint, and a
 * failure undoes itself alone.
 */
export class EffectLog<Transaction> {
  done: Done<Transaction>[] = []
  open: StoreTransaction<Transaction> | undefined
  /** Why nothing more may be done. */
  closed: { readonly error: unknown } | undefined
  /**
   * Lanes that had gone on when the COMMIT of one of their records was refused, and which record: nothing that they have begun
   * behind it may take effect before it.
   */
  readonly refusedIn: Map<string, { readonly eventId: string; readonly error: unknown }> = new Map()
  /** Whether a handler is at work in the transaction. */
  isHandling = false
  /** Whether a COMMIT is under way: it may still arrive, whatever is wanted meanwhile. */
  isCommitting = false
  readonly setting: EffectLogSetting<Transaction>
  // Rolled back, and to be run again when what is done has been committed; behind it in the order of all.
  #later: Done<Transaction>[] = []
  readonly #commit: (log: EffectLog<Transaction>) => Promise<void>
  readonly #failedBefore = new Set<LedgerEntry>()
  #careful = 0
  #openedAt = 0

  /** @param commit Commits what is done, and tells whoever waits for it. */
  constructor(setting: EffectLogSetting<Transaction>, commit: (log: EffectLog<Transaction>) => Promise<void>) {
    this.setting = setting
    this.#commit = commit
  }

  /** Milliseconds since the open transaction was begun. */
  get ageMs(): number {
    return this.setting.clock.monotonic() - this.#openedAt
  }

  isSuspect(entry: LedgerEntry): boolean {
    // A key costs a hash: not asked for while nobody is suspected.
    return this.setting.suspects.size > 0 && this.setting.suspects.has(entry.idempotencyKey)
  }

  /** Runs it in the open transaction, or in a new one. Where it fails nothing of it is left in there. */
  async run(entry: LedgerEntry, run: Run<Transaction>): Promise<void> {
    for (let round = 1; ; round += 1) {
      const transaction = this.#ready ?? (await this.#begun())
      const isSuspect = this.isSuspect(entry)
      const hasSavepoint = isSuspect || (this.done.length > 0 && (this.#careful > 0 || this.#failedBefore.has(entry)))
      if (hasSavepoint && !(await this.#savepoint(transaction))) continue
      this.assertOpen() // closed meanwhile, it is rolled back, and what the handler would send is in no transaction
      if (this.#careful > 0) this.#careful -= 1
      try {
        this.isHandling = true
        await run(transaction.transaction)
        this.#handled()
        if (isSuspect) await transaction.check()
        this.#failedBefore.delete(entry)
        return
      } catch (error) {
        this.#handled()
        if (isConflict(error) && round < maxRepeats) {
          await this.#afterConflict(entry, round)
          continue
        }
        this.#careful = carefulFor
        this.#failedBefore.add(entry)
        await this.#undo(transaction, hasSavepoint)
        throw isConflict(error) || isBroken(error) ? storeError(error, 'a statement of the handler') : error
      }
    }
  }

  /** An attempt at what was done already takes its place. Answers without a promise where there is none. */
  forget(entry: LedgerEntry): Promise<void> | undefined {
    if (!this.#isDone(entry)) return undefined
    this.done = this.done.filter((done) => done.entry.eventId !== entry.eventId)
    return this.repeat(0)
  }

  #isDone({ eventId }: LedgerEntry): boolean {
    for (const { entry } of this.done) if (entry.eventId === eventId) return true
    return false
  }

  /** Makes room for the one whose statement met a conflict: what is done is run again, and committed where it is enough. */
  async #afterConflict(entry: LedgerEntry, round: number): Promise<void> {
    const { size } = this.setting
    size.conflicted()
    await this.repeat(round)
    if (this.done.length >= size.current) await this.#commit(this)
    this.assertOpen()
    const refusal = this.refusalBefore(entry)
    if (refusal !== undefined) throw refusal
  }

  /** What keeps a record from taking effect: the COMMIT of an earlier one of its lane was refused, and the lane had gone on. */
  refusalBefore({ laneKey, eventId }: LedgerEntry): LedgerError | undefined {
    const refused = this.refusedIn.get(laneKey)
    return refused === undefined || refused.eventId === eventId ? undefined : left(refused.error)
  }

  /**
   * Begins anew, and runs again what was done; all but the last of it is committed where transactions have become smaller since.
   * Throws when that can't be, and then none of it is done. After `conflicts` of them it waits before, with no transaction open.
   */
  async repeat(conflicts: number): Promise<void> {
    for (let round = conflicts; ; round += 1) {
      const { open } = this
      this.open = undefined
      await open?.rollback()
      if (round > 0) await this.backOff(round)
      const count = this.done.length
      try {
        return await this.#runAgain()
      } catch (error) {
        this.assertOpen()
        if (isConflict(error)) this.setting.size.conflicted()
        if (this.done.length < count) round = 0 // some of it is committed: others have let us through
        if (isTidemarkError(error) || round >= maxRepeats || !isPassing(error))
          throw this.fail(storeError(error, 'running again what was rolled back'))
      }
    }
  }

  async #runAgain(): Promise<void> {
    while (this.done.length > this.setting.size.current) await this.#commitFirst(this.setting.size.current)
    if (this.done.length > 0) await this.#rerunAll()
  }

  /** Runs the first of it again and commits that. The rest is kept apart meanwhile, for all that is done is committed. */
  async #commitFirst(count: number): Promise<void> {
    const rest = this.done.splice(count)
    this.#later.unshift(...rest)
    try {
      await this.#rerunAll()
      await this.#commit(this)
      this.assertOpen()
    } finally {
      // None are left where all were told that it is over.
      for (const done of this.#later.splice(0, rest.length)) this.#takeBack(done)
    }
  }

  #takeBack(done: Done<Transaction>): void {
    const refusal = this.refusalBefore(done.entry)
    if (refusal === undefined) this.done.push(done)
    else done.reject(refusal)
  }

  async #rerunAll(): Promise<void> {
    const transaction = await this.#begun()
    for (const done of this.done) await this.#rerun(done, transaction)
  }

  /** What was done is not: and since its lanes may have gone on from it, nothing more may be done here. */
  fail(error: TidemarkError): TidemarkError {
    if (this.done.length + this.#later.length === 0) return error
    this.close(error)
    this.setting.onFailed?.(error)
    return error
  }

  /**
   * Ends what is open, also under a handler that is still at work. What a COMMIT is under way for is told by how it comes
   * out: with it its marks arrive, and whoever comes after finds them.
   */
  close(error: TidemarkError): void {
    this.closed ??= { error }
    for (const { reject } of this.#later.splice(0)) reject(error)
    if (this.isCommitting) return
    const { open } = this
    this.open = undefined
    if (this.isHandling) open?.discard()
    else void open?.rollback()
    for (const { reject } of this.done.splice(0)) reject(error)
  }

  assertOpen(): void {
    if (this.closed !== undefined) throw this.closed.error
  }

  /** Asks until it is answered, a while; what stands in the way of that is told as a `LedgerError`. */
  async patiently<Result>(attempts: number, doing: string, ask: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask()
      } catch (error) {
        const failed = storeError(error, doing)
        if (!failed.retryable || failed.code !== 'ERR_LEDGER' || attempt >= attempts) throw failed
      }
      await this.backOff(attempt)
      this.assertOpen()
    }
  }

  backOff(round: number): Promise<void> {
    const { clock, random } = this.setting
    return clock.sleep(Math.min(3_000, 25 * 2 ** round) * (0.5 + random.next() / 2))
  }

  /** The open transaction, where work in it may go on at once: between an answer and the next statement the server waits. */
  get #ready(): StoreTransaction<Transaction> | undefined {
    return this.closed === undefined ? this.open : undefined
  }

  /** The open transaction, or a new one: a connection that has gone stale in the pool is found out only by using it. */
  async #begun(): Promise<StoreTransaction<Transaction>> {
    this.assertOpen()
    if (this.open !== undefined) return this.open
    const { marks, clock } = this.setting
    const begun = await this.patiently(maxBeginAttempts, 'beginning a transaction', () => marks.begin())
    if (this.closed !== undefined) await begun.rollback()
    this.assertOpen()
    this.#openedAt = clock.monotonic()
    return (this.open = begun)
  }

  /** Its time may have been up meanwhile, and the transaction with it. */
  #handled(): void {
    this.isHandling = false
    this.assertOpen()
  }

  /** False when the transaction can't take one: then it was begun anew. */
  async #savepoint(transaction: StoreTransaction<Transaction>): Promise<boolean> {
    try {
      await transaction.savepoint()
      return true
    } catch {
      await this.repeat(0) // which finds the statement that failed before, or the connection that is gone
      return false
    }
  }

  async #undo(transaction: StoreTransaction<Transaction>, hasSavepoint: boolean): Promise<void> {
    if (hasSavepoint) {
      try {
        return await transaction.undo()
      } catch {
        // its connection is gone, and with it all that was done on it
      }
    }
    await this.repeat(0)
  }

  /** With a savepoint, so that a failed statement is found at the record that sent it, even if nobody looked at it. */
  async #rerun({ entry, run }: Done<Transaction>, transaction: StoreTransaction<Transaction>): Promise<void> {
    await transaction.savepoint()
    this.assertOpen()
    try {
      this.isHandling = true
      await run(transaction.transaction)
      this.#handled()
      await transaction.check()
    } catch (error) {
      this.#handled()
      if (isConflict(error) || isBroken(error) || isTooLate(error)) throw error
      this.setting.suspects.add(entry.idempotencyKey)
      throw new LedgerError(
        `record ${entry.eventId} shared a transaction that had to be run again, and failed the second time; it runs ` +
          `alone from now on. A handler that goes on after a failed statement must put it behind a savepoint of its own`,
        { cause: error, retryable: true },
      )
    }
  }
}

/** What waited for a COMMIT that was refused, or shared it, was not done and comes again. */
export function left(error: unknown): LedgerError {
  return new LedgerError(`a COMMIT was refused that it shared, or waited for: ${String(error)}`, {
    cause: error,
    retryable: true,
  })
}

/** The time of the batch, or of the lease, was up: that says nothing of the record. */
function isTooLate(error: unknown): boolean {
  return isTidemarkError(error, 'ERR_DEADLINE') || isTidemarkError(error, 'ERR_LEASE_LOST')
}
