import type { PostgresDriver, Scope } from './driver.ts'

/** Told to a driver so that it rolls back. */
const rolledBack = new Error('the ledger rolls the transaction back')

interface End {
  resolve(): void
  reject(error: unknown): void
}

/**
 * A transaction that a driver runs around a callback, as an object that is ended by whoever holds it: the callback hands
 * its scope out, and then waits to be told how to end.
 */
export class Bridge<Transaction> {
  readonly scope: Scope<Transaction>
  readonly #ended: Promise<unknown>
  readonly #end: End

  private constructor(scope: Scope<Transaction>, ended: Promise<unknown>, end: End) {
    this.scope = scope
    this.#ended = ended
    this.#end = end
  }

  static open<Transaction>(driver: PostgresDriver<Transaction>): Promise<Bridge<Transaction>> {
    return new Promise((resolve, reject) => {
      const ended: Promise<unknown> = driver.transaction(
        (scope) =>
          new Promise<void>((commit, rollBack) => {
            // Not before `ended` is there: a driver may call back at once.
            void Promise.resolve().then(() => resolve(new Bridge(scope, ended, { resolve: commit, reject: rollBack })))
          }),
      )
      ended.catch(reject) // before it is open; after that whoever ends it is told, and this does nothing
    })
  }

  async commit(): Promise<void> {
    this.#end.resolve()
    await this.#ended
  }

  /** Never rejects: where the answer is lost, so is the connection, and the server rolls back what was not committed. */
  async rollback(): Promise<void> {
    this.#end.reject(rolledBack)
    await this.#ended.catch(() => {})
  }

  discard(): void {
    this.scope.revoke()
    this.#end.reject(rolledBack)
  }
}
