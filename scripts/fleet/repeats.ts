import { changeOf } from './facts.ts'
import type { Saved } from './saved.ts'

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
  /** What entitles to it: its worker died, or lost the lease, or never heard that it had succeeded; or one before it repeats. */
  readonly because?: 'death' | 'loss' | 'silence' | 'order'
  /** Why nothing does. */
  readonly wrong?: string
}

/**
 * The effects of a change after its first, by epoch. Without a ledger one takes place again only under a later epoch, and
 * only if
 *
 * - no save that an earlier epoch was answered says that the change is settled, and
 * - the earlier epoch did not end with the shard handed over, or finished, after its handler was done.
 *
 * With a ledger, and `saved` left out, nothing entitles to it.
 */
export function repeatsOf(effects: readonly Effect[], saved: Saved | undefined): readonly Repeat[] {
  const byEpoch = effects.toSorted((one, other) => one.epoch - other.epoch || one.at - other.at)
  return byEpoch.slice(1).map((again, index) => {
    const first = byEpoch[index] ?? again
    return repeatOf(first, again, saved)
  })
}

/** One effect after another, and what entitles to it. */
export function repeatOf(first: Effect, again: Effect, saved: Saved | undefined): Repeat {
  return { first, again, ...judgement(first, again, saved) }
}

function judgement(first: Effect, again: Effect, saved: Saved | undefined): Pick<Repeat, 'because' | 'wrong'> {
  if (saved === undefined) return { wrong: 'the ledger had committed it' }
  if (first.epoch === again.epoch) return { wrong: 'the epoch is the same' }
  const save = saved.coveredBefore(changeOf(first), again)
  if (save !== undefined) return { wrong: `epoch ${save.epoch} had saved it at ${save.at.toFixed(1)}` }
  const end = saved.endOf(first)
  if (end === undefined)
    return saved.isDead(first.worker) ? { because: 'death' } : { wrong: 'its worker lives and never said that it lost' }
  if (end.kind === 'lost') return { because: 'loss' }
  if ((saved.doneAt(first) ?? Infinity) > end.at) return { because: 'silence' }
  return { wrong: `the shard was ${end.kind} at ${end.at.toFixed(1)}, when it was done` }
}
