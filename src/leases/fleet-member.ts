import { isTidemarkError } from '../errors.ts'
import type { MemberRow, Pause } from './coordination.ts'
import type { FleetMemberOptions } from './fleet-options.ts'
import { Incarnation } from './incarnation.ts'
import type { Lease, LeaseId } from './lease.ts'
import { inTime, Outage } from './outage.ts'
import { backoffMs } from './retry-pace.ts'
import { type Moment, momentOf } from '../internal/elapsed.ts'

/**
 * A worker's place in one fleet, through as many incarnations as it takes.
 *
 *     idle ── start ──▶ joining ── row written ──▶ member ── lapsed ──▶ joining   (under a new id)
 *                          │                         │
 *                          └────────── stop ─────────┴──▶ leaving ──▶ stopped   (for good)
 *
 * One loop, `#live`, moves it; `start` and `stop` only begin and end that loop. While the coordination table does not answer
 * the member works on until its right to work runs out, then abandons everything and goes on joining until the table
 * answers. Only before the first plan does an error that waiting can't heal (a table that is not there, no permission) end
 * it: later that may be somebody's mistake of a minute.
 */
export class FleetMember {
  readonly #options: FleetMemberOptions
  readonly #outage: Outage
  readonly #stopping = new AbortController()
  #incarnation: Incarnation | undefined
  // The row of ours that is there, or may be.
  #rowId: string | undefined
  #life: Promise<void> | undefined
  #started: Promise<void> | undefined
  #hasPlanned = false
  #resolveStarted = (): void => {}
  #rejectStarted = (_error: unknown): void => {}

  constructor(options: FleetMemberOptions) {
    this.#options = options
    this.#outage = new Outage(options.logger)
  }

  /** The id of the present incarnation, or of the last one; empty before the first. */
  get id(): string {
    return this.#incarnation?.id ?? ''
  }

  /** The members as last read, for status. */
  get members(): readonly MemberRow[] {
    return this.#incarnation?.members ?? []
  }

  /** Set while the fleet stands still because somebody asked for it, as last read. */
  get pause(): Pause | undefined {
    return this.#incarnation?.pause
  }

  /** The leases as last read, for status; they are read only when something changed. */
  get leases(): readonly Lease[] {
    return this.#incarnation?.leases ?? []
  }

  /** Whether it is this one of all live members that looks for new shards. */
  get isDiscoverer(): boolean {
    return this.#incarnation?.isDiscoverer ?? false
  }

  /**
   * Joins the fleet; resolves when it has acquired what is free and its own, or was stopped before.
   *
   * @throws CoordinationError when the table can't be used at all. One that merely does not answer is waited for.
   */
  start(): Promise<void> {
    this.#started ??= new Promise((resolve, reject) => {
      this.#resolveStarted = resolve
      this.#rejectStarted = reject
      this.#life = this.#live()
    })
    return this.#started
  }

  /** Hands over all leases and leaves the fleet, for good; resolves when that is done. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#life
  }

  /** Whether a handler may be started and something may be written, at this moment. Ask again after each await. */
  mayWork(): boolean {
    return this.#incarnation?.mayWork() ?? false
  }

  /** Leases were released, created or finished: the others are told within some 50 ms. */
  noteChange(): void {
    this.#incarnation?.noteChange()
  }

  /** A write said that the lease is another's. */
  leaseLost(id: LeaseId): void {
    this.#incarnation?.leaseLost(id)
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    while (!signal.aborted) {
      const incarnation = await this.#join()
      if (incarnation === undefined) break
      await Promise.race([incarnation.lapsed, stopped])
      if (signal.aborted) await incarnation.leave()
    }
    await this.#removeRow()
    this.#resolveStarted()
  }

  // Every try under a new id, after the row of the one before is gone. It may have been written although the reply was lost,
  // and others count our silence from when they first saw it: we must not count our right from a later try.
  async #join(): Promise<Incarnation | undefined> {
    const { clock, leaseDurationMs, members, random, host } = this.#options
    for (let failureCount = 1; !this.#stopping.signal.aborted; failureCount += 1) {
      try {
        // Without its row the leases of the former incarnation are free, and nobody waits for its death.
        if (this.#rowId !== undefined) await inTime(clock, leaseDurationMs, members.leave(this.#rowId))
        const id = (this.#rowId = random.id())
        const joinedAt = momentOf(clock)
        const row = { id, beat: 0, changes: 0, leaving: false, host, leaseDurationMs }
        await inTime(clock, leaseDurationMs, members.join({ ...row, joinedAt: Math.round(joinedAt.wallMs) }))
        this.#outage.answered('heartbeat')
        return this.#begin(id, joinedAt)
      } catch (error) {
        this.#outage.failed('heartbeat', error)
        this.#failed(error)
        await clock.sleep(backoffMs(this.#options, failureCount), this.#stopping.signal)
      }
    }
    return undefined
  }

  #begin(id: string, joinedAt: Moment): Incarnation {
    this.#incarnation = new Incarnation(this.#options, id, this.#outage, {
      onPlanned: () => {
        this.#hasPlanned = true
        this.#resolveStarted()
      },
      onPlanFailed: (error) => this.#failed(error),
    })
    this.#incarnation.start(joinedAt)
    return this.#incarnation
  }

  #failed(error: unknown): void {
    if (this.#hasPlanned || (isTidemarkError(error) && error.retryable)) return
    this.#rejectStarted(error)
    this.#stopping.abort()
  }

  async #removeRow(): Promise<void> {
    const { clock, leaseDurationMs, logger, members } = this.#options
    if (this.#rowId === undefined) return
    try {
      await inTime(clock, leaseDurationMs, members.leave(this.#rowId))
    } catch (error) {
      const workerId = this.#rowId
      logger.warn('the row of a worker could not be removed; the others will, after its silence', { workerId, error })
    }
  }
}
