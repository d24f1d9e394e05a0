import type { Random } from '../internal/clock.ts'

/**
 * How long to wait before the table is asked again: from a fortieth of the lease duration, doubling to a third of it, the
 * second half of it by chance, so that a fleet does not come back in step.
 */
export function backoffMs(
  { leaseDurationMs, random }: { readonly leaseDurationMs: number; readonly random: Random },
  failureCount: number,
): number {
  const ceilingMs = Math.min(leaseDurationMs / 3, (leaseDurationMs / 40) * 2 ** Math.min(failureCount - 1, 10))
  return ceilingMs * (0.5 + random.next() / 2)
}
