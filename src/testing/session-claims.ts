import assert from 'node:assert/strict'
import type { Claim, ClaimOutcome, LedgerEntry, LedgerSession } from '../ledger/ledger.ts'

/** How a session answers the claim of a record, whether it has to ask for it or not. */
export async function claim(session: LedgerSession<unknown>, entry: LedgerEntry): Promise<ClaimOutcome> {
  return await session.claim(entry)
}

/** The claim of a record that nothing stands against; fails when something does. */
export async function claimed(session: LedgerSession<unknown>, entry: LedgerEntry): Promise<Claim> {
  const outcome = await session.claim(entry)
  if (outcome.status !== 'claimed') assert.fail(`expected the claim to be granted; got ${outcome.status}`)
  return outcome.claim
}
