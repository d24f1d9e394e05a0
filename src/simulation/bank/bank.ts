import type { HandlerContext } from '../../handler/handler.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Actor } from '../actor.ts'
import type { Change } from '../history.ts'
import type { NetworkClient } from '../network.ts'
import type { LotOracle } from '../parking/lot-oracle.ts'
import { PostgresLotWatch } from '../parking/postgres-lot-watch.ts'
import type { ConsumerHabits, WorldProfile } from '../profile.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'
import type { HandlerRun } from '../workers/oracle.ts'
import type { World } from '../world.ts'
import { BankBook, type Entry } from './bank-book.ts'
import type { BankHabits } from './bank-habits.ts'
import type { BankMark } from './bank-marks.ts'
import type { BankStore } from './bank-store.ts'
import { DynamoDBBank } from './dynamodb-bank.ts'
import { PostgresBank } from './postgres-bank.ts'
import { accountNamed } from './transfer.ts'

/** What a bank is made of. */
export interface BankSetting {
  readonly world: World<WorldProfile & ConsumerHabits, BankMark>
  readonly consumer: string
  readonly database: () => SimulatedDatabase
  /** Where what can't be moved is parked. */
  readonly lot: LotOracle
  /** A transfer is committed. */
  readonly committed: (entry: Entry) => void
}

/**
 * The bank of one consumer. Every change is a transfer, which a handler makes in its record's transaction; what is committed
 * is seen where it is committed, and not where somebody says so.
 */
export class Bank {
  readonly #setting: BankSetting
  readonly #book: BankBook
  readonly #store: BankStore

  /** Of worlds without a bank: `undefined`. */
  static of(setting: BankSetting): Bank | undefined {
    return setting.world.profile.bank === undefined ? undefined : new Bank(setting, setting.world.profile.bank)
  }

  private constructor(setting: BankSetting, habits: BankHabits) {
    const { world, committed } = setting
    this.#setting = setting
    this.#book = new BankBook({
      accountCount: habits.accountCount,
      committed: (entry) => {
        world.mark('transfer committed')
        committed(entry)
      },
      violate: (message) => world.violate({ invariant: 'balance', message: `${setting.consumer}: ${message}` }),
    })
    this.#store = this.#open(habits)
    const { frozenMs } = habits
    if (frozenMs === 0) return
    const first = accountNamed(0)
    // Not while the database is still being made.
    world.scheduler.after(0, () => {
      world.mark('account frozen')
      this.#store.freeze(first, true)
    })
    world.scheduler.after(frozenMs, () => this.#store.freeze(first, false))
  }

  ledgerOf(actor: Actor, client: NetworkClient): Ledger<unknown> {
    return this.#store.ledgerOf(actor, client)
  }

  /** What a handler does in its transaction. */
  act(change: Change, run: HandlerRun | undefined, { transaction }: HandlerContext<unknown>): Promise<void> | void {
    return this.#store.move(this.#book.enter(change, run), transaction)
  }

  /** An operation was applied in DynamoDB. */
  applied(operation: string, input: object): void {
    this.#store.applied?.(operation, input)
  }

  /** An operation was refused in DynamoDB. */
  refused(error: unknown): void {
    const { CancellationReasons = [] } = (error ?? {}) as {
      readonly CancellationReasons?: readonly { readonly Code?: unknown }[]
    }
    if (CancellationReasons.some(({ Code }) => Code === 'TransactionConflict'))
      this.#setting.world.mark('transaction met another')
  }

  heal(): void {
    this.#store.heal?.()
  }

  /** At the end, when everything has come to rest. */
  judge(): void {
    this.#book.judge((account) => this.#store.balanceOf(account))
  }

  #open(habits: BankHabits): BankStore {
    const { world, consumer, database, lot } = this.#setting
    if (world.profile.ledger === 'postgres') {
      const watch = world.profile.parking === undefined ? undefined : new PostgresLotWatch(lot)
      return new PostgresBank(world, habits, this.#book, { name: `postgres ${consumer}`, lot: watch })
    }
    return new DynamoDBBank(consumer, this.#book, database, habits.frozenMs > 0)
  }
}
