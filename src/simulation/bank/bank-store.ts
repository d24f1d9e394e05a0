import type { Ledger } from '../../ledger/ledger.ts'
import type { Actor } from '../actor.ts'
import type { NetworkClient } from '../network.ts'
import type { Entry } from './bank-book.ts'

/** Accounts in a store, and the ledgers whose transactions move money there. It tells its book of each commit. */
export interface BankStore {
  /** The ledger of one process; `client` is its own for DynamoDB. */
  ledgerOf(actor: Actor, client: NetworkClient): Ledger<unknown>
  /** What a handler does in its transaction. */
  move(entry: Entry, transaction: unknown): Promise<void> | void
  /** From now on an account refuses everything, or takes it again. */
  freeze(account: string, isFrozen: boolean): void
  /** An operation was applied in DynamoDB. */
  applied?(operation: string, input: object): void
  /** The world has no faults any more. */
  heal?(): void
  balanceOf(account: string): number
}
