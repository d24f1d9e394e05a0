import type { Clock } from '../internal/clock.ts'
import type { MemberRow, MemberTable, Pause } from './coordination.ts'
import { Liveness } from './liveness.ts'
import type { Logger } from '../telemetry/log.ts'
import { inTime, type Outage } from './outage.ts'

/** What a {@link MembersWatch} needs. */
export interface MembersWatchOptions {
  readonly memberId: string
  readonly members: MemberTable
  readonly leaseDurationMs: number
  readonly clock: Clock
  readonly logger: Logger
  readonly outage: Outage
  /** Called before every look. */
  readonly onLook: () => void
  /** Called when the leases have to be looked at. */
  readonly onNews: () => void
}

// A twentieth of a lease adds little to how late a death is seen. Each of n members reads n rows: a large fleet looks less
// often, so that what all of them read grows with n and not with its square.
const looksPerLease = 20
const perMemberMs = 25

/** Reads the members' rows again and again, which is all that an idle fleet does beside beating. Feeds {@link Liveness}. */
export class MembersWatch {
  readonly #options: MembersWatchOptions
  readonly #liveness: Liveness
  readonly #unreadableIds = new Set<string>()
  #pause: Pause | undefined
  #scheduledMs = Infinity
  #hasStopped = false
  #cancelNext = (): void => {}

  constructor(options: MembersWatchOptions) {
    this.#options = options
    this.#liveness = new Liveness({ self: options.memberId, leaseDurationMs: options.leaseDurationMs })
  }

  /** All members as last read. */
  get rows(): MemberRow[] {
    return this.#liveness.rows
  }

  /** Those of them that were silent for too long. */
  get dead(): ReadonlySet<string> {
    return this.#liveness.dead
  }

  /** Set while the fleet is to stand still, as last read. */
  get pause(): Pause | undefined {
    return this.#pause
  }

  /** How long this member may be silent. */
  leaseDurationOf(id: string): number {
    return this.#liveness.leaseDurationOf(id)
  }

  /** The shortest lease in the fleet: a death is to be seen early in terms of the one who died. */
  get shortestLeaseMs(): number {
    return Math.min(this.#options.leaseDurationMs, ...this.rows.map(({ id }) => this.leaseDurationOf(id)))
  }

  /** How often each member of the fleet looks, as far as this one knows its fleet. */
  get intervalMs(): number {
    return Math.max(this.shortestLeaseMs / looksPerLease, perMemberMs * this.rows.length)
  }

  /** Whether there is another who may take leases. */
  get hasOthers(): boolean {
    const { memberId } = this.#options
    return this.rows.some(({ id, leaving }) => id !== memberId && !leaving && !this.dead.has(id))
  }

  start(): void {
    this.#cancelNext()
    this.#scheduledMs = this.intervalMs
    this.#cancelNext = this.#options.clock.schedule(this.#scheduledMs, () => void this.#look())
  }

  stop(): void {
    this.#hasStopped = true
    this.#cancelNext()
  }

  /** Reads the members. @returns whether the leases have to be looked at; see {@link Liveness.observe}. */
  async read(options: { readonly consistent: boolean }): Promise<boolean> {
    const { clock, leaseDurationMs, members } = this.#options
    const sentAtMs = clock.monotonic()
    const { members: rows, pause } = await inTime(clock, leaseDurationMs, members.look(options))
    const isPauseNews = (pause === undefined) !== (this.#pause === undefined)
    this.#pause = pause
    const isMemberNews = this.#liveness.observe({ rows, sentAtMs, receivedAtMs: clock.monotonic() })
    this.#warnOf(rows)
    // A newcomer with a shorter lease would otherwise wait for a look that was planned without it.
    if (!this.#hasStopped && this.intervalMs < this.#scheduledMs) this.start()
    return isMemberNews || isPauseNews
  }

  /** Removes the row of a dead member, unless it has beaten after all. */
  async bury({ id, beat }: MemberRow): Promise<void> {
    const { clock, leaseDurationMs, members } = this.#options
    if ((await inTime(clock, leaseDurationMs, members.remove(id, beat))) === 'removed') this.#liveness.forget(id)
  }

  #warnOf(rows: readonly MemberRow[]): void {
    for (const { id, unreadable } of rows) {
      if (unreadable === undefined || this.#unreadableIds.has(id)) continue
      this.#unreadableIds.add(id)
      const message = "a worker's row can not be read; it counts as a worker that takes nothing, until its silence"
      this.#options.logger.warn(message, { workerId: id, error: unreadable })
    }
  }

  async #look(): Promise<void> {
    this.#options.onLook()
    if (this.#hasStopped) return
    try {
      // Eventually consistent, at half the price: what is stale makes it late by a moment, and whoever acts reads again.
      const isNews = await this.read({ consistent: false })
      if (this.#hasStopped) return
      this.#options.outage.answered('members')
      if (isNews) this.#options.onNews()
    } catch (error) {
      if (this.#hasStopped) return
      this.#options.outage.failed('members', error)
    }
    this.start()
  }
}
