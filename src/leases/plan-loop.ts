import type { Clock, Random } from '../internal/clock.ts'
import type { Outage } from './outage.ts'
import { backoffMs } from './retry-pace.ts'

/** What a {@link PlanLoop} needs. */
export interface PlanLoopOptions {
  readonly plan: () => Promise<void>
  readonly onPlanned: () => void
  readonly onFailed: (error: unknown) => void
  readonly leaseDurationMs: number
  readonly clock: Clock
  readonly random: Random
  readonly outage: Outage
}

const coalesceMs = 50

/**
 * Runs plans one at a time. Whatever is asked for meanwhile is one more plan after the running one, since what that one has
 * read may be older than the reason for which it was asked.
 *
 *     idle ── request ──▶ planning ── done ──▶ idle    (or planning again, when asked for meanwhile)
 *                            └── the table fails ──▶ planning again after a while
 */
export class PlanLoop {
  readonly #options: PlanLoopOptions
  #running: Promise<void> | undefined
  #isWanted = false
  #hasStopped = false
  #failureCount = 0
  #cancelLater = (): void => {}
  #cancelSoon: (() => void) | undefined

  constructor(options: PlanLoopOptions) {
    this.#options = options
  }

  get hasStopped(): boolean {
    return this.#hasStopped
  }

  request(): void {
    this.#cancelSoon?.()
    this.#cancelSoon = undefined
    if (this.#hasStopped) return
    this.#isWanted = true
    this.#running ??= this.#run()
  }

  requestSoon(): void {
    this.#cancelSoon ??= this.#options.clock.schedule(coalesceMs, () => this.request())
  }

  /** One more plan after that long, unless there is one before: that one looks at everything too. */
  requestIn(ms: number): void {
    if (this.#hasStopped) return
    this.#cancelLater()
    this.#cancelLater = this.#options.clock.schedule(ms, () => this.request())
  }

  /** No more plans; resolves when none is running. */
  async stop(): Promise<void> {
    this.#hasStopped = true
    this.#cancelLater()
    this.#cancelSoon?.()
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#hasStopped) await this.#attempt()
    this.#running = undefined // in the same turn as the condition above, so that no request falls between
  }

  async #attempt(): Promise<void> {
    this.#isWanted = false
    this.#cancelLater()
    try {
      await this.#options.plan()
      if (this.#hasStopped) return
      this.#failureCount = 0
      this.#options.outage.answered('leases')
      this.#options.onPlanned()
    } catch (error) {
      if (this.#hasStopped) return
      this.#failureCount += 1
      this.#options.outage.failed('leases', error)
      this.#options.onFailed(error)
      this.requestIn(backoffMs(this.#options, this.#failureCount))
    }
  }
}
