import { rowsOf, type PostgresDriver, type Row, type Scope } from './driver.ts'

/** A client of `pg`, as far as the ledger needs it. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<unknown>
  /** With `true` the connection is closed and not used again. */
  release(destroy?: boolean): void
  on?(event: 'error', listener: (error: unknown) => void): unknown
  off?(event: 'error', listener: (error: unknown) => void): unknown
}

/** A `Pool` of `pg`, or anything that lends such clients. */
export interface PgPool {
  connect(): Promise<PgClient>
}

/** The type of client that a pool lends: of `pg`'s own Pool, its PoolClient. */
export type PgClientOf<Pool> = Pool extends {
  connect: { (): Promise<infer Client>; (callback: never): unknown }
}
  ? Client
  : Pool extends { connect(): Promise<infer Client> }
    ? Client
    : never

/** Transactions on the clients of a `pg` pool. */
export function pgDriver(pool: PgPool): PostgresDriver<PgClient> {
  listenTo(pool)
  return {
    async transaction(work) {
      const client = await pool.connect()
      const lent = new LentClient(client)
      try {
        await client.query('BEGIN')
        const result = await work(lent)
        await client.query('COMMIT')
        lent.giveBack(false)
        return result
      } catch (error) {
        await lent.rollBack()
        throw error
      }
    },
  }
}

class LentClient implements Scope<PgClient> {
  readonly transaction: PgClient
  #isLent = true

  constructor(client: PgClient) {
    this.transaction = client
    listenTo(client)
  }

  async query(text: string, values: readonly string[] = []): Promise<readonly Row[]> {
    return rowsOf(await this.transaction.query(text, [...values]))
  }

  /** The connection is closed, and the server rolls back: nothing that is sent on this client gets anywhere. */
  revoke(): void {
    this.giveBack(true)
  }

  async rollBack(): Promise<void> {
    if (!this.#isLent) return
    try {
      await this.transaction.query('ROLLBACK')
      this.giveBack(false)
    } catch {
      this.giveBack(true) // a connection that can't roll back is broken, and closing it does
    }
  }

  giveBack(destroy: boolean): void {
    if (!this.#isLent) return
    this.#isLent = false
    // One that is closed may still be told by the server why it was going to be, and the pool does not listen to it any more.
    if (!destroy) this.transaction.off?.('error', heard)
    this.transaction.release(destroy)
  }
}

/**
 * A connection of `pg` that breaks while no statement is under way says so by an event, its own while it is lent and else its
 * pool's, which would end the process if nobody heard it. The next statement fails, and that is what is acted on; the pool has
 * dropped one that was not lent. Of what is no client and no pool of `pg` nothing happens.
 */
export function listenTo(source: unknown): void {
  const { on, off } = (source ?? {}) as Partial<PgClient>
  if (typeof on !== 'function' || typeof off !== 'function') return
  off.call(source, 'error', heard) // a client is lent again and again
  on.call(source, 'error', heard)
}

function heard(): void {}
