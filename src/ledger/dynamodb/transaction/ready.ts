import type { Outstanding } from '../../../internal/outstanding.ts'
import type { SealedTransaction } from './transaction.ts'
import type { Completion } from '../../ledger.ts'
import type { Slot } from '../../shard-order.ts'

/** What a record that is ready is committed with, and whoever waits for it. */
export class Ready {
  readonly slot: Slot<Ready>
  readonly transaction: SealedTransaction
  readonly #resolve: (completion: Completion) => void
  readonly #reject: (error: unknown) => void
  readonly #open: Outstanding
  #number: number | undefined

  constructor(
    slot: Slot<Ready>,
    transaction: SealedTransaction,
    [resolve, reject]: readonly [(completion: Completion) => void, (error: unknown) => void],
    open: Outstanding,
  ) {
    this.slot = slot
    this.transaction = transaction
    this.#resolve = resolve
    this.#reject = reject
    this.#open = open
    this.#number = open.begun()
  }

  settle(completion: Completion): void {
    this.#resolve(completion)
    this.#over()
  }

  reject(error: unknown): void {
    this.#reject(error)
    this.#over()
  }

  #over(): void {
    if (this.#number !== undefined) this.#open.ended(this.#number)
    this.#number = undefined
  }
}
