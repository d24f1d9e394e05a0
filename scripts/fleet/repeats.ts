import type { Disturbance, RunFacts } from './facts.ts'

/** One effect of a change; the same change may have several. */
export interface Effect {
  readonly key: string
  readonly n: number
  readonly shardId: string
  readonly epoch: number
  readonly worker: string
  readonly at: number
}

/** An effect that took place again. */
export interface Repeat {
  readonly first: Effect
  readonly again: Effect
  /** What entitles to it; `undefined`: nothing does. */
  readonly because: Disturbance | undefined
}

type Circumstances = Pick<RunFacts, 'disturbances' | 'unsavedMs' | 'leaseDurationMs'>

/**
 * The effects of a change after its first, each with what explains it. Without a ledger an effect takes place again
 *
 * - when its worker was disturbed, at the earliest `unsavedMs` after the effect (older ones it had saved), and
 * - when its worker itself came back from a disturbance in the middle of a handler, and somebody else had been faster.
 *
 * Never again under the same epoch: whoever holds a lease knows what it did.
 */
export function repeatsOf(effects: readonly Effect[], circumstances: Circumstances): readonly Repeat[] {
  const inOrder = effects.toSorted((one, other) => one.at - other.at)
  return inOrder.slice(1).map((again, index) => {
    const first = inOrder[index] ?? again
    return { first, again, because: explain(first, again, circumstances) }
  })
}

function explain(first: Effect, again: Effect, circumstances: Circumstances): Disturbance | undefined {
  const { disturbances, unsavedMs, leaseDurationMs } = circumstances
  if (first.shardId === again.shardId && first.epoch === again.epoch) return undefined
  return disturbances.find(({ worker, from, to }) => {
    const until = to + leaseDurationMs // a worker that comes back looks at its leases within a lease's time
    const wasUnsaved = isOf(worker, first) && from - unsavedMs <= first.at && first.at <= until && from <= again.at
    const wasUnderWay = isOf(worker, again) && from <= again.at && again.at <= until && again.epoch < first.epoch
    return wasUnsaved || wasUnderWay
  })
}

function isOf(worker: string, effect: Effect): boolean {
  return worker === '*' || worker === effect.worker
}
