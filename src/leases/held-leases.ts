import { isTidemarkError, LeaseLostError } from '../errors.ts'
import { type Messages, publish } from '../telemetry/channels.ts'
import type { FleetMemberOptions } from './fleet-options.ts'
import type { HeldLease, Lease, LeaseId } from './lease.ts'
import { inTime } from './outage.ts'
import type { RightToWork } from './right-to-work.ts'

// A new worker of a large fleet takes hundreds; more at once would only be throttled.
const maxAcquisitions = 16

/**
 * The leases of one incarnation, and their only way to the work and out of it:
 *
 *     free ── acquired, and we may still work ──▶ begun ── handed over ──▶ released
 *      │                                            ├───── a write says so, or all are abandoned ──▶ lost
 *      │                                            └───── no longer worked ──▶ finished
 *      └── acquired, but we stop meanwhile ──▶ given back
 */
export class HeldLeases {
  readonly #options: FleetMemberOptions
  readonly #memberId: string
  readonly #right: RightToWork
  readonly #onAbandoned: () => void
  readonly #held = new Map<LeaseId, HeldLease & Pick<Lease, 'streamLabel' | 'shardId'>>()
  readonly #acquiring = new Set<LeaseId>()
  readonly #handovers = new Map<LeaseId, Promise<void>>()
  #isClosed = false

  /** @param onAbandoned A run gave up a lease that is ours: the right to work may be over, and nobody have seen it yet. */
  constructor(options: FleetMemberOptions, memberId: string, right: RightToWork, onAbandoned: () => void) {
    this.#options = options
    this.#memberId = memberId
    this.#right = right
    this.#onAbandoned = onAbandoned
  }

  /** Acquires these, several at once. @returns whether all went as seen; if not, the leases have to be looked at again. */
  async acquire(leases: readonly Lease[]): Promise<boolean> {
    const pending = leases.values()
    const takers = Array.from({ length: Math.min(maxAcquisitions, leases.length) }, async () => {
      let areAllOurs = true
      // One iterator for all takers: each takes what the others have left.
      for (const lease of pending) if (this.#mayBegin()) areAllOurs = (await this.#acquireOnce(lease)) && areAllOurs
      return areAllOurs
    })
    const outcomes = await Promise.allSettled(takers) // none must go on by itself when one fails
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value)
  }

  /** Gives up a lease that is ours by its row and not worked. */
  giveBack({ id, epoch }: Lease): Promise<'released' | 'lost'> {
    return this.#inTime(this.#options.leases.release({ id, epoch, owner: this.#memberId }, undefined))
  }

  /** Hands a lease over; once more while that is under way does nothing more. */
  handOver(id: LeaseId): Promise<void> {
    const handover = this.#handovers.get(id) ?? this.#handOver(id).finally(() => this.#handovers.delete(id))
    this.#handovers.set(id, handover)
    return handover
  }

  isHandingOver(id: LeaseId): boolean {
    return this.#handovers.has(id)
  }

  /** The lease as we know it: ours, when we have acquired it since it was read. */
  asHeld(lease: Lease): Lease {
    const held = this.#held.get(lease.id)
    return held === undefined || held.epoch <= lease.epoch ? lease : { ...lease, owner: held.owner, epoch: held.epoch }
  }

  /** Forgets what is no longer worked: it was finished. */
  prune(): void {
    for (const id of this.#held.keys())
      if (!this.#options.work.working.has(id) && !this.#handovers.has(id)) this.#held.delete(id)
  }

  /** Begins nothing more. */
  close(): void {
    this.#isClosed = true
  }

  /** A write said that the lease is another's. */
  lost(id: LeaseId): void {
    this.#end(id, 'tidemark:lease:lost')
  }

  /** Gives everything up at once. @returns how many were worked. */
  abandonAll(reason: LeaseLostError): number {
    this.close()
    const ids = [...this.#options.work.working]
    for (const id of ids) {
      this.#options.work.abandon(id, reason)
      this.lost(id)
    }
    return ids.length
  }

  /**
   * A plan and what was expected may both come upon a free lease. One of them acquires it: asked for by both as they saw it, the
   * second would take the answer to the first for its own that was lost, and begin the work once more.
   */
  async #acquireOnce(seen: Lease): Promise<boolean> {
    const { id, epoch } = seen
    if (this.#acquiring.has(id) || (this.#held.get(id)?.epoch ?? 0) > epoch) return true
    this.#acquiring.add(id)
    try {
      return await this.#acquireOne(seen)
    } finally {
      this.#acquiring.delete(id)
    }
  }

  async #acquireOne(seen: Lease): Promise<boolean> {
    const lease = await this.#inTime(this.#options.leases.acquire(seen, this.#memberId))
    if (lease === undefined) return false
    const { id, epoch, streamLabel, shardId } = lease
    // We may have been paused, have lapsed or have begun to leave meanwhile: then nobody here would look after it.
    if (!this.#mayBegin()) {
      if (this.#right.mayWork()) await this.giveBack(lease)
      return true
    }
    const held = { id, owner: this.#memberId, epoch }
    this.#held.set(id, { ...held, streamLabel, shardId })
    this.#publish('tidemark:lease:acquired', id, { from: seen.owner })
    this.#options.work.begin({ ...lease, isHandedOver: seen.isHandedOver ?? false }, held)
    return true
  }

  async #handOver(id: LeaseId): Promise<void> {
    try {
      const end = await this.#options.work.handOver(id)
      if (end === 'released') this.#end(id, 'tidemark:lease:released')
      else if (end === 'abandoned') this.#abandoned(id)
      else this.#held.delete(id) // finished, or told to be lost when it was
    } catch (error) {
      if (!isTidemarkError(error, 'ERR_LEASE_LOST'))
        this.#options.logger.error('a lease could not be handed over and is abandoned', { leaseId: id, error })
      this.#options.work.abandon(id, new LeaseLostError(`lease ${id} could not be handed over`, { cause: error }))
      this.lost(id)
    }
  }

  /** What ends with the right to work is told by who tells of that end; only what is left is told alone. */
  #abandoned(id: LeaseId): void {
    this.#onAbandoned()
    this.lost(id)
  }

  #mayBegin(): boolean {
    return !this.#isClosed && this.#right.mayWork()
  }

  #end(id: LeaseId, name: 'tidemark:lease:released' | 'tidemark:lease:lost'): void {
    this.#publish(name, id, {})
    this.#held.delete(id)
  }

  #publish<Name extends 'tidemark:lease:acquired' | 'tidemark:lease:released' | 'tidemark:lease:lost'>(
    name: Name,
    id: LeaseId,
    more: Omit<Messages[Name], keyof Messages['tidemark:lease:lost']>,
  ): void {
    const lease = this.#held.get(id)
    if (lease === undefined) return
    const { streamLabel, shardId, epoch } = lease
    const about = { ...this.#options.fleet, workerId: this.#memberId, streamLabel, shardId, epoch }
    publish(name, () => ({ ...about, ...more }) as Messages[Name])
  }

  #inTime<Reply>(request: Promise<Reply>): Promise<Reply> {
    return inTime(this.#options.clock, this.#options.leaseDurationMs, request)
  }
}
