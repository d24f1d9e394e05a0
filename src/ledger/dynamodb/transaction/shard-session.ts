import type { DynamoDBTransaction } from './transaction.ts'
import type { ShardClaim, TransactionShard } from './shard.ts'
import type { Claim, ClaimOutcome, Completion, LedgerEntry, LedgerSession } from '../../ledger.ts'

/** A page of a shard: what its handlers have collected, until it is completed. */
export class ShardSession implements LedgerSession<DynamoDBTransaction> {
  readonly laneWaits = true
  readonly #shard: TransactionShard
  readonly #completed: Set<string> | undefined

  /** @param completed Keys that are marked; absent where a change can't come twice in a shard. */
  constructor(shard: TransactionShard, completed: Set<string> | undefined) {
    this.#shard = shard
    this.#completed = completed
  }

  claim(entry: LedgerEntry): ClaimOutcome {
    return this.#shard.claim(entry, this.#completed)
  }

  attempt(claim: Claim, run: (transaction: DynamoDBTransaction) => unknown): Promise<void> | void {
    return this.#shard.attempt(claim as ShardClaim, run)
  }

  complete(claim: Claim): Promise<Completion> {
    const completion = this.#shard.complete(claim as ShardClaim)
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
