import { LeaseLostError } from '../errors.ts'
import { publish } from '../telemetry/channels.ts'
import type { MemberRow, Pause } from './coordination.ts'
import type { FleetMemberOptions } from './fleet-options.ts'
import { Heartbeat, type LapseReason } from './heartbeat.ts'
import { HeldLeases } from './held-leases.ts'
import type { Lease, LeaseId } from './lease.ts'
import { LeasePlanner } from './lease-planner.ts'
import { MembersWatch } from './members-watch.ts'
import type { Outage } from './outage.ts'
import { rendezvousWinner } from './rendezvous.ts'
import type { Moment } from '../internal/elapsed.ts'
import { RightToWork } from './right-to-work.ts'

/** What an {@link Incarnation} tells the member that it is of. */
export interface IncarnationListener {
  onPlanned(): void
  onPlanFailed(error: unknown): void
}

// For what a look and a plan take; and a large fleet looks so seldom that a process which is to end does not wait for it.
const announceMarginMs = 100
const longestAnnounceMs = 2_000

/**
 * One life of a fleet member, under one id: from when its row was written until it left or lapsed.
 *
 *     alive ── leave ──▶ leaving: seen by the others, then all released ──▶ left
 *       └────────────────────┴── right ran out, or row gone ──▶ lapsed: all abandoned, at once
 *
 * What it knows of the others dies with it: so one that slept too long to be sure of anything declares nobody dead.
 */
export class Incarnation {
  readonly id: string
  /** Resolves when it has lapsed; never, when it leaves. */
  readonly lapsed: Promise<void>
  readonly #options: FleetMemberOptions
  readonly #right: RightToWork
  readonly #heartbeat: Heartbeat
  readonly #watch: MembersWatch
  readonly #held: HeldLeases
  readonly #planner: LeasePlanner
  readonly #over = new AbortController()
  #resolveLapsed = (): void => {}
  #hasLapsed = false

  constructor(options: FleetMemberOptions, memberId: string, outage: Outage, listener: IncarnationListener) {
    this.id = memberId
    this.#options = options
    this.lapsed = new Promise((resolve) => (this.#resolveLapsed = resolve))
    const shared = { ...options, memberId, outage }
    this.#right = new RightToWork(options)
    this.#held = new HeldLeases(options, memberId, this.#right, () => this.#heartbeat.check())
    this.#heartbeat = new Heartbeat({ ...shared, right: this.#right, onLapse: (reason) => this.#lapse(reason) })
    this.#watch = new MembersWatch({
      ...shared,
      onLook: () => this.#heartbeat.check(),
      onNews: () => this.#planner.request(),
    })
    this.#planner = new LeasePlanner({
      memberId,
      outage,
      fleetMember: options,
      watch: this.#watch,
      held: this.#held,
      onPlanned: () => listener.onPlanned(),
      onFailed: (error) => listener.onPlanFailed(error),
      onGone: () => this.#heartbeat.lapse('gone'),
      onChange: () => this.noteChange(),
    })
  }

  get members(): readonly MemberRow[] {
    return this.#watch.rows
  }

  get pause(): Pause | undefined {
    return this.#watch.pause
  }

  get leases(): readonly Lease[] {
    return this.#planner.leases.map((lease) => this.#held.asHeld(lease))
  }

  get isDiscoverer(): boolean {
    const able = this.members.filter(({ id, leaving }) => !leaving && !this.#watch.dead.has(id))
    return (
      this.mayWork() &&
      this.id ===
        rendezvousWinner(
          'discovery',
          able.map(({ id }) => id),
        )
    )
  }

  mayWork(): boolean {
    return this.#right.mayWork()
  }

  /** Begins to beat, to watch and to take leases. @param joinedAt When its row was sent. */
  start(joinedAt: Moment): void {
    publish('tidemark:worker:joined', () => ({ ...this.#options.fleet, workerId: this.id }))
    this.#heartbeat.start(joinedAt)
    if (this.#hasLapsed) return // the reply took too long
    this.#watch.start()
    this.#planner.request()
  }

  noteChange(): void {
    if (this.#hasLapsed) return
    this.#heartbeat.noteChange()
    this.#held.prune()
    this.#planner.requestSoon()
  }

  leaseLost(id: LeaseId): void {
    this.#held.lost(id)
    this.#planner.requestSoon()
  }

  /** Hands everything over and ends, unless it lapses before. Its row may be removed after that, and not earlier. */
  async leave(): Promise<void> {
    if (this.#hasLapsed) return
    this.#held.close()
    this.#watch.stop()
    this.#heartbeat.noteLeaving() // first, so that nobody hands us anything more
    await Promise.race([this.#release(), this.lapsed])
    if (this.#hasLapsed) return
    this.#heartbeat.stop() // a beat behind the row's removal would find it gone
    this.#right.revoke()
    publish('tidemark:worker:left', () => ({ ...this.#options.fleet, workerId: this.id }))
  }

  async #release(): Promise<void> {
    await Promise.all([
      this.#planner.stop(), // what it acquires meanwhile it gives back
      this.#announced(),
    ])
    if (this.#hasLapsed) return
    const { work } = this.#options
    await Promise.all([...work.working].map((id) => this.#held.handOver(id)))
    // The row goes only after everything was released or given up: without it our leases are free to all.
    if (!this.#hasLapsed) this.#held.abandonAll(new LeaseLostError('the worker leaves its fleet'))
  }

  /**
   * Works on until the others have seen that it leaves: then each knows what will be its own, and waits for it. A shard that is
   * given up before that stands still until the next look of whoever is to have it.
   */
  async #announced(): Promise<void> {
    const { clock, work } = this.#options
    if (work.working.size === 0 || !this.#watch.hasOthers) return
    await clock.sleep(
      Math.min(Math.ceil(this.#watch.intervalMs) + announceMarginMs, longestAnnounceMs),
      this.#over.signal,
    )
  }

  #lapse(reason: LapseReason): void {
    this.#hasLapsed = true
    this.#over.abort()
    this.#watch.stop()
    void this.#planner.stop()
    const how = reason === 'gone' ? 'was given up for dead' : 'could not renew its right to work in time'
    const leaseCount = this.#held.abandonAll(new LeaseLostError(`the worker ${how}`))
    this.#options.logger.warn(`the worker ${how}; it abandons its leases`, { workerId: this.id, leaseCount })
    publish('tidemark:worker:lapsed', () => ({ ...this.#options.fleet, workerId: this.id, reason, leaseCount }))
    this.#resolveLapsed()
  }
}
