import type { Clock, Random } from '../internal/clock.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { judge, type GiveUpReason } from './verdict.ts'

/** How the attempts at a record ended. */
export type AttemptsOutcome =
  | { readonly status: 'succeeded'; readonly attempts: number }
  | {
      readonly status: 'given-up'
      readonly attempts: number
      readonly reason: GiveUpReason
      readonly error: unknown
    }

/** What attempts are made with. */
export interface AttemptsSetting {
  readonly retry: RetryPolicy
  readonly clock: Clock
  readonly random: Random
  /** Aborts when nothing more may be started: then a failure is final for this delivery, and a wait ends at once. */
  readonly signal: AbortSignal
  /** Waits without holding a turn. */
  lend(wait: Promise<unknown>): Promise<unknown>
  /** Told before each wait. */
  onRetry(attempt: number, delayMs: number, error: unknown): void
}

/** An attempt that failed. */
export interface FailedAttempt {
  /** 1 for the first of this delivery. */
  readonly attempt: number
  readonly error: unknown
}

/**
 * Goes on after a failed attempt: runs `invoke` again and again, as the policy says, until it succeeds or is given up.
 * Never rejects. The first attempt is the caller's, since it is nearly always the only one.
 */
export async function retryAttempts(
  failed: FailedAttempt,
  invoke: (attempt: number) => unknown,
  { retry, clock, random, signal, lend, onRetry }: AttemptsSetting,
): Promise<AttemptsOutcome> {
  let { error } = failed
  for (let attempts = failed.attempt; ; attempts += 1) {
    const verdict = judge(error, attempts, signal.aborted, retry, random)
    if (verdict.action === 'give-up') return { status: 'given-up', attempts, reason: verdict.reason, error }
    onRetry(attempts, verdict.delayMs, error)
    await lend(clock.sleep(verdict.delayMs, signal))
    if (signal.aborted) return { status: 'given-up', attempts, reason: 'systemic', error }
    try {
      await invoke(attempts + 1)
      return { status: 'succeeded', attempts: attempts + 1 }
    } catch (next) {
      error = next
    }
  }
}
