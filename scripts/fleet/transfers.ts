import { SeededRandom } from '../../src/simulation/random.ts'
import type { Share, Version } from './versions.ts'

/** Money that moves from one account to another: an item of its own, inserted once. */
export interface Transfer {
  readonly from: string
  readonly to: string
  readonly amount: number
}

/** What an account has, and how often it sent and received. */
export interface Account {
  readonly balance: number
  readonly sent: number
  readonly received: number
}

// Money stays within a bank, and a bank is what one TransactGetItems reads.
const accountsPerBank = 100
const roundSize = 100

/** The accounts that there are, by bank: none of them has anything at first. */
export function banksOf(accountCount: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(accountCount / accountsPerBank) }, (_, bank) =>
    Array.from({ length: Math.min(accountsPerBank, accountCount - bank * accountsPerBank) }, (_, n) => `b${bank}-${n}`),
  )
}

/** The order of production: as many transfers as are wanted, between two accounts of a bank each. */
export function* transferRounds({ seed, keyCount, insertCount }: Share): Generator<readonly Version[]> {
  const random = new SeededRandom(`transfers/${seed}`)
  const banks = banksOf(keyCount)
  for (let made = 0; made < insertCount;) {
    const size = Math.min(roundSize, insertCount - made)
    yield Array.from({ length: size }, (_, index) => ({
      key: `t${made + index}`,
      n: 1,
      transfer: drawTransfer(banks, random),
    }))
    made += size
  }
}

function drawTransfer(banks: readonly (readonly string[])[], random: SeededRandom): Transfer {
  const bank = banks[random.integer(0, banks.length - 1)] ?? []
  const from = random.integer(0, bank.length - 1)
  const to = (from + random.integer(1, Math.max(1, bank.length - 1))) % bank.length
  return { from: bank[from] ?? '', to: bank[to] ?? '', amount: random.integer(1, 999) }
}

/** What is in every account that took part once each of these has taken effect once. */
export function accountsAfter(transfers: Iterable<Transfer>): ReadonlyMap<string, Account> {
  const accounts = new Map<string, Account>()
  const change = (id: string, by: Account) => {
    const { balance, sent, received } = accounts.get(id) ?? noMoney
    accounts.set(id, {
      balance: balance + by.balance,
      sent: sent + by.sent,
      received: received + by.received,
    })
  }
  for (const { from, to, amount } of transfers) {
    change(from, { balance: -amount, sent: 1, received: 0 })
    change(to, { balance: amount, sent: 0, received: 1 })
  }
  return accounts
}

const noMoney: Account = { balance: 0, sent: 0, received: 0 }

/** Accounts that do not hold what they should, to the last unit. */
export function wrongAccounts(
  expected: ReadonlyMap<string, Account>,
  actual: ReadonlyMap<string, Account>,
): readonly string[] {
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((id) => {
    const [should, has] = [expected.get(id) ?? noMoney, actual.get(id) ?? noMoney]
    const isExact = should.balance === has.balance && should.sent === has.sent && should.received === has.received
    return isExact ? [] : [`${id} has ${accountText(has)}, and should have ${accountText(should)}`]
  })
}

/** Says what is wrong with a bank's accounts as they were at one moment: money moved and did not leave, or not arrive. */
export function imbalance(accounts: Iterable<Account>): string | undefined {
  const { balance, sent, received } = totalOf(accounts)
  if (balance === 0 && sent === received) return undefined
  return `a bank's balances add up to ${balance}, ${sent} transfers were sent and ${received} received`
}

/** Adds accounts up. */
export function totalOf(accounts: Iterable<Account>): Account {
  let [balance, sent, received] = [0, 0, 0]
  for (const account of accounts) {
    balance += account.balance
    sent += account.sent
    received += account.received
  }
  return { balance, sent, received }
}

function accountText({ balance, sent, received }: Account): string {
  return `${balance} (${sent} sent, ${received} received)`
}
