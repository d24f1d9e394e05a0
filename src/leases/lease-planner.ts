import { publish } from '../telemetry/channels.ts'
import type { Pause } from './coordination.ts'
import type { FleetMemberOptions } from './fleet-options.ts'
import type { HeldLeases } from './held-leases.ts'
import { IncomingLeases } from './incoming-leases.ts'
import { type LeasePlan, planLeases } from './lease-plan.ts'
import type { Lease } from './lease.ts'
import type { MembersWatch } from './members-watch.ts'
import { inTime, type Outage } from './outage.ts'
import { PlanLoop } from './plan-loop.ts'
import { backoffMs } from './retry-pace.ts'
import { UntakenLeases } from './untaken-leases.ts'

/** What a {@link LeasePlanner} needs. */
export interface LeasePlannerOptions {
  readonly fleetMember: FleetMemberOptions
  readonly memberId: string
  readonly watch: MembersWatch
  readonly held: HeldLeases
  readonly outage: Outage
  /** A plan was made and what it lets acquire is acquired. */
  readonly onPlanned: () => void
  readonly onFailed: (error: unknown) => void
  /** A consistent read shows no row of ours: we were given up for dead. */
  readonly onGone: () => void
  /** We gave leases back. */
  readonly onChange: () => void
}

/**
 * Makes plans and executes them. Handovers are begun and not awaited: they last as long as handlers do, and what is free must
 * not wait for them.
 */
export class LeasePlanner {
  readonly #options: LeasePlannerOptions
  readonly #loop: PlanLoop
  readonly #untaken: UntakenLeases
  readonly #incoming: IncomingLeases
  readonly #announced = new Set<string>()
  #leases: readonly Lease[] = []
  #isPauseAnnounced = false

  constructor(options: LeasePlannerOptions) {
    this.#options = options
    this.#untaken = new UntakenLeases({ leaseDurationOf: (id) => options.watch.leaseDurationOf(id) })
    this.#incoming = new IncomingLeases({ ...options, onMissed: (error) => this.#missed(error) })
    this.#loop = new PlanLoop({ ...options, ...options.fleetMember, plan: () => this.#plan() })
  }

  /** The leases as last read. */
  get leases(): readonly Lease[] {
    return this.#leases
  }

  /** Asks for a plan that has read everything after this call. */
  request(): void {
    this.#loop.request()
  }

  /** Asks for a plan in a moment: what has several reasons at once is one plan then. */
  requestSoon(): void {
    this.#loop.requestSoon()
  }

  /** No more plans; resolves when nothing of the running one is under way. Handovers may be. */
  async stop(): Promise<void> {
    await Promise.all([this.#loop.stop(), this.#incoming.stop()])
  }

  async #plan(): Promise<void> {
    const { memberId: self, watch, fleetMember, held } = this.#options
    const { clock, leaseDurationMs, leases, work } = fleetMember
    this.#leases = await inTime(clock, leaseDurationMs, leases.list())
    // After the leases: see planLeases. What is news by now may have happened to leases behind our back.
    if (await watch.read({ consistent: true })) this.#loop.request()
    if (this.#loop.hasStopped) return
    const members = watch.rows
    if (!members.some(({ id }) => id === self)) return this.#options.onGone()
    // What an earlier plan has expected may be acquired just now: who says that it stands still must have done with that.
    if (watch.pause !== undefined && (await this.#incoming.none())) this.#loop.request()
    this.#announcePause(watch.pause)
    const dead = members.filter(({ id }) => watch.dead.has(id))
    this.#announce(dead.map(({ id }) => id))
    const isPaused = watch.pause !== undefined
    const view = { self, leases: this.#leases, members, dead: watch.dead, working: work.working, isPaused }
    await this.#execute(planLeases(view))
    // Last: were we to die before this, the others would still see whose leases wait to be taken.
    for (const row of dead) await watch.bury(row)
    held.prune()
  }

  async #execute({ acquire, handOver, giveBack, waiting, incoming }: LeasePlan): Promise<void> {
    const { memberId, held, onChange, fleetMember, watch } = this.#options
    const { clock, leaseDurationMs } = fleetMember
    const nowMs = clock.monotonic()
    const others = waiting.filter(({ target }) => target !== memberId)
    const overdue = this.#untaken.overdue(others, nowMs).map(({ lease }) => lease)
    const due = handOver.filter(({ target }) => !this.#untaken.isDistrusted(target, nowMs))
    for (const { lease } of due) if (!held.isHandingOver(lease.id)) void held.handOver(lease.id).then(onChange)
    for (const lease of giveBack) if ((await held.giveBack(lease)) === 'released') onChange()
    this.#incoming.expect(incoming)
    const areAllOurs = await held.acquire([...acquire, ...overdue])
    // Nobody tells when one of these is over; everything else that changes leases is told by who changes them.
    if (!areAllOurs)
      this.#loop.requestIn(backoffMs(fleetMember, 1)) // another was quicker; not all losers in step
    else if (others.length < waiting.length) this.#loop.requestIn(leaseDurationMs / 10)
    else if (others.length > 0 || due.length < handOver.length) this.#loop.requestIn(watch.shortestLeaseMs)
  }

  #missed(error: unknown): void {
    const { outage, fleetMember } = this.#options
    if (error !== undefined) outage.failed('leases', error)
    this.#loop.requestIn(backoffMs(fleetMember, 1))
  }

  #announcePause(pause: Pause | undefined): void {
    const { fleetMember, memberId: workerId } = this.#options
    if ((pause === undefined) === !this.#isPauseAnnounced) return
    this.#isPauseAnnounced = pause !== undefined
    const about = { ...fleetMember.fleet, workerId }
    if (pause === undefined) publish('tidemark:worker:resumed', () => about)
    else publish('tidemark:worker:paused', () => ({ ...about, ...pause }))
  }

  #announce(deadIds: readonly string[]): void {
    const { fleetMember, memberId: observedBy } = this.#options
    for (const workerId of deadIds) {
      if (this.#announced.has(workerId)) continue
      this.#announced.add(workerId)
      publish('tidemark:worker:died', () => ({ ...fleetMember.fleet, workerId, observedBy }))
    }
  }
}
