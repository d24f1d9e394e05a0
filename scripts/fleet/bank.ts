import type { EffectRow } from './facts.ts'
import type { Account, Transfer } from './transfers.ts'

/** Says of a transfer, beside the accounts, that it was carried out, and where: committed with it, or not at all. */
export type Receipt = EffectRow

/** Where the accounts are, as the judge reads them. */
export interface Bank {
  /** The accounts of some ids as they are at one moment; `undefined` when the store did not let itself be read now. */
  look(ids: readonly string[]): Promise<readonly Account[] | undefined>
  /** All accounts, by id. */
  accounts(): Promise<ReadonlyMap<string, Account>>
  receipts(): Promise<readonly Receipt[]>
  close(): Promise<void>
}

/** Carries out a transfer in a handler's transaction: adds to both accounts, whatever is in them, and puts a receipt. */
export type Move<Transaction> = (transaction: Transaction, transfer: Transfer, receipt: Receipt) => Promise<void> | void
