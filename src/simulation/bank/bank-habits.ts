import type { Isolation } from '../postgres/transaction.ts'
import type { SeededRandom } from '../random.ts'
import type { Span } from '../workers/profile.ts'

/** How money is moved where effects commit with their marks. */
export interface BankHabits {
  /** Few are in each other's way: no transaction takes an item twice, and rows that are locked are waited for. */
  readonly accountCount: number
  /** A transaction meets another one at one of its items, or is refused as too much. */
  readonly conflicts: number
  /** For so long, from the beginning, the first account refuses what is moved: that is the record's failure, and no other's. */
  readonly frozenMs: number
  /** The stream is delivered from its beginning once more: beside what goes on, or after all workers were stopped. */
  readonly isReplayed: boolean
  /** In PostgreSQL: what stands against a transfer is found by its statement, or when it is committed. */
  readonly refusesAtCommit: boolean
  /** Of PostgreSQL's transactions; the database's own where nothing is said. */
  readonly isolation: Isolation | undefined
  readonly maxRecordsPerTransaction: number
  readonly idleTimeoutMs: number
  /** Whether the PostgreSQL server has `transaction_timeout`: from version 17 on. */
  readonly hasTransactionTimeout: boolean
  /** Times in which the PostgreSQL server is down, after a crash. */
  readonly crashes: readonly Span[]
}

/** @param spanMs For how long there are faults, about. */
export function drawBank(random: SeededRandom, spanMs: number): BankHabits {
  return {
    accountCount: random.pick([2, 4, 12, 60]),
    conflicts: random.chance(0.3) ? 0.3 * random.next() : 0,
    frozenMs: random.chance(0.2) ? random.integer(500, 8_000) : 0,
    isReplayed: random.chance(0.3),
    refusesAtCommit: random.chance(0.5),
    isolation: random.pick([undefined, undefined, 'read committed', 'repeatable read', 'serializable']),
    maxRecordsPerTransaction: random.pick([1, 2, 5, 100]),
    idleTimeoutMs: random.pick([2_000, 10_000, 60_000]),
    crashes: random.chance(0.4) ? [drawCrash(random, spanMs), drawCrash(random, spanMs)] : [],
    hasTransactionTimeout: random.fork('version').chance(0.5),
  }
}

function drawCrash(random: SeededRandom, spanMs: number): Span {
  const from = random.next() * spanMs
  return [from, from + random.integer(50, 3_000)]
}
