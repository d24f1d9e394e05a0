import type { Clock } from '../internal/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import type { MemberTable } from './coordination.ts'
import type { Outage } from './outage.ts'
import { momentOf, type Moment } from '../internal/elapsed.ts'
import type { RightToWork } from './right-to-work.ts'

/** What a {@link Heartbeat} needs. */
export interface HeartbeatOptions {
  readonly memberId: string
  readonly members: MemberTable
  readonly right: RightToWork
  readonly leaseDurationMs: number
  readonly clock: Clock
  readonly outage: Outage
  readonly logger: Logger
  /** Called once, when the right to work ran out (`expired`) or the member's row was removed or spoiled (`gone`). */
  readonly onLapse: (reason: LapseReason) => void
}

export type LapseReason = 'expired' | 'gone'

// Long enough to tell of many shards that end together in one beat, short enough that nobody waits for it.
const coalesceMs = 50
// Of the lease's duration. A beat takes milliseconds; one that takes this long is on its way to come too late.
const slowShare = 0.1

/**
 * Beats the row of one incarnation, and notices when it may no longer work. It waits for nothing else: neither for a plan,
 * nor for the reply to the beat before, which may never come. A beat that arrives behind a later one changes nothing.
 *
 *     beating ── gone, or the right ran out ──▶ lapsed
 *        └── stop ──▶ stopped
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #intervalMs: number
  #beat = 0
  #changes = 0
  #leaving = false
  #hasEnded = false
  #isSlow = false
  #cancelNext = (): void => {}
  #cancelPrompt: (() => void) | undefined
  #cancelExpiry = (): void => {}

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#intervalMs = options.leaseDurationMs / 3
  }

  /** Goes on from beat 0, which the row came with that was sent at `joinedAt`. */
  start(joinedAt: Moment): void {
    this.#renew(joinedAt)
    if (!this.#hasEnded) this.#sendIn(this.#intervalMs)
  }

  /** Leases were released, created or finished: beats soon, with all that is noted until then. */
  noteChange(): void {
    if (this.#hasEnded) return
    this.#changes += 1
    this.#cancelPrompt ??= this.#options.clock.schedule(coalesceMs, () => this.#send())
  }

  /** From now on its row says that it leaves. */
  noteLeaving(): void {
    this.#leaving = true
    this.#send()
  }

  /** Looks whether the right ran out. Timers alone would tell too late: they stand still while a machine is suspended. */
  check(): void {
    if (!this.#hasEnded && !this.#options.right.mayWork()) this.lapse('expired')
  }

  /** The member's right to work is over. */
  lapse(reason: LapseReason): void {
    if (this.#hasEnded) return
    this.stop()
    this.#options.right.revoke()
    this.#options.onLapse(reason)
  }

  /** No more beats. The right to work is left as it is, and runs out. */
  stop(): void {
    this.#hasEnded = true
    this.#cancelNext()
    this.#cancelPrompt?.()
    this.#cancelExpiry()
  }

  #sendIn(ms: number): void {
    this.#cancelNext()
    this.#cancelNext = this.#options.clock.schedule(ms, () => this.#send())
  }

  #send(): void {
    this.check() // a right that ran out is never renewed: what asked meanwhile has stopped
    if (this.#hasEnded) return
    this.#cancelPrompt?.()
    this.#cancelPrompt = undefined
    this.#beat += 1
    this.#sendIn(this.#intervalMs)
    void this.#exchange(momentOf(this.#options.clock))
  }

  async #exchange(sentAt: Moment): Promise<void> {
    const { members, memberId: id, outage } = this.#options
    try {
      const answer = await members.beat({ id, beat: this.#beat, changes: this.#changes, leaving: this.#leaving })
      if (this.#hasEnded) return
      outage.answered('heartbeat')
      this.#noteDelay(this.#options.clock.monotonic() - sentAt.monotonicMs)
      if (answer === 'gone') this.lapse('gone')
      else this.#renew(sentAt)
    } catch (error) {
      if (this.#hasEnded) return
      outage.failed('heartbeat', error)
      this.#sendIn(this.#intervalMs / 4) // several more tries before the right runs out
    }
  }

  /** Whatever the reason is, the right to work will be over if it grows; the likeliest can be seen by nobody but the user. */
  #noteDelay(tookMs: number): void {
    const { logger, memberId: workerId, leaseDurationMs } = this.#options
    const wasSlow = this.#isSlow
    this.#isSlow = tookMs > leaseDurationMs * slowShare
    if (!this.#isSlow || wasSlow) return
    const message =
      "a heartbeat was slow: handlers that share the worker's client may hold all its sockets, or compute without an await"
    logger.warn(message, { workerId, tookMs: Math.round(tookMs), leaseDurationMs })
  }

  #renew(sentAt: Moment): void {
    this.#options.right.renewed(sentAt)
    this.#awaitExpiry()
  }

  #awaitExpiry(): void {
    this.check()
    if (this.#hasEnded) return
    this.#cancelExpiry()
    const remainingMs = Math.ceil(this.#options.right.remainingMs()) // timers drop fractions, and would fire before the end
    this.#cancelExpiry = this.#options.clock.schedule(remainingMs, () => this.#awaitExpiry())
  }
}
