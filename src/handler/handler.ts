import type { LeaseCondition } from '../leases/coordination.ts'
import type { Logger } from '../telemetry/log.ts'

/** A worker's right to a shard, for effects that a worker which lost it must not have. */
export interface LeaseContext {
  readonly shardId: string
  /** Raised each time the shard changes hands. */
  readonly epoch: number
  /** The worker that holds it. */
  readonly owner: string
  /**
   * For a TransactWriteItems of your own: `{ ConditionCheck: context.lease.condition }` beside the effect makes DynamoDB
   * refuse the effect once the lease has changed hands, however late the write arrives.
   */
  readonly condition: LeaseCondition
}

/** What a handler is given beside the record. */
export interface HandlerContext<Transaction = undefined> {
  /**
   * Stable for this record over retries, hosts and redrives, and different for every consumer: hand it to whatever the
   * handler calls (a mail service, a payment API), so that the callee can drop a repetition that no ledger can see.
   */
  readonly idempotencyKey: string
  /** 1 for the first run of the handler in this delivery, 2 for its first retry, and so on. */
  readonly attempt: number
  /** Aborts when the host's time is up or its lease is lost. What the handler does after that no longer settles the record. */
  readonly signal: AbortSignal
  /** The consumer's name. */
  readonly consumer: string
  /** Writes to the consumer's logger, with the record's identity added to every line. */
  readonly log: Logger
  /** The lease under which this runs; in a worker only. */
  readonly lease?: LeaseContext | undefined
  /** What commits together with the record's mark, when the ledger gives one; otherwise `undefined`. */
  readonly transaction: Transaction
}

/**
 * Your code for one change. It is done when it returns (or its promise resolves), whatever it returns, and failed when it
 * throws:
 * `TerminalError` for what can never work, `RetryableError` for "again, after so long", anything else for "again".
 */
export type Handler<Record, Transaction = undefined> = (record: Record, context: HandlerContext<Transaction>) => unknown
