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
  /** Reads what is known of these records, in as few requests as the store allows. Throws a `LedgerError` when it can't. */
  open(batch: LedgerBatch): Promise<LedgerSession<Transaction>>
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
  readonly sequenceNumber: SequenceNumber
}

/** A ledger at work on one batch. */
export interface LedgerSession<Transaction = undefined> {
  /**
   * Whether a lane must wait for `complete` before its next record. True where the effect becomes visible only with the
   * mark (transactions); false where marks are written behind the handlers, in order by the ledger itself.
   */
  readonly laneWaits: boolean
  /** Asks for the record right before its handler. Answers without a promise where nothing has to be asked. */
  claim(entry: LedgerEntry): Promise<ClaimOutcome<Transaction>> | ClaimOutcome<Transaction>
  /** Notes that the handler succeeded; resolves when that is durable, rejects with a `LedgerError` if it can't be made so. */
  complete(claim: Claim<Transaction>): Promise<void> | void
  /** Gives the claim back after a failed attempt, so that the next delivery may run it at once. A claim lost since stays lost. */
  release(claim: Claim<Transaction>): Promise<void> | void
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
export interface Claim<Transaction = undefined> {
  readonly entry: LedgerEntry
  /** Proves the claim is ours; every later write on the claim is conditional on it. */
  readonly token: string
  readonly transaction: Transaction
}

/** The answers to a claim. All of them are ordinary. */
export type ClaimOutcome<Transaction = undefined> =
  | { readonly status: 'claimed'; readonly claim: Claim<Transaction> }
  /** The change has taken effect: a duplicate. */
  | { readonly status: 'completed' }
  /** Another owner is on it until then (epoch ms, its clock) at the latest. */
  | { readonly status: 'in-progress'; readonly until: number }
  /** Another owner was on it, its time is over, and it never said how it ended. `remedy` tells a person what to do. */
  | { readonly status: 'uncertain'; readonly since: number; readonly remedy: string }
