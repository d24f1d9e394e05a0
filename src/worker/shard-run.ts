import { emptyCheckpoint, type Checkpoint } from '../checkpoint/checkpoint.ts'
import { CoordinationError, isTidemarkError, type LeaseLostError } from '../errors.ts'
import { retryDelayMs } from '../handler/retry-policy.ts'
import { aborted } from '../internal/aborted.ts'
import { leaseIdOf, type Gap, type HeldLease, type Lease } from '../leases/lease.ts'
import type { WorkEnd } from '../leases/lease-work.ts'
import { finishShard } from '../leases/shard-end.ts'
import { CheckpointWriter } from './checkpoint-writer.ts'
import { hasPlace, mayBeTrimmed, startOf } from './read-start.ts'
import { ShardPass, type PassEnd } from './shard-pass.ts'
import { ShardReport } from './shard-report.ts'
import type { ShardSetting } from './shard-setting.ts'

/** What a shard run is doing. */
export type ShardState = 'reading' | 'waiting' | 'ending' | 'halted' | 'draining' | 'ended'

const restartPolicy = { baseDelayMs: 500, maxDelayMs: 30_000, maxAttempts: Infinity }

/**
 * One shard, from the moment its lease is acquired until it is no longer held.
 *
 *     reading ── the pass fails ──▶ waiting ──▶ reading, from the progress so far
 *     reading ── data is gone, onGap 'halt' ──▶ halted: the lease is kept, so that nobody else comes upon it again
 *     reading ── the shard's end, all settled ──▶ ending: children's leases, then the lease is finished ──▶ ended
 *     any ── handOver ──▶ draining: what runs ends, what is settled is saved with the release ──▶ ended
 *     any ── abandon, or a write answers 'lost' ──▶ ended, with nothing more written
 *
 * `run` is the one writer of this. `handOver` and `abandon` say what is wanted, and abort `#stopping`.
 */
export class ShardRun {
  readonly lease: Lease
  readonly held: HeldLease
  /** Resolves when the shard was read for the first time, or the run has ended. */
  readonly opened: Promise<void>
  readonly #setting: ShardSetting
  readonly #stopping = new AbortController()
  readonly #report: ShardReport
  readonly #writer: CheckpointWriter
  #state: ShardState = 'reading'
  #pass: ShardPass | undefined
  #checkpoint: Checkpoint
  #isFirstPass = true
  // A start at LATEST: no place in the shard is durable yet, and this pass looked for none but the newest.
  #mustSaveStart: boolean
  #isAtLatest = false
  #abandoned: LeaseLostError | undefined
  #ended: Promise<WorkEnd> | undefined
  #onOpened: () => void = () => {}

  constructor(lease: Lease, held: HeldLease, setting: ShardSetting) {
    this.lease = lease
    this.held = held
    this.#setting = setting
    this.#checkpoint = lease.checkpoint
    this.#mustSaveStart = lease.startAt === 'LATEST' && !hasPlace(lease.checkpoint)
    this.opened = new Promise((resolve) => (this.#onOpened = resolve))
    this.#report = new ShardReport(lease, held, setting)
    const { leases, pace, clock } = setting
    this.#writer = new CheckpointWriter({
      ...{ lease, held, leases, intervalMs: pace.checkpointIntervalMs, clock },
      onTrouble: (error) => this.#report.trouble('its checkpoint could not be saved', error),
      onSaved: (checkpoint) => this.#report.saved(checkpoint),
    })
  }

  get state(): ShardState {
    return this.#state
  }

  /** The pass under way, or the last one. */
  get pass(): ShardPass | undefined {
    return this.#pass
  }

  /** Consumes the shard. Never rejects. */
  run(): Promise<WorkEnd> {
    return (this.#ended ??= this.#run().finally(() => this.#end()))
  }

  /** Lets what runs come to its end, saves and releases. */
  handOver(): Promise<WorkEnd> {
    this.#stopping.abort()
    return this.run()
  }

  /** Starts nothing more, aborts what runs, writes nothing: also in the middle of a hand-over. */
  abandon(reason: LeaseLostError): void {
    this.#abandoned ??= reason
    this.#stopping.abort()
    this.#pass?.abandon(reason)
  }

  async #run(): Promise<WorkEnd> {
    for (let round = 1; ; round += 1) {
      const ended = await this.#nextPass()
      this.#onOpened() // also when there was nothing to read, or no way to: who waits for it must not wait for ever
      if (this.#abandoned !== undefined) return 'abandoned'
      const end = await this.#afterPass(ended, round).catch((error: unknown) => this.#wait(error, round))
      if (end !== undefined) return end
      if (this.#pass !== undefined && this.#pass.intake.progress.revision > 0) round = 0
    }
  }

  async #nextPass(): Promise<PassEnd> {
    const { lease, held } = this
    const [checkpoint, setting, writer] = [this.#checkpoint, this.#setting, this.#writer]
    if (this.#stopping.signal.aborted) return { how: 'stopped' }
    const isFirst = this.#isFirstPass
    // A gap that was found before stands in the row; one that can't be seen by reading is judged by the lease's age. What
    // fails before it is noted or passed is tried again from here: read on, the loss would never be seen.
    if (isFirst && lease.gap !== undefined) return { how: lease.gap.kind }
    if (isFirst && mayBeTrimmed(lease, checkpoint, setting.clock.now())) return { how: 'trimmed' }
    this.#isFirstPass = false
    const start = startOf(lease, checkpoint, isFirst)
    this.#isAtLatest = start.position.type === 'LATEST'
    const isBehindLatest = start.notBefore !== undefined && !this.#isAtLatest
    if (isBehindLatest) {
      const isPassed = await this.#isPassed().catch((error: unknown) => ({ error }))
      if (typeof isPassed === 'object') return { how: 'failed', ...isPassed }
      if (isPassed) return { how: 'end' }
    }
    const [report, onOpened] = [this.#report, this.#onOpened]
    if (this.#pass !== undefined) writer.passEnded(this.#pass.intake)
    const pass = new ShardPass({
      ...{ lease, held, setting, checkpoint, start, writer, stopping: this.#stopping.signal },
      mustSaveStart: this.#mustSaveStart,
      onTrouble: (what, error) => report.trouble(what, error),
      onRead: onOpened,
      onStalled: () => report.stalled(pass.intake, pass.flow),
    })
    this.#pass = pass
    this.#state = 'reading'
    const stop = () => (this.#state = 'draining')
    this.#stopping.signal.addEventListener('abort', stop, { once: true })
    const ended = await pass.run()
    this.#stopping.signal.removeEventListener('abort', stop)
    this.#checkpoint = pass.intake.progress.checkpoint()
    if (pass.hasSavedStart) this.#mustSaveStart = false
    return ended
  }

  /** What follows a pass: an end of the run, or (`undefined`) another pass. */
  #afterPass(ended: PassEnd, round: number): Promise<WorkEnd | undefined> {
    switch (ended.how) {
      case 'lost':
        return Promise.resolve('lost')
      case 'stopped':
        return this.#release()
      case 'failed':
        return this.#wait(ended.error, round)
      case 'trimmed':
      case 'missing':
        return this.#meetGap(ended.how)
      case 'end':
        return this.#hasSkipped() ? Promise.resolve(undefined) : this.#finish()
    }
  }

  /**
   * A shard that was closed before it was read at LATEST ends without a record, and no place says so. Who takes the lease after
   * its children have theirs would read it from where the lease was created on, beside them; so this owner does first.
   */
  #hasSkipped(): boolean {
    return this.#isAtLatest && !hasPlace(this.#checkpoint)
  }

  /**
   * Whether a child has its lease, or is finished: two that start a fleet at once may begin with a shard and with its child, by
   * listings of before and after the shard was closed. What is in the shard is then of before the start, and not to be handled
   * beside the child.
   */
  async #isPassed(): Promise<boolean> {
    const { leases, reading, streamArnOf } = this.#setting
    const { streamLabel, shardId } = this.lease
    for (const child of await reading.children(streamArnOf(streamLabel), shardId)) {
      const id = leaseIdOf({ streamLabel, shardId: child.shardId })
      if ((await leases.get(id)) !== undefined || (await leases.finishedAt(id)) !== undefined) return true
    }
    return false
  }

  async #wait(error: unknown, round: number): Promise<WorkEnd | undefined> {
    const { clock, random } = this.#setting
    this.#state = 'waiting'
    this.#report.trouble('it is read again from its checkpoint', error)
    await clock.sleep(retryDelayMs(restartPolicy, round, random), this.#stopping.signal)
    return undefined
  }

  async #meetGap(kind: Gap['kind']): Promise<WorkEnd | undefined> {
    const { pace, clock } = this.#setting
    if (kind === 'missing' && this.lease.gap === undefined && (await this.#isListed()))
      throw new CoordinationError('the shard is listed and can not be read', { retryable: true })
    const { after } = this.#checkpoint
    const gap = this.lease.gap ?? { kind, ...(after === undefined ? {} : { after }), foundAt: clock.now() }
    if (pace.onGap === 'halt') return this.#halt(gap)
    // Told before it is passed: died in between, the next owner comes upon it again and tells it twice, not never.
    this.#report.gap(gap)
    if (kind === 'missing') return this.#finish()
    if ((await this.#writer.passGap()) === 'lost') return 'lost'
    this.#isFirstPass = false
    this.#checkpoint = emptyCheckpoint
    return undefined
  }

  /** A shard that is listed is not gone: what was opened a moment ago may not be known everywhere yet. */
  async #isListed(): Promise<boolean> {
    const { reading, streamArnOf } = this.#setting
    const listing = await reading.describe(streamArnOf(this.lease.streamLabel))
    return listing?.shards.some(({ shardId }) => shardId === this.lease.shardId) ?? false
  }

  async #halt(gap: Gap): Promise<WorkEnd | undefined> {
    // Durable before it is told: whoever acquires the lease next finds it in the row and tells it again.
    if (this.lease.gap === undefined && (await this.#writer.halt(gap)) === 'lost') return 'lost'
    this.#state = 'halted'
    this.#report.gap(gap)
    await aborted(this.#stopping.signal)
    return undefined
  }

  /** Every record is settled, and its mark durable: first that is saved, then the children may begin, then this one ends. */
  async #finish(): Promise<WorkEnd | undefined> {
    this.#state = 'ending'
    const { setting, held, lease } = { setting: this.#setting, held: this.held, lease: this.lease }
    const intake = this.#pass?.intake
    if (intake !== undefined && (await this.#writer.save(intake)) === 'lost') return 'lost'
    const ended = await finishShard({
      ...{
        lease,
        held,
        leases: setting.leases,
        reading: setting.reading,
        clock: setting.clock,
        random: setting.random,
      },
      streamArn: setting.streamArnOf(lease.streamLabel),
      signal: this.#stopping.signal,
      onNoChildren: () => setting.onNoChildren(),
      onTrouble: (error: unknown) => this.#report.trouble('it could not be finished', error),
    })
    if (ended !== 'stopped') return ended
    return this.#abandoned === undefined ? this.#release() : 'abandoned'
  }

  /**
   * Saves and gives the lease up. Tried for as long as this worker may work: given up without what is settled, the shard
   * would be handled again from the last save.
   */
  async #release(): Promise<WorkEnd> {
    const { leases, clock, random } = this.#setting
    const intake = this.#pass?.intake
    const news = intake !== undefined && this.#writer.hasNews(intake) ? this.#checkpoint : undefined
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await leases.release(this.held, news)
        if (answer === 'released' && news !== undefined) this.#report.saved(news)
        return answer
      } catch (error) {
        this.#report.trouble('its lease could not be released', error)
        if (!(isTidemarkError(error) && error.retryable)) return 'abandoned'
        await clock.sleep(retryDelayMs(restartPolicy, attempt, random))
        if (this.#abandoned !== undefined || !this.#setting.mayWork()) return 'abandoned'
      }
    }
  }

  #end(): void {
    this.#state = 'ended'
    this.#onOpened()
  }
}
