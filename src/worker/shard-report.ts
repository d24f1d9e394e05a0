import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Flow } from '../consumer/flow.ts'
import type { Gap, HeldLease, Lease } from '../leases/lease.ts'
import { publish, type LeaseMessage } from '../telemetry/channels.ts'
import type { Intake } from './intake.ts'
import type { ShardSetting } from './shard-setting.ts'

// The same trouble is told again only after this long: what is retried every second must not fill the log.
const repeatMs = 60_000

/** Tells what is out of the ordinary with a shard: in the log, and on the diagnostics channels. */
export class ShardReport {
  readonly #lease: Lease
  readonly #held: HeldLease
  readonly #setting: ShardSetting
  readonly #toldAt = new Map<string, number>()

  constructor(lease: Lease, held: HeldLease, setting: ShardSetting) {
    this.#lease = lease
    this.#held = held
    this.#setting = setting
  }

  /** Something went wrong that is tried again. */
  trouble(what: string, error: unknown): void {
    if (this.#isToldLately(what)) return
    this.#setting.logger.warn(`trouble with a shard: ${what}`, { ...this.#about(), error })
  }

  /** So much is read ahead of the frontier that reading stands still: handlers are slow, or a lane is stuck. */
  stalled({ progress }: Intake, { stuck }: Flow): void {
    const [first] = stuck.values()
    const { spanCount, spanBytes } = progress
    const fields = { spanCount, spanBytes, stuckLaneCount: stuck.size }
    publish('tidemark:shard:stalled', () => ({ ...this.#about(), ...fields }))
    // Slow handlers are the ordinary reason, and no news.
    if (first === undefined || this.#isToldLately('stalled')) return
    this.#setting.logger.error(
      'a shard is not read any further: a lane is stuck, and as much as may be is read beyond it',
      { ...this.#about(), ...fields, stuckEventId: first.eventId, stuckLaneKey: first.laneKey, error: first.error },
    )
  }

  /** So much is durable. */
  saved(checkpoint: Checkpoint): void {
    publish('tidemark:checkpoint:saved', () => ({ ...this.#about(), checkpoint }))
  }

  /** Data is gone that was not read. */
  gap(gap: Gap): void {
    const { onGap } = this.#setting.pace
    publish('tidemark:stream:gap', () => ({ ...this.#about(), gap, onGap }))
    const what = gap.kind === 'trimmed' ? 'records were trimmed before they were read' : 'a shard is gone unread'
    const next =
      onGap === 'halt'
        ? "the shard is halted; to go on behind the gap, start workers with onGap: 'continue'"
        : 'going on behind it'
    this.#setting.logger.error(`data is lost: ${what}; ${next}`, { ...this.#about(), gap })
  }

  #about(): LeaseMessage {
    const { streamLabel, shardId } = this.#lease
    const { owner: workerId, epoch } = this.#held
    return { ...this.#setting.fleet, workerId, streamLabel, shardId, epoch }
  }

  #isToldLately(what: string): boolean {
    const now = this.#setting.clock.monotonic()
    const toldAt = this.#toldAt.get(what)
    if (toldAt !== undefined && now - toldAt < repeatMs) return true
    this.#toldAt.set(what, now)
    return false
  }
}
