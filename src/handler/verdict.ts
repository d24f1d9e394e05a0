import type { Random } from '../internal/clock.ts'
import { classifyFailure, requestedDelayMs } from './failure.ts'
import { retryDelayMs, type RetryPolicy } from './retry-policy.ts'

/** Why a record was given up in this delivery: it is at fault itself, or it is not. */
export type GiveUpReason = 'poison' | 'systemic'

/** What follows a failed attempt. */
export type Verdict =
  { readonly action: 'retry'; readonly delayMs: number } | { readonly action: 'give-up'; readonly reason: GiveUpReason }

/** Judges the failure of attempt number `attempt` (1-based). `aborted`: the host's time was up when it failed. */
export function judge(error: unknown, attempt: number, aborted: boolean, policy: RetryPolicy, random: Random): Verdict {
  const failure = classifyFailure(error)
  if (failure === 'terminal') return { action: 'give-up', reason: 'poison' }
  // What fails once its signal has aborted most likely fails because of that: it says nothing about the record.
  if (aborted) return { action: 'give-up', reason: 'systemic' }
  if (attempt >= policy.maxAttempts)
    return { action: 'give-up', reason: failure === 'systemic' ? 'systemic' : 'poison' }
  return { action: 'retry', delayMs: requestedDelayMs(error) ?? retryDelayMs(policy, attempt, random) }
}
