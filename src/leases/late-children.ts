import { setMaxListeners } from 'node:events'
import type { Clock } from '../internal/clock.ts'
import type { StreamReading } from '../source/stream-reading.ts'
import type { LeaseTable } from './coordination.ts'
import type { Lease } from './lease.ts'
import { newLease } from './lineage.ts'

/** What late children are looked for with. */
export interface LateChildrenOptions {
  readonly leases: LeaseTable
  readonly reading: StreamReading
  readonly clock: Clock
  readonly signal: AbortSignal
  streamArnOf(streamLabel: string): string
  onCreated(): void
  onTrouble(error: unknown): void
}

// After the end of the parent. A listing settles within moments; what it hides for longer is left to the next full look.
const looksAfterMs = [1_000, 5_000, 30_000]

/**
 * Looks again for the children of shards that this worker has finished. DescribeStream is eventually consistent shard by
 * shard: it may show one child of a split and not yet the other, and then nothing tells that there will be two.
 *
 * To create a child's lease late is as safe as to create it in time: its parent is finished, and one that is finished itself
 * is not created again. Should this process end before, the discoverer looks, since a member has gone.
 */
export class LateChildren {
  readonly #options: LateChildrenOptions
  readonly #looks = new Set<Promise<void>>()
  // Creating their leases ended in an error.
  readonly #uncertain = new Set<string>()

  constructor(options: LateChildrenOptions) {
    this.#options = options
    setMaxListeners(0, options.signal) // a shard that was finished waits on it, and hundreds may be at once
  }

  /** The shard was finished. */
  watch(parent: Pick<Lease, 'streamLabel' | 'shardId'>): void {
    const looks = this.#lookAgain(parent).finally(() => this.#looks.delete(looks))
    this.#looks.add(looks)
  }

  /** Resolves when nothing is looked for any more, which is soon after the signal aborts. */
  async ended(): Promise<void> {
    await Promise.all(this.#looks)
  }

  async #lookAgain(parent: Pick<Lease, 'streamLabel' | 'shardId'>): Promise<void> {
    const { clock, signal, onTrouble } = this.#options
    let waitedMs = 0
    for (const afterMs of looksAfterMs) {
      await clock.sleep(afterMs - waitedMs, signal)
      if (signal.aborted) return
      waitedMs = afterMs
      await this.#look(parent).catch(onTrouble)
    }
  }

  async #look({ streamLabel, shardId }: Pick<Lease, 'streamLabel' | 'shardId'>): Promise<void> {
    const { leases, reading, streamArnOf, onCreated } = this.#options
    for (const child of await reading.children(streamArnOf(streamLabel), shardId)) {
      const created = leases.create(newLease(streamLabel, child, 'TRIM_HORIZON'))
      // What failed may be there all the same, now or when the request arrives at last, and is nobody's until that is told.
      const answer = await created.catch((error: unknown) => {
        this.#uncertain.add(child.shardId)
        onCreated()
        throw error
      })
      if (this.#uncertain.delete(child.shardId) || answer === 'created') onCreated()
    }
  }
}
