/** Time as a parameter: everything that decides by time asks this, so that a test or a simulation owns the hours. */
export interface Clock {
  /** Wall clock, epoch milliseconds: for what is stored and shown. It may jump; never measure a duration with it. */
  now(): number
  /** Milliseconds that never go back, from an arbitrary start: for durations and deadlines within one process. */
  monotonic(): number
  /** Resolves after `ms`, or at once when `signal` aborts; it never rejects, the caller looks at the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `callback` once after `ms` unless the returned function is called first. */
  schedule(ms: number, callback: () => void): () => void
}

/** Randomness as a parameter, for the same reason as {@link Clock}. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** An id that no other call in any process returns: 128 random bits as 32 hex digits. */
  id(): string
}
