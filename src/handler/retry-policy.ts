import type { Random } from '../internal/clock.ts'

/** How often and how soon a failed record is tried again within one delivery. */
export interface RetryPolicy {
  /** Runs of the handler in all, the first one included. 1 means no retry. @default 3 */
  readonly maxAttempts: number
  /** Ceiling of the wait before the second attempt, in milliseconds; it doubles with each further one. @default 100 */
  readonly baseDelayMs: number
  /** The ceiling's own ceiling, in milliseconds. @default 10_000 */
  readonly maxDelayMs: number
}

/** Three attempts within seconds: most transient faults pass by then, and Lambda redelivers what does not. */
export const defaultRetryPolicy: RetryPolicy = { maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 10_000 }

/**
 * Milliseconds to wait after attempt number `attempt` (1-based) failed: uniformly random below an exponential ceiling.
 * Full jitter spreads a crowd of clients that failed together better than any fixed fraction does (M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export function retryDelayMs(
  policy: Pick<RetryPolicy, 'baseDelayMs' | 'maxDelayMs'>,
  attempt: number,
  random: Random,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1))
  return Math.floor(random.next() * ceiling)
}
