/** How long a transaction may last, as its server is told it; both in milliseconds. */
export interface TransactionTime {
  /** Without a statement. */
  readonly idleMs: number
  /** In all, whatever it does; 0 for no limit. */
  readonly endMs: number
}

// A PGlite has nobody else who could wait, and its latest versions hang, with their whole process, where a server would end a
// connection.
const isServer = `version() NOT LIKE '%emcc%'`

/** The column in which a server is told after how long without a statement it shall end this transaction. */
export function idleLimit(parameter: string): string {
  return `CASE WHEN ${isServer} THEN set_config('idle_in_transaction_session_timeout', ${parameter}, true) END AS idle`
}

/**
 * The column in which a server is told after how long it shall end this transaction, also one that waits for a lock: it does
 * not look, then, whether anybody is still there. Before PostgreSQL 17 no statement lasts longer than that instead. What the
 * database, the role or the connection sets stays as it is.
 */
export function endLimit(parameter: string): string {
  return (
    `CASE WHEN ${isServer} THEN CASE '0' ` +
    `WHEN current_setting('transaction_timeout', true) THEN set_config('transaction_timeout', ${parameter}, true) ` +
    `WHEN current_setting('statement_timeout') THEN set_config('statement_timeout', ${parameter}, true) END END AS ending`
  )
}

// The most that a server takes.
const mostMs = 2_147_483_647

/** As a server is told it: in whole milliseconds. */
export function told(ms: number): string {
  return String(Math.min(mostMs, Math.ceil(ms)))
}
