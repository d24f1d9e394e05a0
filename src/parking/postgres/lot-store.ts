import { retryDelayMs } from '../../handler/retry-policy.ts'
import type { Clock, Random } from '../../internal/clock.ts'
import type { PostgresDriver, Row, Scope } from '../../ledger/postgres/driver.ts'
import { storeError } from '../../ledger/postgres/store-error.ts'
import { idleLimit } from '../../ledger/postgres/time-limits.ts'

/** Sends a statement in a transaction. */
export type Query = Scope<unknown>['query']

/** What a lot's store is made of. */
export interface LotStoreSetting {
  readonly driver: PostgresDriver<unknown>
  readonly clock: Clock
  readonly random: Random
}

// About ten seconds in all, beside the waiting for locks: as for a lot in DynamoDB.
const maxAttempts = 9
const pauses = { baseDelayMs: 50, maxDelayMs: 3_000 }

// Whoever has a lane's row locked is in the middle of a few statements. One that hangs there is ended by the server, and
// whoever waits for it meanwhile asks again.
const lockTimeoutMs = 5_000
const idleTimeoutMs = 10_000

/**
 * Runs the statements of a parking lot. What the network, a conflict or a lock keeps from being answered is done again: each
 * write of the lot comes out the same the second time, whether the first was committed or not. A first one that is still
 * under way holds the lock of its lane, or of its shard, and the second waits for it.
 */
export class LotStore {
  readonly #setting: LotStoreSetting

  constructor(setting: LotStoreSetting) {
    this.#setting = setting
  }

  /** One statement, which changes nothing. */
  read(doing: string, statement: string, values: readonly string[]): Promise<readonly Row[]> {
    return this.#patiently(doing, () => this.#setting.driver.transaction((scope) => scope.query(statement, values)))
  }

  /** Several statements in one transaction; what `work` throws rolls it back. */
  write<Result>(doing: string, work: (query: Query) => Promise<Result>): Promise<Result> {
    return this.#patiently(doing, () =>
      this.#setting.driver.transaction(async (scope) => {
        const query: Query = (statement, values) => scope.query(statement, values)
        // What follows is decided on rows that it has locked, as they are then: under a stricter level, which may be the
        // database's, each of them that has changed since would be a conflict.
        await query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
        await query(`SELECT set_config('lock_timeout', $1, true) AS patience, ` + idleLimit('$2'), [
          String(lockTimeoutMs),
          String(idleTimeoutMs),
        ])
        return work(query)
      }),
    )
  }

  async #patiently<Result>(doing: string, ask: () => Promise<Result>): Promise<Result> {
    const { clock, random } = this.#setting
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask()
      } catch (error) {
        const failed = storeError(error, doing)
        if (failed.code !== 'ERR_LEDGER' || !failed.retryable || attempt >= maxAttempts) throw failed
      }
      await clock.sleep(retryDelayMs(pauses, attempt, random))
    }
  }
}
