import { isTidemarkError } from '../../errors.ts'

const sqlState = /^(?:[0-5][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/

/** The SQLSTATE that the server gave, also where a query builder has wrapped its error; else `undefined`. */
export function sqlStateOf(error: unknown): string | undefined {
  let cause = error
  for (let depth = 0; depth < 8 && typeof cause === 'object' && cause !== null; depth += 1) {
    const { code, cause: deeper } = cause as { readonly code?: unknown; readonly cause?: unknown }
    if (typeof code === 'string' && sqlState.test(code)) return code
    cause = deeper
  }
  return undefined
}

/** The server undid the transaction because of another one: run again, it may well succeed. */
export function isConflict(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === '40001' || state === '40P01'
}

/** An earlier statement of the transaction failed, and whoever sent it went on as if nothing were. */
export function isAbortedBefore(error: unknown): boolean {
  return sqlStateOf(error) === '25P02'
}

/**
 * Whether the server said no, so that it is known that nothing was done. Anything else is a connection that broke, and a
 * COMMIT on it may have been done all the same.
 */
export function isRefusal(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (state === undefined || state.startsWith('08')) return false
  // The server is going down or was told to end this connection; a crash, or a transaction that it can't speak for.
  return !['57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '40003', '08007'].includes(state)
}

/** Nobody's mistake and likely to pass: a connection that broke, no room, a timeout, a lock. */
export function isPassing(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (state === undefined || !isRefusal(error)) return true
  return ['40', '53', '55', '57'].includes(state.slice(0, 2))
}

/** A connection that broke, or a server that goes down: in a handler, as far as its error lets that be told. */
export function isBroken(error: unknown): boolean {
  if (isTidemarkError(error) || isRefusal(error)) return false
  if (sqlStateOf(error) !== undefined) return true
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  if (typeof code === 'string' && /^(?:CONNECTION_|E(?:CONN|PIPE|TIMEDOUT))/.test(code)) return true
  return typeof message === 'string' && /^connection terminated|not queryable|client was closed/i.test(message)
}
