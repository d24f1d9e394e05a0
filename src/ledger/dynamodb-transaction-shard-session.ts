import type { DynamoDBTransaction, SealedTransaction } from './dynamodb-transaction.ts'
import type { TransactionShard } from './dynamodb-transaction-shard.ts'
import type { Claim, ClaimOutcome, Completion, LedgerEntry, LedgerSession } from './ledger.ts'

/** A page of a shard: what its handlers have collected, until it is completed. */
export class ShardSession implements LedgerSession<DynamoDBTransaction> {
  readonly laneWaits = true
  readonly #shard: TransactionShard
  readonly #completed: Set<string> | undefined
  readonly #attempts = new Map<LedgerEntry, SealedTransaction>()

  /** @param completed Keys that are marked; absent where a change can't come twice in a shard. */
  constructor(shard: TransactionShard, completed: Set<string> | undefined) {
    this.#shard = shard
    this.#completed = completed
  }

  claim(entry: LedgerEntry): ClaimOutcome {
    return this.#shard.claim(entry, this.#completed)
  }

  attempt(claim: Claim, run: (transaction: DynamoDBTransaction) => unknown): Promise<void> | void {
    const collected = this.#shard.attempt(claim, run)
    if (collected instanceof Promise)
      return collected.then((transaction) => void this.#attempts.set(claim.entry, transaction))
    this.#attempts.set(claim.entry, collected)
  }

  complete(claim: Claim): Promise<Completion> {
    const transaction = this.#attempts.get(claim.entry) ?? { operations: [], bytes: 0 }
    this.#attempts.delete(claim.entry)
    const completion = this.#shard.complete(claim, transaction)
    if (this.#completed !== undefined) this.#noteCompleted(claim.entry, this.#completed, completion)
    return completion
  }

  release({ entry }: Claim): void {
    this.leave(entry, 'stopped')
  }

  leave(entry: LedgerEntry, how: 'settled' | 'stopped'): void {
    this.#shard.leave(entry, how)
  }

  flush(): Promise<void> {
    return this.#shard.flush()
  }

  /** Another record of the page may be the same change. */
  #noteCompleted({ idempotencyKey }: LedgerEntry, completed: Set<string>, completion: Promise<Completion>): void {
    const note = ({ status }: Completion) => status !== 'refused' && completed.add(idempotencyKey)
    completion.then(note, () => {}) // whoever completed it is told
  }

  close(): void {
    // What is still open is the shard's: its end rejects it.
  }
}
