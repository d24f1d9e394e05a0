import type { Disturbance } from './facts.ts'
import type { Stall } from './journal.ts'

/**
 * What nobody did on purpose: on a busy machine a process is not run for a while, or a worker can't renew its right to work
 * in time and gives its leases up, which is like a pause.
 */
export function unplanned(stalls: readonly Stall[], made: readonly Disturbance[]): readonly Disturbance[] {
  const isOfWhatWasMade = (stall: Stall) => made.some((one) => one.worker === stall.who && meet(one, stall))
  return stalls.filter((stall) => stall.kind === 'lapse' || !isOfWhatWasMade(stall)).map(disturbanceOf)
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
