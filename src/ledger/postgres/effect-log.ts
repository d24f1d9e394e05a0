import { isTidemarkError, LedgerError, type TidemarkError } from '../../errors.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import type { Completion, LedgerEntry } from '../ledger.ts'
import type { MarkKeeper } from './mark-keeper.ts'
import { isBroken, isConflict, isPassing } from './sql-state.ts'
import { storeError } from './store-error.ts'
import type { PostgresStore, StoreTransaction } from './store.ts'

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
  readonly #failedBefore = new Set<LedgerEntry>()
  #careful = 0
  #openedAt = 0

  constructor(setting: EffectLogSetting<Transaction>) {
    this.setting = setting
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
      const transaction = await this.#begun()
      const isSuspect = this.isSuspect(entry)
      const hasSavepoint = isSuspect || (this.done.length > 0 && (this.#careful > 0 || this.#failedBefore.has(entry)))
      if (hasSavepoint && !(await this.#savepoint(transaction))) continue
      this.assertOpen() // closed meanwhile, it is rolled back, and what the handler would send is in no transaction
      if (this.#careful > 0) this.#careful -= 1
      try {
        await this.#handle(run, transaction)
        if (isSuspect) await transaction.check()
        this.#failedBefore.delete(entry)
        return
      } catch (error) {
        this.assertOpen()
        if (isConflict(error) && round < maxRepeats) {
          await this.repeat(round)
          continue
        }
        this.#careful = carefulFor
        this.#failedBefore.add(entry)
        await this.#undo(transaction, hasSavepoint)
        throw isConflict(error) || isBroken(error) ? storeError(error, 'a statement of the handler') : error
      }
    }
  }

  /** An attempt at what was done already takes its place. */
  async forget(entry: LedgerEntry): Promise<void> {
    const others = this.done.filter((done) => done.entry.eventId !== entry.eventId)
    if (others.length === this.done.length) return
    this.done = others
    await this.repeat(0)
  }

  /**
   * Begins anew, and runs again what was done. Throws when that can't be, and then none of it is done. After `conflicts`
   * of them it waits before, with no transaction open.
   */
  async repeat(conflicts: number): Promise<void> {
    for (let round = conflicts; ; round += 1) {
      const { open } = this
      this.open = undefined
      await open?.rollback()
      if (round > 0) await this.backOff(round)
      if (this.done.length === 0) return
      try {
        const transaction = await this.#begun()
        for (const done of this.done) await this.#rerun(done, transaction)
        return
      } catch (error) {
        this.assertOpen()
        if (isTidemarkError(error) || round >= maxRepeats || !isPassing(error))
          throw this.fail(storeError(error, 'running again what was rolled back'))
      }
    }
  }

  /** What was done is not: and since its lanes may have gone on from it, nothing more may be done here. */
  fail(error: TidemarkError): TidemarkError {
    if (this.done.length > 0) this.close(error)
    return error
  }

  /**
   * Ends what is open, also under a handler that is still at work. What a COMMIT is under way for is told by how it comes
   * out: with it its marks arrive, and whoever comes after finds them.
   */
  close(error: TidemarkError): void {
    this.closed ??= { error }
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

  async #handle(run: Run<Transaction>, { transaction }: StoreTransaction<Transaction>): Promise<void> {
    this.isHandling = true
    try {
      await run(transaction)
    } finally {
      this.isHandling = false
    }
    this.assertOpen() // its time may have been up meanwhile, and the transaction with it
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
      await this.#handle(run, transaction)
      await transaction.check()
    } catch (error) {
      this.assertOpen()
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

/** The time of the batch, or of the lease, was up: that says nothing of the record. */
function isTooLate(error: unknown): boolean {
  return isTidemarkError(error, 'ERR_DEADLINE') || isTidemarkError(error, 'ERR_LEASE_LOST')
}
