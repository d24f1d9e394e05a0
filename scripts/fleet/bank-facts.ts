import type { Bank } from './bank.ts'
import type { Tally } from './tallies.ts'
import { accountsAfter, totalOf, wrongAccounts, type Transfer } from './transfers.ts'

/** What became of the money. */
export interface BankFacts {
  readonly accountCount: number
  /** Accounts with another balance, or another number of transfers, than what was produced comes to. */
  readonly wrongAccounts: readonly string[]
  /** Of all balances: money is neither made nor lost. */
  readonly sum: number
  /** Looks of the concurrent reader at all accounts of a bank at one moment. */
  readonly lookCount: number
  readonly tally: Tally
  readonly replayCount: number
  /** Records that replays handed out again, the last one after everything was done included. */
  readonly replayedCount: number
  /** Of that last one: how many the ledger absorbed. */
  readonly absorbedAtEnd: number
  /** How often the server of the accounts was killed. */
  readonly serverKills: number
}

/** Compares every account with what was produced. */
export async function bankFacts(
  bank: Bank,
  transfers: readonly Transfer[],
  counted: Omit<BankFacts, 'accountCount' | 'wrongAccounts' | 'sum'>,
): Promise<BankFacts> {
  const [expected, actual] = [accountsAfter(transfers), await bank.accounts()]
  return {
    accountCount: actual.size,
    wrongAccounts: wrongAccounts(expected, actual),
    sum: totalOf(actual.values()).balance,
    ...counted,
  }
}
