import { isTidemarkError, type RetryableError, type TidemarkError } from '../errors.ts'
import { isSystemicAwsError } from '../internal/aws-error.ts'

/**
 * What a failed attempt says.
 * - `terminal`: trying again can never help; the record is poison now.
 * - `systemic`: it is not the record's fault (throttling, network, permissions, a ledger that is away, the deadline).
 *   It is tried again, and when attempts are used up the lane stops, but the record is never held to be poison.
 * - `ordinary`: tried again; poison once attempts are used up.
 */
export type FailureClass = 'terminal' | 'systemic' | 'ordinary'

/** Sorts what a handler, a schema or a ledger threw. Total: anything at all can be thrown. */
export function classifyFailure(error: unknown): FailureClass {
  if (isTidemarkError(error)) return classifyOurs(error)
  return isSystemicAwsError(error) ? 'systemic' : 'ordinary'
}

function classifyOurs(error: TidemarkError): FailureClass {
  switch (error.code) {
    case 'ERR_TERMINAL':
    case 'ERR_DECODE':
    case 'ERR_SCHEMA':
    case 'ERR_UNCERTAIN_OUTCOME':
    case 'ERR_TRANSACTION':
    case 'ERR_ENCODE':
    case 'ERR_RECORDS_GONE':
      return 'terminal'
    case 'ERR_RETRYABLE':
    case 'ERR_CONDITION_FAILED':
      return 'ordinary'
    case 'ERR_CONFIGURATION':
    case 'ERR_LEDGER':
    case 'ERR_DEADLINE':
    case 'ERR_BATCH_INCOMPLETE':
    case 'ERR_COORDINATION':
    case 'ERR_LEASE_LOST':
    case 'ERR_PARKING_FULL':
    case 'ERR_CIRCUIT_OPEN':
      return 'systemic'
  }
}

/** The wait that the handler itself asked for, if it did and it is a usable number. */
export function requestedDelayMs(error: unknown): number | undefined {
  if (!isTidemarkError(error, 'ERR_RETRYABLE')) return undefined
  const { retryAfterMs } = error as Partial<RetryableError>
  return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) && retryAfterMs >= 0
    ? retryAfterMs
    : undefined
}
