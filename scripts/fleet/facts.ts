import type { JournalEntry } from './journal.ts'
import type { Effect } from './repeats.ts'
import type { Save, TenureEnd } from './tenures.ts'

/** Something that happened to a worker. */
export interface Disturbance {
  /** The worker, or `*` for all. */
  readonly worker: string
  readonly kind: 'kill' | 'pause' | 'cut' | 'blackHole' | 'stall' | 'lapse'
  /** Monotonic ms; `Infinity` for a worker that does not come back. */
  readonly from: number
  readonly to: number
}

/** A row of the table of effects: the transaction that put it found the lease, or the ledger's mark, as the handler knew it. */
export interface EffectRow {
  readonly key: string
  readonly n: number
  readonly shardId: string
  readonly epoch: number
  readonly worker: string
  /** When the handler handed the transaction to the client, monotonic ms. */
  readonly sentAt: number
}

/** Everything that is known of a run when it is judged. */
export interface RunFacts {
  /** The last version of each key that was produced; the first is 1. */
  readonly produced: ReadonlyMap<string, number>
  readonly entries: readonly JournalEntry[]
  /** Absent in plain mode, where `done` entries are the effects. */
  readonly rows?: readonly EffectRow[]
  /** Whether a ledger lets each effect commit once: then nothing excuses a second one. */
  readonly commitsOnce?: boolean
  /** What was parked, of which shard and under which epoch; absent in a run without poison. */
  readonly parkings?: readonly Effect[]
  /** What workers knew to be saved. */
  readonly saves: readonly Save[]
  /** How they left their shards. */
  readonly ends: readonly TenureEnd[]
  readonly disturbances: readonly Disturbance[]
}

/** A version of a key. */
export type Change = `${string}@${number}`

export function changeOf({ key, n }: { readonly key: string; readonly n: number }): Change {
  return `${key}@${n}`
}
