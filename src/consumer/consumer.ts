import { SettlementBook, type Settlement } from '../checkpoint/settlement.ts'
import { DeadlineError } from '../errors.ts'
import { Lanes } from '../lanes/lanes.ts'
import type { LedgerSession } from '../ledger/ledger.ts'
import { noLedgerSession } from '../ledger/no-ledger.ts'
import { ParkedRecords } from '../parking/parked-records.ts'
import type { ParkingLot } from '../parking/parking-lot.ts'
import type { RecordLocation } from '../record/decode.ts'
import type { Batch, RawRecord } from '../source/source.ts'
import { publish } from '../telemetry/channels.ts'
import { BatchRun } from './batch-run.ts'
import { BatchTime, type TimeLimits } from './batch-time.ts'
import { ConsumerParking } from './consumer-parking.ts'
import { examine, type Examined } from './examine.ts'
import { Flow, type FlowHost } from './flow.ts'
import type { Parker } from './parker.ts'
import { prepare } from './prepare.ts'
import { redelivery, type Redelivery } from './redelivery.ts'
import { redrive, type RedriveOptions, type RedriveReport } from './redrive.ts'
import { Report, type StoppedRecord } from './report.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { assertCarried } from './stream-needs.ts'
import { Stragglers } from './stragglers.ts'
import type { Work } from './work.ts'

/** What came of a batch. */
export interface BatchOutcome {
  /** By position; `undefined` where the record is not settled and has to come again. */
  readonly settlements: readonly (Settlement | undefined)[]
  /** The first position that is not settled: the source must keep it and all that follows. */
  readonly frontier: number
  /** Where each record stands, by position. */
  readonly locations: readonly RecordLocation[]
  /** The records at which lanes stopped, in the order in which that happened. */
  readonly stopped: readonly StoppedRecord[]
}

/**
 * The engine: what a host hands its batches to. Made by `createConsumer`.
 *
 *     source → decode → select → lanes → ledger → handler → settle → checkpoint
 *
 * The first and the last stage are the host's; those between are what `process` calls, in this order.
 */
export class Consumer {
  readonly name: string
  readonly #options: ResolvedOptions
  readonly #parking: ConsumerParking
  readonly #stragglers: Stragglers

  constructor(options: ResolvedOptions) {
    this.name = options.name
    this.#options = options
    this.#stragglers = new Stragglers(options.name, options.logger)
    this.#parking = new ConsumerParking(options)
  }

  /**
   * Works a batch: records of one item in order and one at a time, up to `concurrency` items at once; resolves with what
   * is settled. Rejects, with no handler run, when a record can't be located (`DecodeError`), the stream does not carry
   * what the consumer needs (`ConfigurationError`) or the ledger can't be read (`LedgerError`).
   */
  async process(batch: Batch, limits?: TimeLimits): Promise<BatchOutcome> {
    const { clock, name } = this.#options
    const startedAt = clock.monotonic()
    const recordCount = batch.records.length
    const book = new SettlementBook(recordCount)
    const { locations, works, barrier } = prepare(batch, this.#options, book)
    const stopped = works.length === 0 ? [] : await this.#work(works, book, limits)
    if (barrier !== undefined) stopped.push(this.#stopAtBarrier(barrier))
    const { frontier, settledCount } = book
    const durationMs = clock.monotonic() - startedAt
    publish('tidemark:batch:answered', () => ({ consumer: name, recordCount, settledCount, frontier, durationMs }))
    return { settlements: book.close(), frontier, locations, stopped }
  }

  /**
   * Begins a flow: the engine for a host that reads one shard continuously. Hosts call it; `createWorker` is one.
   */
  flow(host: FlowHost): Flow {
    return new Flow(this.#options, this.#stragglers, host, this.#parker)
  }

  /** What would become of a record, for tools that explain: nothing is handled and nothing asked of the ledger. */
  examine(raw: RawRecord): Examined {
    return examine(raw, this.#options)
  }

  /** What would become of records of a shard that a worker is handed again, for tools: nothing is handled, and nothing written. */
  redelivery(batch: Batch & { readonly shardId: string }): Promise<Redelivery> {
    return redelivery(batch, this.#options, this.#parker?.lot)
  }

  /** Throws a `ConfigurationError` when a stream of this view type lacks what the patterns or schemas need. */
  assertCarriedBy(viewType: string, tableName: string): void {
    assertCarried(this.#options, viewType, tableName)
  }

  /**
   * Works parked records off, lane by lane and each lane in its order, while the consumer goes on: what arrives for such a lane
   * meanwhile queues behind. A record that fails again leaves its lane parked, with its new error. Call it anywhere with
   * this consumer; a lane is worked by one caller at a time. Throws a `ConfigurationError` where nothing can be parked, and
   * a `LedgerError` when the lot or the ledger can't be read.
   */
  redrive(options: RedriveOptions = {}): Promise<RedriveReport> {
    return redrive(this.#options, this.#parking.lot, this.#stragglers, options)
  }

  /** What is parked: to list, look at, edit and drop. */
  get parked(): ParkedRecords {
    const { name, clock, random } = this.#options
    return new ParkedRecords({ consumer: name, lot: this.#parking.lot, clock, random })
  }

  /** Where to park when neither the ledger nor the options say it. Hosts call it. */
  useParkingLot(lot: ParkingLot): void {
    this.#parking.useLot(lot)
  }

  /** Throws a `ConfigurationError` when records are to be parked and there is nowhere to park them. */
  assertCanPark(): void {
    void this.#parker?.lot
  }

  get #parker(): ConsumerParking | undefined {
    return this.#options.onFailure === 'park' ? this.#parking : undefined
  }

  async #work(works: readonly Work[], book: SettlementBook, limits: TimeLimits | undefined): Promise<StoppedRecord[]> {
    const time = new BatchTime(this.#options.clock, limits)
    try {
      const [session, parker] = await this.#open(works, time, limits)
      const report = new Report(this.#options)
      const [options, signal, stragglers] = [this.#options, time.signal, this.#stragglers]
      const repeating = new Map<string, Promise<void>>()
      const run = new BatchRun({
        ...{ options, session, book, report, stopping: signal, signal, stragglers },
        ...{ busy: new Map(), repeating, ...(parker === undefined ? {} : { parker }) },
      })
      const lanes = new Lanes<Work>(this.#options.concurrency, (work, lend) => run.work(work, lend))
      for (const work of works) lanes.enqueue(work.laneKey, work)
      lanes.start()
      await time.within('handle', lanes.idle())
      this.#stragglers.leave(lanes.working)
      session.drain?.()
      // Before the answer: one that outran its marks would let the source forget records of which the ledger, after a
      // crash right here, knows nothing.
      await time.within('answer', run.flush())
      this.#stragglers.leave(repeating)
      book.close()
      session.close()
      return report.stopped
    } finally {
      time.end()
    }
  }

  async #open(
    works: readonly Work[],
    time: BatchTime,
    limits: TimeLimits | undefined,
  ): Promise<[LedgerSession<unknown>, Parker | undefined]> {
    const opening = Promise.all([this.#openLedger(works, limits), this.#parker?.forBatch(works, this.#stragglers)])
    const opened = await time.within('handle', opening)
    if (opened !== undefined) return opened
    throw new DeadlineError(`the ledger of consumer '${this.name}' did not answer within the time of the batch`)
  }

  async #openLedger(works: readonly Work[], limits: TimeLimits | undefined): Promise<LedgerSession<unknown>> {
    const { ledger, name } = this.#options
    if (ledger === undefined) return noLedgerSession
    const batch = { consumer: name, entries: works.filter(({ record }) => record !== undefined) }
    return ledger.open(limits === undefined ? batch : { ...batch, remainingMs: limits.goneWithinMs })
  }

  #stopAtBarrier({ position, fault }: { readonly position: number; readonly fault: unknown }): StoppedRecord {
    this.#options.logger.error('a record does not say which item it is of; nothing behind it may run', {
      consumer: this.name,
      position,
      error: fault,
    })
    return { position, reason: 'poison', attempts: 0, error: fault }
  }
}
