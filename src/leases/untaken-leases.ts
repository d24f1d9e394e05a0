import type { LeaseId } from './lease.ts'
import type { Assigned } from './lease-plan.ts'

interface Wait {
  readonly target: string
  readonly epoch: number
  readonly sinceMs: number
}

// In lease durations. Long, since each handover interrupts a shard; not for ever, since the member may have recovered.
const distrusted = 5

/**
 * Free leases that the member they are assigned to does not take: after its lease duration anybody takes them. That member beats
 * and yet does not acquire, so for a while nothing is handed to it and nothing is left waiting for it: leases would go to
 * and fro, and stand still in between.
 */
export class UntakenLeases {
  readonly #leaseDurationOf: (memberId: string) => number
  #waits = new Map<LeaseId, Wait>()
  readonly #distrustedSinceMs = new Map<string, number>()

  constructor(options: { readonly leaseDurationOf: (memberId: string) => number }) {
    this.#leaseDurationOf = options.leaseDurationOf
  }

  /** Notes what waits for its target now, and returns what shall wait no longer. */
  overdue(waiting: readonly Assigned[], nowMs: number): Assigned[] {
    const before = this.#waits
    this.#waits = new Map()
    for (const { lease, target } of waiting) {
      const wait = before.get(lease.id)
      const isTheSame = wait?.target === target && wait.epoch === lease.epoch
      const sinceMs = isTheSame ? wait.sinceMs : nowMs
      this.#waits.set(lease.id, { target, epoch: lease.epoch, sinceMs })
      if (nowMs - sinceMs >= this.#leaseDurationOf(target)) this.#distrustedSinceMs.set(target, nowMs)
    }
    return waiting.filter(({ target }) => this.isDistrusted(target, nowMs))
  }

  /** Whether leases waited for this member in vain not long ago. */
  isDistrusted(memberId: string, nowMs: number): boolean {
    const sinceMs = this.#distrustedSinceMs.get(memberId)
    if (sinceMs === undefined) return false
    if (nowMs - sinceMs < distrusted * this.#leaseDurationOf(memberId)) return true
    this.#distrustedSinceMs.delete(memberId)
    return false
  }
}
