import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Flow } from '../consumer/flow.ts'
import { isTidemarkError, LeaseLostError } from '../errors.ts'
import type { HeldLease, Lease } from '../leases/lease.ts'
import { type ReaderAnswer, ShardReader } from '../source/shard-reader.ts'
import type { CheckpointWriter } from './checkpoint-writer.ts'
import { Intake } from './intake.ts'
import type { Start } from './read-start.ts'
import type { ShardSetting } from './shard-setting.ts'

/** How a pass ended. After `end`, `trimmed` and `missing` everything that was read is settled. */
export type PassEnd =
  | { readonly how: 'end' | 'trimmed' | 'missing' | 'stopped' | 'lost' }
  /** It can't go on as it is; another pass, from the progress so far, may. */
  | { readonly how: 'failed'; readonly error: unknown }

/** What a pass is made of. */
export interface PassOptions {
  readonly lease: Lease
  readonly held: HeldLease
  readonly setting: ShardSetting
  readonly checkpoint: Checkpoint
  readonly start: Start
  /** Where it begins is not durable yet, and has to be before anything is handled. */
  readonly mustSaveStart: boolean
  readonly writer: CheckpointWriter
  /** Aborts when the shard is to be handed over, or was lost. */
  readonly stopping: AbortSignal
  onTrouble(what: string, error: unknown): void
  onRead(): void
  /** As much has been read ahead as may be, and the frontier does not move. */
  onStalled(): void
}

const nothingRead = Promise.resolve({ answer: { status: 'stopped' }, isBehindLatest: false } as const)
// A handler that was aborted is waited for this long; then it is left behind, and its item waits for it.
const abortGraceMs = 1_000

/**
 * One pass over a shard from a checkpoint on: reading, handling and saving side by side, until one of them ends it.
 *
 *     read (a page ahead) ⇄ full ── the end or a gap ──▶ what was read settles ──▶ over
 *       └── stopped, lost, the flow failed ───────────────────────▶ over
 *
 * `run` resolves only when nothing of the pass runs any more or writes, but for handlers that were left behind.
 */
export class ShardPass {
  readonly intake: Intake
  readonly flow: Flow
  readonly #options: PassOptions
  readonly #over = new AbortController()
  readonly #reader: ShardReader
  #nextPage: Promise<{ readonly answer: ReaderAnswer; readonly isBehindLatest: boolean }> = nothingRead
  #isCaughtUp = false
  #hasSavedStart = false

  constructor(options: PassOptions) {
    this.#options = options
    const { setting, lease, held, checkpoint, start, mustSaveStart } = options
    const { shardId } = lease
    const { epoch, owner } = held
    const condition = setting.conditionOf(held)
    const streamArn = setting.streamArnOf(lease.streamLabel)
    const { maxRunAheadRecords: maxRecords, maxRunAheadBytes: maxBytes, idlePollMs, maxReadsPerSecond } = setting.pace
    const leaseContext = { shardId, epoch, owner, condition }
    this.flow = setting.consumer.flow({
      ...{ lease: leaseContext, tableName: setting.fleet.tableName, streamLabel: lease.streamLabel },
      leaseCreatedAt: lease.createdAt,
      // As far as the dead owner may have come beyond its last checkpoint; and before the last of those is come upon here, as
      // many others may be.
      ...(lease.takenOverAt === undefined
        ? {}
        : { death: { knownAt: lease.takenOverAt, suspectCount: 2 * maxRecords } }),
      mayWork: () => setting.mayWork(),
    })
    const { flow } = this
    this.intake = new Intake({
      ...{ flow, checkpoint, shardId, streamArn, notBefore: start.notBefore },
      runAhead: { maxRecords, maxBytes },
      ...(mustSaveStart ? { begin: () => this.#begin() } : {}),
    })
    this.#reader = new ShardReader({
      ...{ reading: setting.reading, streamArn, shardId, position: start.position, idlePollMs, maxReadsPerSecond },
      ...{ clock: setting.clock, random: setting.random, signal: this.#over.signal },
      hasJustBeenRead: lease.isHandedOver ?? false,
      onTrouble: (error) => options.onTrouble('its stream could not be read', error),
    })
  }

  /** Whether the last page was empty: there was nothing more to read. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp
  }

  /** Whether the place where it began is durable since. */
  get hasSavedStart(): boolean {
    return this.#hasSavedStart
  }

  /** Runs it. Never rejects. */
  async run(): Promise<PassEnd> {
    const { stopping, writer } = this.#options
    const stop = () => this.#stopReading()
    if (stopping.aborted) stop()
    stopping.addEventListener('abort', stop, { once: true })
    const saving = writer.run(this.flow, this.intake, this.#over.signal)
    const reading = this.#read().catch(failure)
    const ended = await Promise.race([
      reading,
      saving.then((saved): PassEnd | Promise<PassEnd> => (saved === 'lost' ? { how: 'lost' } : reading)),
      this.flow.failed.then(failure),
    ])
    this.#stopReading()
    stopping.removeEventListener('abort', stop)
    await this.#endFlow(ended)
    await Promise.all([reading, saving, this.#nextPage.catch(() => {})])
    return ended
  }

  /** Starts nothing more, aborts what runs, sends no mark more. */
  abandon(reason: LeaseLostError): void {
    this.flow.abandon(reason)
  }

  #stopReading(): void {
    this.#over.abort()
    this.intake.wake()
  }

  #endFlow(ended: PassEnd): Promise<void> | void {
    if (ended.how === 'lost') return this.flow.abandon(new LeaseLostError('the lease of the shard is another worker’s'))
    return this.flow.drain(this.#options.setting.pace.shutdownTimeoutMs, abortGraceMs)
  }

  async #read(): Promise<PassEnd> {
    this.#readAhead()
    for (;;) {
      const ended = await this.#readPage()
      if (ended !== undefined) return ended
    }
  }

  /** A function of its own, so that nothing of a page is kept while the one after the next is read: the collector copies it. */
  async #readPage(): Promise<PassEnd | undefined> {
    const { answer, isBehindLatest } = await this.#nextPage
    if (answer.status === 'stopped') return { how: 'stopped' }
    this.#options.onRead()
    if (answer.status !== 'records') return this.#allRead(answer.status)
    this.#isCaughtUp = answer.records.length === 0
    await this.#room()
    this.#readAhead()
    await this.intake.take(answer.records, isBehindLatest)
    return undefined
  }

  /** The next page comes while this one is worked: one ahead, so that handlers wait for no answer of the service. */
  #readAhead(): void {
    this.#nextPage = this.#reader.read().then((answer) => ({ answer, isBehindLatest: this.#reader.isBehindLatest }))
    this.#nextPage.catch(() => {}) // told by who takes it; after the end of the pass nobody does
  }

  /**
   * Of a start at LATEST nobody else knows the place: the next owner looks for it by time, and may find an earlier one. So it
   * is durable before anything is handled. Otherwise, after a crash, an older change of an item could follow a newer one.
   */
  async #begin(): Promise<void> {
    if ((await this.#options.writer.saveStart(this.intake)) === 'lost')
      throw new LeaseLostError('the lease of the shard is another worker’s')
    this.#hasSavedStart = true
  }

  /** Waits while as much has been read ahead as may be. */
  async #room(): Promise<void> {
    if (this.intake.isFull) this.#options.onStalled()
    while (this.intake.isFull && !this.#over.signal.aborted) await this.intake.moved()
  }

  /** Nothing more comes. What was read can't be read again once the shard is finished or its data gone: it settles first. */
  async #allRead(how: 'end' | 'trimmed' | 'missing'): Promise<PassEnd> {
    if (how === 'end') this.intake.progress.checkEnd()
    this.#isCaughtUp = true
    const { signal } = this.#over
    while (this.intake.progress.unsettledCount > 0 && !signal.aborted) await this.intake.moved()
    return { how: signal.aborted ? 'stopped' : how }
  }
}

/** Also a ledger may be the first to see that the shard has another owner. */
function failure(error: unknown): PassEnd {
  return isTidemarkError(error, 'ERR_LEASE_LOST') ? { how: 'lost' } : { how: 'failed', error }
}
