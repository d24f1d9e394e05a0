import { ParkingFullError, TerminalError, UncertainOutcomeError } from '../errors.ts'
import type { ClaimOutcome } from '../ledger/ledger.ts'
import type { Failing } from './parker.ts'
import type { Work } from './work.ts'

/** No room for another parked record. */
export function full({ eventId }: Work, failing: Failing | undefined): ParkingFullError {
  return new ParkingFullError(
    `record ${eventId} can't be parked: its lane, or the consumer, has as many parked records as it may ` +
      `(parking.maxPerLane, parking.maxPerConsumer); redrive or drop some`,
    { cause: failing?.error },
  )
}

/** The record has ended the process that ran it, as often as it may. */
export function deadly({ eventId }: Work, attempts: number): TerminalError {
  return new TerminalError(
    `record ${eventId}: ${attempts} attempts were begun and never heard of again; it seems to end the process it runs in`,
  )
}

/** An earlier owner claimed the record and never said how it ended. */
export function uncertainty(
  { eventId, idempotencyKey }: Work,
  { since, remedy }: ClaimOutcome & { readonly status: 'uncertain' },
): UncertainOutcomeError {
  const claimedAt = new Date(since).toISOString()
  const message =
    `record ${eventId} was claimed at ${claimedAt} by an owner that never said how it ended; ` +
    `it is not run again (uncertain: 'park'). ${remedy}`
  return new UncertainOutcomeError(message, { idempotencyKey })
}
