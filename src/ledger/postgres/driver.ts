/** A row, by column name. Columns are read as text: drivers differ in what they make of the other types. */
export type Row = { readonly [column: string]: unknown }

/** A transaction as a driver gives it: what the handler gets, and the ledger's own way to send statements in it. */
export interface Scope<Transaction> {
  /** The driver's own object, as its own callback would get it. */
  readonly transaction: Transaction
  /** Sends one statement; every parameter is text, which the statement casts. */
  query(text: string, values?: readonly string[]): Promise<readonly Row[]>
  /**
   * Makes `transaction` useless, now: a handler that still holds it must not get at the connection once the transaction is
   * over, for what it sends then would commit by itself, or inside a stranger's transaction.
   */
  revoke(): void
}

/** What the ledger needs of a driver. Everything else (pooling, TLS, timeouts) stays the driver's and the user's. */
export interface PostgresDriver<Transaction> {
  /**
   * Runs `work` on a connection of its own, in a transaction that is committed when `work` resolves and rolled back when it
   * rejects; settles when that is done. A rejection after `work` resolved may mean that it was committed.
   */
  transaction<Result>(work: (scope: Scope<Transaction>) => Promise<Result>): Promise<Result>
}

/** The rows of a driver's answer: an array of them, or an object that has one. */
export function rowsOf(answer: unknown): readonly Row[] {
  if (Array.isArray(answer)) return answer as readonly Row[]
  const { rows } = (answer ?? {}) as { readonly rows?: readonly Row[] }
  return rows ?? []
}
