import { integer } from '../internal/validate.ts'
import type { LedgerBatch } from './ledger.ts'

/**
 * What becomes of a record whose handler was started and never heard of again.
 * - `retry`: it runs again, with the same idempotency key (at least once). Nothing is written before a handler runs.
 * - `park`: it never runs again by itself (at most once); a person decides. Each record is claimed before its handler.
 */
export type Uncertain = 'retry' | 'park'

/** Longer than a stream's 24 hours and a week-end's worth of retries and redrives. */
export const defaultWindowDays = 7

/** The ledger's window in milliseconds, checked. */
export function windowMs(windowDays: number): number {
  return integer('windowDays', windowDays, 1, 3_650) * 86_400_000
}

// Where the host gives no deadline: as long as any Lambda function may run.
const longestRunMs = 900_000

// Claims are judged by the clock of whoever finds them: hosts that keep time with NTP differ by far less than this.
const clockSkewMs = 5_000

/** When a claim made now is surely nobody's any more (epoch ms): its owner's host will have ended it by then. */
export function claimUntil(now: number, { remainingMs = longestRunMs }: LedgerBatch): number {
  return now + remainingMs + clockSkewMs
}
