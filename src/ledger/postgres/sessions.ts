import { DeadlineError, LeaseLostError, type TidemarkError } from '../../errors.ts'
import type { Claim, ClaimOutcome, Completion, LedgerEntry, LedgerSession } from '../ledger.ts'
import { left } from './effect-log.ts'
import type { ShardMark } from './shard-mark.ts'
import type { Attempted, SharedTransaction } from './shared-transaction.ts'

/** What a session is made of. */
export interface SessionSetting<Transaction> {
  readonly shared: SharedTransaction<Transaction>
  /** Keys that are marked, where there is a mark a record. */
  readonly marked: ReadonlySet<string> | undefined
  /** Absent in Lambda. */
  readonly mark: ShardMark | undefined
}

/** One batch at work, in a transaction that other batches of its shard may share. */
export class PostgresSession<Transaction> implements LedgerSession<Transaction> {
  // The lane's next record runs in the same transaction and sees what this one did.
  readonly laneWaits = false
  readonly #setting: SessionSetting<Transaction>
  readonly #completed: Set<string> | undefined
  readonly #completing = new Map<string, Promise<Completion>>()
  // Completed without an attempt, and waiting for their turn all the same.
  readonly #effectless = new Set<Promise<void>>()
  #openCount = 0
  #abandoned: Promise<void> | undefined
  readonly #over = () => void (this.#openCount -= 1)

  constructor(setting: SessionSetting<Transaction>) {
    this.#setting = setting
    this.#completed = setting.marked === undefined ? undefined : new Set(setting.marked)
  }

  claim(entry: LedgerEntry): Promise<ClaimOutcome> | ClaimOutcome {
    if (this.#setting.mark?.isCommitted(entry) === true) return { status: 'completed' }
    if (this.#completed !== undefined) {
      if (this.#completed.has(entry.idempotencyKey)) return this.#passed(entry)
      const completing = this.#completing.get(entry.idempotencyKey)
      if (completing !== undefined) return this.#onceDurable(entry, completing)
    }
    return { status: 'claimed', claim: claimOf(entry) }
  }

  attempt(claim: Claim, run: (transaction: Transaction) => unknown, stopping?: AbortSignal): Promise<void> {
    this.#openCount += 1
    return this.#setting.shared.attempt({ record: claim as PostgresClaim, run, stopping, over: this.#over })
  }

  complete(claim: Claim): Promise<Completion> {
    const completion = this.#setting.shared.complete(claim as PostgresClaim) ?? this.#completeWithoutEffect(claim)
    if (this.#completed !== undefined) this.#noteCompleting(claim.entry.idempotencyKey, completion)
    return completion
  }

  release(): void {
    // Nothing was written for it, and nothing of the attempt is left.
  }

  leave(entry: LedgerEntry, how: 'settled' | 'stopped'): void {
    if (how === 'settled') this.#setting.mark?.settled(entry)
  }

  drain(): void {
    if (this.#setting.mark === undefined) this.#abandoned = this.#setting.shared.abandon(this.#ended())
  }

  async flush(): Promise<void> {
    if (this.#effectless.size > 0) await Promise.allSettled(this.#effectless)
    await this.#setting.shared.flush()
    await this.#abandoned
  }

  close(): void {
    if (this.#openCount > 0 || this.#setting.mark === undefined) this.#setting.shared.close(this.#ended())
  }

  #ended(): TidemarkError {
    if (this.#setting.mark === undefined)
      return new DeadlineError('it was not committed when the host was answered; the record comes again')
    return new LeaseLostError('it was not committed when the shard was given up; its next owner handles the record')
  }

  #noteCompleting(key: string, completion: Promise<Completion>): void {
    this.#completing.set(key, completion)
    completion.then(
      ({ status }) => {
        if (status !== 'refused') this.#completed?.add(key)
        this.#completing.delete(key)
      },
      () => {}, // it stays: the change must not run again in this batch
    )
  }

  #passed(entry: LedgerEntry): ClaimOutcome {
    this.#setting.mark?.settled(entry)
    return { status: 'completed' }
  }

  /** A duplicate is settled at once: were it before the commit, a crash would leave neither it nor the effect. */
  async #onceDurable(entry: LedgerEntry, completing: Promise<Completion>): Promise<ClaimOutcome> {
    void this.#setting.shared.flush() // nobody else may ask for it while this lane waits
    const end = await completing
    if (end.status === 'refused') throw left(end.error)
    return this.#passed(entry)
  }

  async #completeWithoutEffect(claim: Claim): Promise<Completion> {
    const attempt = this.attempt(claim, () => {})
    this.#effectless.add(attempt)
    try {
      await attempt
    } finally {
      this.#effectless.delete(attempt)
    }
    return (await this.#setting.shared.complete(claim as PostgresClaim)) ?? { status: 'completed' }
  }
}

type PostgresClaim = Claim & Attempted

function claimOf(entry: LedgerEntry): PostgresClaim {
  return { entry, token: '', completion: undefined }
}
