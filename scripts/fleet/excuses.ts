import type { Disturbance } from './facts.ts'
import type { Stall } from './journal.ts'

/**
 * What nobody did on purpose: on a busy machine a process is not run for a while, or a worker can't renew its right to work
 * in time and gives its leases up, which is like a pause. A worker that lapses while everything gets on has no excuse.
 */
export function excusesOf(
  stalls: readonly Stall[],
  made: readonly Disturbance[],
  leaseDurationMs: number,
): readonly Disturbance[] {
  const slow = stalls
    .filter(
      ({ kind, who, from, to }) =>
        kind === 'stall' && !made.some((one) => one.worker === who && meet(one, { from, to })),
    )
    .map(disturbanceOf)
  const lapses = stalls
    .filter(({ kind }) => kind === 'lapse')
    .filter(({ who, from, to }) => {
      const before = { from: from - leaseDurationMs / 2, to }
      return slow.some((one) => meet(one, before)) || made.some((one) => one.worker === who && meet(one, before))
    })
    .map(disturbanceOf)
  return [...slow, ...lapses]
}

interface Span {
  readonly from: number
  readonly to: number
}

function meet(one: Span, other: Span): boolean {
  return one.from <= other.to && other.from <= one.to
}

function disturbanceOf({ kind, who, from, to }: Stall): Disturbance {
  return { worker: who, kind, from, to }
}
