import { LeaseLostError, LedgerError, type TidemarkError } from '../../errors.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import type { LedgerEntry } from '../ledger.ts'
import { tellRefusedCommit } from '../refused-commit.ts'
import type { ShardMark } from './shard-mark.ts'
import type { PostgresStore, ShardSession, StoreTransaction } from './store.ts'

/** Writes the marks that commit with the effects, and knows them again when the answer to a COMMIT was lost. */
export interface MarkKeeper<Transaction> {
  /** Begins a transaction that may commit; throws a `LeaseLostError` when the shard is another's. */
  begin(): Promise<StoreTransaction<Transaction>>
  /** Writes the marks of what is about to be committed; answers with the keys that were marked by somebody else. */
  write(transaction: StoreTransaction<Transaction>, entries: readonly LedgerEntry[]): Promise<ReadonlySet<string>>
  /** The last `write` is committed. */
  committed(entries: readonly LedgerEntry[]): void
  /** Whether the last `write` is committed, read from the store. The transaction must be over. */
  isCommitted(entries: readonly LedgerEntry[]): Promise<boolean>
}

/** What keepers share. */
export interface KeeperSetting<Transaction> {
  readonly store: PostgresStore<Transaction>
  readonly consumer: string
  readonly keepMs: number
  /** After how long without a statement the server ends a transaction. */
  readonly idleTimeoutMs: number
  /** When nobody works on the batch any more, by the monotonic clock; absent when there is no such time. */
  readonly goneAt?: number
  readonly clock: Clock
  readonly random: Random
}

// Of each thousand marks that are written one write also deletes what is forgotten, up to twice as many: the table stays as
// large as its window wants it, whoever writes and however short a time a process lives.
const marksPerPrune = 1_000
const prunedAtMost = 2_000

/** A mark a record: in Lambda, which has no shard to keep one for. */
export class RecordMarks<Transaction> implements MarkKeeper<Transaction> {
  readonly #setting: KeeperSetting<Transaction>
  readonly #token: string
  #writes = 0

  constructor(setting: KeeperSetting<Transaction>) {
    this.#setting = setting
    this.#token = setting.random.id()
  }

  async begin(): Promise<StoreTransaction<Transaction>> {
    const { store, idleTimeoutMs, clock, goneAt } = this.#setting
    if (goneAt === undefined) return (await store.begin(undefined, { idleMs: idleTimeoutMs, endMs: 0 })).opened
    const leftMs = Math.max(1, goneAt - clock.monotonic())
    return (await store.begin(undefined, { idleMs: Math.min(idleTimeoutMs, leftMs), endMs: leftMs })).opened
  }

  async write(
    transaction: StoreTransaction<Transaction>,
    entries: readonly LedgerEntry[],
  ): Promise<ReadonlySet<string>> {
    const { consumer, clock, keepMs, random } = this.#setting
    this.#writes += 1
    const now = clock.now()
    const forgetBefore = now - keepMs
    const there = await transaction.writeMarks({ consumer, entries, writer: this.#writer, now, forgetBefore })
    if (there.size > 0) return there
    // With its mark, so that a redriven record is in the lot or has taken effect, and never neither or both.
    for (const { parked } of entries) if (parked !== undefined) await transaction.takeOut(parked, now)
    if (random.next() < entries.length / marksPerPrune) await transaction.prune(consumer, forgetBefore, prunedAtMost)
    return there
  }

  committed(): void {}

  async isCommitted([first]: readonly LedgerEntry[]): Promise<boolean> {
    if (first === undefined) return true
    const { store, consumer } = this.#setting
    // They were written in one transaction: one tells for all.
    return (await store.readWriter(consumer, first.idempotencyKey)) === this.#writer
  }

  get #writer(): string {
    return `${this.#token}:${this.#writes}`
  }
}

/** What a shard's keeper is made of. */
export interface ShardSetting {
  readonly mark: ShardMark
  /** The row is another session's: this one commits nothing more. */
  readonly onLost: (error: TidemarkError) => void
}

/** One mark for a whole shard, and beside it a mark a record where changes can recur in another place. */
export class ShardMarks<Transaction> implements MarkKeeper<Transaction> {
  readonly #setting: KeeperSetting<Transaction>
  readonly #session: ShardSession
  readonly #mark: ShardMark
  readonly #onLost: (error: TidemarkError) => void
  readonly #records: RecordMarks<Transaction> | undefined
  #commits = 0
  #writing: ReturnType<ShardMark['after']> | undefined

  constructor(setting: KeeperSetting<Transaction>, session: ShardSession, { mark, onLost }: ShardSetting) {
    this.#setting = setting
    this.#session = session
    this.#mark = mark
    this.#onLost = onLost
    this.#records = session.shard.recurs ? new RecordMarks(setting) : undefined
  }

  async begin(): Promise<StoreTransaction<Transaction>> {
    const { store, idleTimeoutMs } = this.#setting
    const { opened, fence } = await store.begin(this.#session, { idleMs: idleTimeoutMs, endMs: 0 })
    if (fence.status === 'held') return opened
    await opened.rollback()
    if (fence.isLater) tellRefusedCommit(this.#session.shard)
    throw this.#lost(fence)
  }

  async write(
    transaction: StoreTransaction<Transaction>,
    entries: readonly LedgerEntry[],
  ): Promise<ReadonlySet<string>> {
    const there = await this.#records?.write(transaction, entries)
    if (there !== undefined && there.size > 0) return there
    this.#writing = this.#mark.after(entries)
    const { clock } = this.#setting
    // The row is locked since the beginning, and was this session's then: to find it another's is a broken invariant.
    if (await transaction.writeShard(this.#session, this.#writing, this.#commits + 1, clock.now())) return none
    throw this.#lost({ isLater: false })
  }

  committed(entries: readonly LedgerEntry[]): void {
    this.#commits += 1
    if (this.#writing !== undefined) this.#mark.committed(entries, this.#writing)
  }

  async isCommitted(): Promise<boolean> {
    const { fence, commits } = await this.#setting.store.readShard(this.#session)
    // Another's row tells nothing of ours any more: it says itself, at its own beginning, what it found.
    if (fence.status === 'lost') throw this.#lost(fence)
    return commits === this.#commits + 1
  }

  /** Told also where nothing waits for a commit: an attempt that fails for it would be repeated in place, and fail for ever. */
  #lost({ isLater }: { readonly isLater: boolean }): TidemarkError {
    const error = isLater
      ? new LeaseLostError('the shard has another owner; nothing of this one is committed any more')
      : new LedgerError('the row of the shard was taken by another pass, or deleted; it is taken anew', {
          retryable: true,
        })
    this.#onLost(error)
    return error
  }
}

const none: ReadonlySet<string> = new Set()
