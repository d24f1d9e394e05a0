import type { LedgerEntry, LedgerShard } from '../ledger.ts'
import type { TransactionTime } from './time-limits.ts'

/** How far the effects of a shard are committed. */
export interface ShardState {
  /** Everything up to here is committed, but for the holes; padded to 40 digits, empty before the first. */
  readonly through: string
  /** Records up to `through` that are not committed: padded sequence numbers. */
  readonly holes: readonly string[]
}

/** A shard's row as it belongs to one session. */
export interface ShardSession {
  readonly shard: LedgerShard
  /** Drawn when the shard was opened: it fences off also an earlier pass of the same worker over the same lease. */
  readonly id: string
}

/** Names a transaction for the time after its connection was lost. */
export interface TransactionName {
  readonly xid: string
  readonly pid: string
}

/** Whether a session may still commit. */
export type Fence =
  | { readonly status: 'held' }
  /** The row is another session's; `isLater`: of a later lease. */
  | { readonly status: 'lost'; readonly isLater: boolean }

/** Marks to be written. */
export interface MarkRows {
  readonly consumer: string
  readonly entries: readonly LedgerEntry[]
  /** Who writes them: by it a mark of one's own is known again. */
  readonly writer: string
  readonly now: number
  /** A mark that is older (epoch ms) is forgotten. */
  readonly forgetBefore: number
}

/** An open transaction. What fails is thrown as the driver throws it. */
export interface StoreTransaction<Transaction> {
  /** What handlers get. */
  readonly transaction: Transaction
  readonly name: TransactionName
  savepoint(): Promise<void>
  /** Undoes what was done since the last `savepoint`. */
  undo(): Promise<void>
  /** Fails when a statement since the last `savepoint` did, whoever knew of it. */
  check(): Promise<void>
  /** Writes how far the shard is; answers whether it is still this session's, in this very transaction. */
  writeShard(session: ShardSession, state: ShardState, commits: number, now: number): Promise<boolean>
  /** Writes marks, and waits for whoever is writing one of them; answers with the keys that were there already. */
  writeMarks(marks: MarkRows): Promise<ReadonlySet<string>>
  /** Deletes some marks that are forgotten. */
  prune(consumer: string, forgetBefore: number, limit: number): Promise<void>
  /**
   * Takes a redriven record out of the parking lot; `parked` is what the lot says of it (`LedgerEntry.parked`). Throws a
   * `LeaseLostError` when it is not there any more, or the lane another's: then nothing of this may be committed.
   */
  takeOut(parked: unknown, now: number): Promise<void>
  commit(): Promise<void>
  /** Never rejects. */
  rollback(): Promise<void>
  /** As `rollback`, at once: somebody may still be at work in it. */
  discard(): void
}

/**
 * What the ledger asks of a database. The statements behind it are in `sql-store.ts`; a simulated one stands in for it
 * where lost replies and zombies are played through.
 */
export interface PostgresStore<Transaction> {
  /** Begins a transaction; with a session it locks the shard's row, and answers with how it found it. */
  begin(
    session: ShardSession | undefined,
    time: TransactionTime,
  ): Promise<{
    readonly opened: StoreTransaction<Transaction>
    readonly fence: Fence
  }>
  /** Makes the shard the session's and answers with its state; `undefined` when a later lease has it. */
  takeOver(session: ShardSession, now: number, forgetBefore: number): Promise<ShardState | undefined>
  /** Which of these keys are marked. */
  readMarks(consumer: string, keys: readonly string[], forgetBefore: number): Promise<ReadonlySet<string>>
  /** Interrupts the statement that a transaction is at. The transaction is rolled back by whoever has it, or by its connection's end. */
  interrupt(name: TransactionName): Promise<void>
  /** Sees to it that a transaction whose connection was lost is over, one way or the other. */
  settle(name: TransactionName): Promise<void>
  /** Who owns the shard's row, and how many commits it has seen. */
  readShard(session: ShardSession): Promise<{ readonly fence: Fence; readonly commits: number }>
  /** Who wrote a mark. */
  readWriter(consumer: string, key: string): Promise<string | undefined>
}
