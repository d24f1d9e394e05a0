import type { MemberRow } from '../../leases/coordination.ts'

const defaultLeaseMs = 10_000

/** How long a worker has been silent, by its clock and ours: for people. Other workers go by its beats alone. */
export function silentMsOf({ beatAt }: MemberRow, now: number): number | undefined {
  return beatAt === undefined ? undefined : Math.max(0, now - beatAt)
}

/**
 * Whether a worker seems to be alive. It is given half a lease more than other workers give it: clocks may differ a little,
 * and its time is in whole seconds.
 */
export function isAlive(member: MemberRow, now: number): boolean {
  const silentMs = silentMsOf(member, now)
  return silentMs !== undefined && silentMs < (member.leaseDurationMs ?? defaultLeaseMs) * 1.5 + 1_000
}
