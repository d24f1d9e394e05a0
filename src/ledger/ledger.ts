import type { ParkingLot } from '../parking/parking-lot.ts'
import type { SequenceNumber } from '../record/sequence-number.ts'

/**
 * A ledger remembers which changes have taken effect. It is asked once for a whole batch, then once before each
 * handler, and told once after it.
 *
 * A record's way through a ledger:
 *
 *     unknown ── claim ──▶ claimed ── complete ──▶ completed   (for ever, within the window)
 *        ▲                    │
 *        └───── release ──────┤  the attempt failed and it is known that it did
 *                             └─ the owner died or went silent: after the claim's time the outcome is uncertain
 *
 * Two things hold for every implementation, and its conformance suite checks them:
 * - A mark "completed" is never taken back, and is true whoever writes it: the effect has happened.
 * - Marks of one lane become durable in the lane's order. Were a later record's mark to survive a crash that an earlier
 *   one's did not, redelivery would run the earlier one again after the later one's effect and skip the later one: the
 *   stale state would stay for good.
 */
export interface Ledger<Transaction = undefined> {
  /** Throws a `ConfigurationError` when it can't serve such a consumer; called by `createConsumer`. Absent: it serves any. */
  assertServes?(consumer: LedgerConsumer): void
  /** Reads what is known of these records, in as few requests as the store allows. Throws a `LedgerError` when it can't. */
  open(batch: LedgerBatch): Promise<LedgerSession<Transaction>>
  /**
   * Begins with a shard that a worker holds. What is returned opens the shard's batches from then on, in the shard's order
   * and often several at once; so a ledger can keep one mark for the whole shard. Absent: each batch is opened by `open`.
   */
  openShard?(shard: LedgerShard): ShardLedger<Transaction>
  /**
   * Which of these records of a shard a worker would find completed if it were handed them again: what a replay does not
   * run. Reads only. Absent: it can't tell.
   */
  completed?(shard: ShardRecordsOf, entries: readonly LedgerEntry[]): Promise<ReadonlySet<LedgerEntry>>
  /** Where its consumers' records are parked, in the same store. Absent: it has no such place. */
  readonly parking?: ParkingLot
  /** For how long it remembers that a change took effect, in milliseconds. Absent: nothing depends on it. */
  readonly windowMs?: number
}

/** A consumer as a ledger sees it. */
export interface LedgerConsumer {
  readonly name: string
  /** What makes two deliveries the same; `custom` for a function of the record. */
  readonly identity: 'record' | 'message' | 'custom'
}

/** A shard under a lease, as a ledger sees it. */
export interface LedgerShard {
  readonly consumer: string
  readonly tableName: string
  readonly streamLabel: string
  readonly shardId: string
  /** Raised each time the shard changes hands: what is written for it is conditional on nobody having a later one. */
  readonly epoch: number
  /** When the row was made in which epochs are counted, epoch ms: deleted and made anew, it counts from 1 again. */
  readonly leaseCreatedAt: number
  /** The worker that holds it. */
  readonly owner: string
  /** Whether a change can come again under another sequence number or in another shard: its identity is not `'record'`. */
  readonly recurs: boolean
}

/** Whose records are asked about. */
export type ShardRecordsOf = Pick<LedgerShard, 'consumer' | 'tableName' | 'streamLabel' | 'shardId' | 'recurs'>

/** A ledger at work on one shard, for as long as its worker holds it and nothing fails. */
export interface ShardLedger<Transaction = undefined> {
  /**
   * As {@link Ledger.open}; throws a `LeaseLostError` when the shard has another owner by now. The batch has every selected
   * record that is not settled, also those that can't be read: a ledger that notes how far the shard is must not pass them.
   */
  open(batch: LedgerBatch): Promise<LedgerSession<Transaction>>
  /**
   * `starts-nothing`: no record is begun any more, so what has completed need not wait for one that was not begun.
   * `waits-for-nothing`: nor for one that was; whatever has completed is to be made durable as it is.
   */
  drain?(stage: 'starts-nothing' | 'waits-for-nothing'): void
  /**
   * Whether what has completed fills the next commits: nothing more is admitted until that is over. Asked whenever something
   * was settled. Absent: no commit is ever waited for.
   */
  readonly isBehind?: boolean
  /**
   * Resolves with why nothing more can be committed, or known, by this one: then the shard is begun again with a new one. What
   * it answers to a claim, or to an attempt, is no more than why that failed. Absent: its sessions tell by `complete` and `claim`.
   */
  readonly failed?: Promise<unknown>
  /** No batch is open any more, or none will be heard of again: gives back what is held for the shard. Never rejects. */
  close(): Promise<void> | void
}

/** A batch as a ledger sees it. */
export interface LedgerBatch {
  /** The consumer's name; two consumers never share a memory. */
  readonly consumer: string
  /** In stream order. */
  readonly entries: readonly LedgerEntry[]
  /** Milliseconds after which this process has surely stopped working on the batch; absent when there is no such time. */
  readonly remainingMs?: number
}

/** One record as a ledger sees it. */
export interface LedgerEntry {
  /** Names the record's memory: equal keys are the same change. */
  readonly idempotencyKey: string
  /** The item; marks of one lane become durable in order. */
  readonly laneKey: string
  readonly eventId: string
  readonly streamArn: string
  readonly sequenceNumber: SequenceNumber
  /**
   * Set while a parked record is redriven: what the ledger's own lot says of it (`ParkingLot.reference`), to be committed in
   * the transaction that holds the effect. Such an entry is never judged by a shard's mark, which is past it.
   */
  readonly parked?: unknown
}

/** A ledger at work on one batch. */
export interface LedgerSession<Transaction = undefined> {
  /**
   * Whether a lane must wait for `complete` before its next record. True where the effect becomes visible only with the
   * mark (transactions); false where marks are written behind the handlers, in order by the ledger itself.
   */
  readonly laneWaits: boolean
  /**
   * With `laneWaits`: whether each commit is a request of its own, which keeps its turn, so that no more than the consumer's
   * `concurrency` are on their way. Absent: commits are shared, and a turn is lent to whoever may fill the next.
   */
  readonly commitsAlone?: boolean
  /** Asks for the record right before its handler. Answers without a promise where nothing has to be asked. */
  claim(entry: LedgerEntry): Promise<ClaimOutcome> | ClaimOutcome
  /**
   * Runs one attempt of the handler in a transaction: calls `run` with it, at once or when its turn comes, and again if the
   * transaction has to be repeated. What `run` throws is thrown, once nothing of the attempt is left. When `stopping` has
   * aborted before its turn comes, it is not called, and the reason is thrown. Answers without a promise where nothing had to be
   * waited for. Absent in a ledger without transactions: the handler is called as it is.
   */
  attempt?(claim: Claim, run: (transaction: Transaction) => unknown, stopping?: AbortSignal): Promise<void> | void
  /**
   * Notes that the last attempt succeeded, and commits its transaction. Resolves when that is durable, or with how it came
   * out otherwise; rejects with a `LedgerError` when that can't be told, and with a `LeaseLostError` when the shard is
   * another's.
   */
  complete(claim: Claim): Promise<Completion | void> | void
  /** Gives the claim back after a failed attempt, so that the next delivery may run it at once. A claim lost since stays lost. */
  release(claim: Claim): Promise<void> | void
  /**
   * Told of a record that is left without a completion: `settled` by something else (another record of its identity was
   * handled), or `stopped`, when its lane stands still at it for now and it may be claimed later. For ledgers that keep marks
   * in the shard's order, where one that is not coming must not be waited for.
   */
  leave?(entry: LedgerEntry, how: 'settled' | 'stopped'): void
  /**
   * No handler is waited for any more: `flush` comes next, and what one that is still at work keeps from becoming durable, or
   * holds, is to be given up. Absent: a handler at work keeps nothing.
   */
  drain?(): void
  /** Sends what still waits to be sent; resolves when every `complete` so far has resolved or rejected. Never rejects. */
  flush(): Promise<void>
  /**
   * The host was answered: what is not durable by now was not settled, and comes again. Unless claims keep it from being run
   * again, its mark must not be sent any more: the redelivery may be at an earlier record of the item by then, and a later
   * one, marked behind its back, would be skipped after that repetition.
   */
  close(): void
}

/** The right to run a record's handler. */
export interface Claim {
  readonly entry: LedgerEntry
  /** Proves the claim is ours; every later write on the claim is conditional on it. */
  readonly token: string
}

/** How a completed attempt came out. Nothing at all says `completed`. */
export type Completion =
  | { readonly status: 'completed' }
  /** Its mark was there already: the effect had happened, and has not happened again. */
  | { readonly status: 'duplicate' }
  /** A later change of the item has taken effect: this one is stale, and has not. */
  | { readonly status: 'superseded' }
  /** The store refused the transaction for what is in it: that is the attempt's failure, and nothing of it is left. */
  | { readonly status: 'refused'; readonly error: unknown }

/** The answers to a claim. All of them are ordinary. */
export type ClaimOutcome =
  | { readonly status: 'claimed'; readonly claim: Claim }
  /** The change has taken effect: a duplicate. */
  | { readonly status: 'completed' }
  /** Another owner is on it until then (epoch ms, its clock) at the latest. */
  | { readonly status: 'in-progress'; readonly until: number }
  /** Another owner was on it, its time is over, and it never said how it ended. `remedy` tells a person what to do. */
  | { readonly status: 'uncertain'; readonly since: number; readonly remedy: string }
