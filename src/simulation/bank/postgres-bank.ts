import type { PgClient } from '../../ledger/postgres/pg.ts'
import { postgresLedger } from '../../ledger/postgres/postgres-ledger.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Actor } from '../actor.ts'
import { perfectNetwork } from '../network-faults.ts'
import type { PostgresLotWatch } from '../parking/postgres-lot-watch.ts'
import { SimulatedPool } from '../postgres/pool.ts'
import { PostgresServer } from '../postgres/postgres-server.ts'
import { accounts, moveStatement } from '../postgres/statements.ts'
import type { WrittenRow } from '../postgres/transaction.ts'
import type { WorldProfile } from '../profile.ts'
import type { World } from '../world.ts'
import type { BankBook, Entry } from './bank-book.ts'
import type { BankHabits } from './bank-habits.ts'
import type { BankMark } from './bank-marks.ts'
import type { BankStore } from './bank-store.ts'
import { accountNamed } from './transfer.ts'

/** Accounts in PostgreSQL, on a simulated server that crashes now and then: a transfer updates two rows. */
export class PostgresBank implements BankStore {
  readonly #world: World<WorldProfile, BankMark>
  readonly #habits: BankHabits
  readonly #server: PostgresServer
  readonly #frozen = new Set<string>()

  constructor(
    world: World<WorldProfile, BankMark>,
    habits: BankHabits,
    book: BankBook,
    { name, lot }: { readonly name: string; readonly lot: PostgresLotWatch | undefined },
  ) {
    this.#world = world
    this.#habits = habits
    const { scheduler } = world
    const random = world.random.fork(name)
    const isOddly = (chance: number) => random.next() < chance && !world.isHealthy
    this.#server = new PostgresServer({
      after: (ms, run) => scheduler.after(ms, run),
      draw: () => random.next(),
      hasTransactionTimeout: habits.hasTransactionTimeout,
      committed: (written, client) => {
        book.committed(written.flatMap((row) => ofAccount(row)))
        lot?.committed(written, client)
      },
      ran: (statement, values, client) => lot?.ran(statement, values, client),
      refusal: (account) =>
        this.#frozen.has(account) ? (habits.refusesAtCommit ? 'at COMMIT' : 'at once') : undefined,
      conflicts: () => isOddly(0.05),
      unknown: (text) => world.violate({ invariant: 'defect', message: `the simulated PostgreSQL knows no ${text}` }),
      happened: (what) => world.mark(what),
    })
    for (let number = 0; number < habits.accountCount; number += 1)
      this.#server.put(accounts, { id: accountNamed(number), balance: 0, entry: '' })
    for (const [from, to] of habits.crashes) {
      scheduler.after(from, () => this.#crash())
      scheduler.after(to, () => this.#server.start())
    }
  }

  ledgerOf(actor: Actor): Ledger<unknown> {
    const { isolation, maxRecordsPerTransaction, idleTimeoutMs } = this.#habits
    const parts = { clock: actor.clock, random: actor.random.fork('ledger') }
    const settings = { maxRecordsPerTransaction, idleTimeoutMs, ...(isolation === undefined ? {} : { isolation }) }
    return postgresLedger({ ...parts, ...settings, pool: this.#pool(actor) })
  }

  async move({ id, transfer }: Entry, transaction: unknown): Promise<void> {
    const client = transaction as PgClient
    await client.query(moveStatement, [transfer.from, String(-transfer.amount), id])
    await client.query(moveStatement, [transfer.to, String(transfer.amount), id])
  }

  freeze(account: string, isFrozen: boolean): void {
    if (isFrozen) this.#frozen.add(account)
    else this.#frozen.delete(account)
  }

  heal(): void {
    this.#frozen.clear()
    this.#server.start()
  }

  balanceOf(account: string): number {
    return Number(this.#server.committedRow(accounts, account)?.['balance'])
  }

  #crash(): void {
    if (this.#world.isHealthy) return
    this.#world.trace.note('postgres', 'crashes')
    this.#server.crash()
  }

  #pool(actor: Actor): SimulatedPool {
    const world = this.#world
    const { network, networkTimeoutMs } = world.profile
    const healthy = perfectNetwork(network.delayMs)
    return new SimulatedPool(actor, {
      ...{ server: this.#server, scheduler: world.scheduler, timeoutMs: networkTimeoutMs },
      faults: () => (world.isHealthy ? healthy : network),
      note: (name, what) => world.trace.note(name, what),
      happened: (what) => world.mark(what),
    })
  }
}

function ofAccount({ table, columns }: WrittenRow) {
  if (table !== accounts || columns === undefined) return []
  return [{ account: String(columns['id']), entryId: String(columns['entry']) }]
}
