import type { Change } from '../history.ts'
import type { HandlerRun } from '../workers/oracle.ts'
import { accountNamed, transferOf, type Transfer } from './transfer.ts'

/** A handler at a transfer. */
export interface Entry {
  /** Stands in each row that it writes. */
  readonly id: string
  readonly change: Change
  /** In a worker. */
  readonly run: HandlerRun | undefined
  readonly transfer: Transfer
}

/** What was written to one account. */
export interface Written {
  readonly account: string
  readonly entryId: string
}

/** What a bank book tells. */
export interface BankBookSetting {
  readonly accountCount: number
  /** A transfer is committed, whole. */
  readonly committed: (entry: Entry) => void
  readonly violate: (message: string) => void
}

/** What was committed, taken down by somebody who sees every commit, and what there has to be in each account for it. */
export class BankBook {
  readonly #setting: BankBookSetting
  readonly #entries = new Map<string, Entry>()
  readonly #balances = new Map<string, number>()

  constructor(setting: BankBookSetting) {
    this.#setting = setting
    for (let number = 0; number < setting.accountCount; number += 1) this.#balances.set(accountNamed(number), 0)
  }

  /** A handler is about to move money: each of its runs is another entry. */
  enter(change: Change, run: HandlerRun | undefined): Entry {
    const id = `entry-${this.#entries.size + 1}`
    const entry = { id, change, run, transfer: transferOf(change, this.#setting.accountCount) }
    this.#entries.set(id, entry)
    return entry
  }

  /** A transaction was committed that wrote this. */
  committed(all: readonly Written[]): void {
    for (const entryId of new Set(all.map((written) => written.entryId))) {
      const entry = this.#entries.get(entryId)
      if (entry === undefined) throw new Error(`nobody has entered ${entryId}`)
      const { from, to, amount } = entry.transfer
      const accounts = all
        .filter((written) => written.entryId === entryId)
        .map(({ account }) => account)
        .toSorted()
      if (accounts.join() !== [from, to].toSorted().join())
        this.#setting.violate(`${entry.change.eventId} is committed in part: ${accounts.join(', ')}`)
      this.#add(from, -amount)
      this.#add(to, amount)
      this.#setting.committed(entry)
    }
  }

  /** At the end: each account has what its transfers have brought it, and no more. */
  judge(balanceOf: (account: string) => number): void {
    let sum = 0
    for (const [account, expected] of this.#balances) {
      const balance = balanceOf(account)
      sum += balance
      if (balance !== expected) this.#setting.violate(`${account} has ${balance}, and should have ${expected}`)
    }
    if (sum !== 0) this.#setting.violate(`all accounts together have ${sum}`)
  }

  #add(account: string, amount: number): void {
    this.#balances.set(account, (this.#balances.get(account) ?? 0) + amount)
  }
}
