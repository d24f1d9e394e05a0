import type { FleetMemberOptions } from './fleet-options.ts'
import type { HeldLeases } from './held-leases.ts'
import type { Lease, LeaseId } from './lease.ts'
import { inTime } from './outage.ts'

/** What {@link IncomingLeases} need. */
export interface IncomingLeasesOptions {
  readonly fleetMember: FleetMemberOptions
  readonly held: HeldLeases
  /** What was expected went elsewhere, or the table failed: the leases have to be looked at again. */
  readonly onMissed: (error?: unknown) => void
}

// Soon at first, since most handovers take no longer than a handler does; then at an eighth of what it has taken so far, which
// delays none by much and asks twenty times for one of ten seconds.
const shortestWaitMs = 50
const longestWaitMs = 1_000
const shareOfWait = 1 / 8
// Who hands over hundreds says so once they are free, and they are all read at once then.
const mostAsked = 16

/**
 * Leases that others are about to hand over to this member. Each of them is a shard that stands still from its release until
 * it is acquired here; the next look at the members would tell of it, but only after half a second or more. So their rows are
 * asked for, one by one, for as long as that is worth it: nothing is expected in a fleet at rest, and nothing asked for.
 *
 *     idle ── expect ──▶ asking ── all came, went elsewhere, or took a lease's duration ──▶ idle
 *
 * Whatever it misses is found by a plan. That a lease without an owner is acquired here by an older plan's word is no danger:
 * acquiring is conditional on what was seen, and whom it belongs to is set right by the next plan.
 */
export class IncomingLeases {
  readonly #options: IncomingLeasesOptions
  readonly #stopping = new AbortController()
  #expected: ReadonlyMap<LeaseId, Lease> = new Map()
  /** When the last of them was first expected, or came. */
  #movedAtMs = 0
  #asking: Promise<void> | undefined

  constructor(options: IncomingLeasesOptions) {
    this.#options = options
  }

  /** These are expected from now on, and no others. */
  expect(leases: readonly Lease[]): void {
    if (this.#stopping.signal.aborted) return
    if (leases.some(({ id }) => !this.#expected.has(id))) this.#noteMove()
    this.#expected = new Map(leases.map((lease) => [lease.id, lease]))
    if (leases.length > 0) this.#asking ??= this.#ask()
  }

  /** Nothing is expected for now. @returns, when nothing is under way any more, whether something was. */
  async none(): Promise<boolean> {
    this.#expected = new Map()
    const asking = this.#asking
    await asking
    return asking !== undefined
  }

  /** Nothing is expected any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#asking
  }

  async #ask(): Promise<void> {
    const { clock, leaseDurationMs } = this.#options.fleetMember
    const { signal } = this.#stopping
    while (this.#expected.size > 0 && !signal.aborted) {
      const waitedMs = clock.monotonic() - this.#movedAtMs
      const waitMs = Math.ceil(waitedMs * shareOfWait)
      await clock.sleep(Math.min(longestWaitMs, Math.max(shortestWaitMs, waitMs)), signal)
      if (waitedMs > leaseDurationMs) this.#expected = new Map()
      else if (!signal.aborted) await this.#look()
    }
    this.#asking = undefined // in the same turn as the condition above, so that nothing expected falls between
  }

  async #look(): Promise<void> {
    const { fleetMember, held, onMissed } = this.#options
    const { clock, leaseDurationMs, leases } = fleetMember
    const asked = [...this.#expected.values()].slice(0, mostAsked)
    try {
      const found = await inTime(clock, leaseDurationMs, Promise.all(asked.map(({ id }) => leases.get(id))))
      // Still expected: a plan may have found meanwhile that the fleet is paused.
      const isWanted = (lease: Lease) => lease.owner === undefined && this.#expected.has(lease.id)
      const free = found.flatMap((lease) => (lease !== undefined && isWanted(lease) ? [lease] : []))
      if (free.length > 0) this.#noteMove()
      this.#forget(asked.filter(({ owner, epoch }, at) => owner !== found[at]?.owner || epoch !== found[at]?.epoch))
      if (!(await held.acquire(free.map((lease) => ({ ...lease, isHandedOver: true }))))) onMissed()
    } catch (error) {
      this.#expected = new Map()
      onMissed(error)
    }
  }

  #forget(leases: readonly Lease[]): void {
    const left = new Map(this.#expected)
    for (const { id } of leases) left.delete(id)
    this.#expected = left
  }

  #noteMove(): void {
    this.#movedAtMs = this.#options.fleetMember.clock.monotonic()
  }
}
