import { setMaxListeners } from 'node:events'
import type { Settling } from '../checkpoint/settlement.ts'
import { LeaseLostError, type TidemarkError } from '../errors.ts'
import type { LeaseContext } from '../handler/handler.ts'
import { Lanes, stepOf, Suspended, type LaneStep, type Lend, type Worked } from '../lanes/lanes.ts'
import type { LedgerSession, LedgerShard, ShardLedger } from '../ledger/ledger.ts'
import { noLedgerSession } from '../ledger/no-ledger.ts'
import type { Batch } from '../source/source.ts'
import type { Completed } from './batch-setting.ts'
import type { ConsumerParking } from './consumer-parking.ts'
import { FlowPage, type OnSettled } from './flow-page.ts'
import { HandledIdentities } from './handled-identities.ts'
import { MarksUnderWay } from './marks-under-way.ts'
import type { Parker } from './parker.ts'
import { prepare } from './prepare.ts'
import { Report } from './report.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Stragglers } from './stragglers.ts'
import { StuckLanes, type StuckLane } from './stuck-lanes.ts'
import type { OwnerDeath } from './suspicion.ts'
import type { Work } from './work.ts'

// Lanes that wait for a turn while others have theirs: more than a moment's work for any concurrency.
const fewWaiting = 64

/** What a flow is run for. */
export interface FlowHost {
  readonly lease: LeaseContext
  readonly tableName: string
  readonly streamLabel: string
  /** When the lease's row was made, epoch ms. */
  readonly leaseCreatedAt: number
  /** An owner of the lease died, and not all that it had under way may have been survived since. */
  readonly death?: OwnerDeath
  /** Whether this process may still work under its lease: asked right before each run of a handler. */
  mayWork(): boolean
}

interface FlowWork {
  readonly page: FlowPage
  readonly report: Report
  readonly work: Work
}

/**
 * The engine without end, for a host that reads a shard continuously: pages are admitted one behind the other, and a lane
 * runs through all of them.
 *
 *     running ── drain ──▶ draining: nothing is started, what runs goes on ── all ended or time is up ──▶ ended
 *        │                                                                                                  ▲
 *        ├────── the ledger failed: draining, and `failed` resolves. The host begins again at its checkpoint │
 *        └────── abandon ──▶ what runs is aborted as well ──────────────────────────────────────────────────┘
 *
 * A lane that stops is not dropped, as it is in a batch: the flow is its own next delivery, and runs the same record again
 * after a while. Nothing later of that lane runs meanwhile.
 */
export class Flow {
  /** Resolves with what went wrong when the flow can't go on. */
  readonly failed: Promise<unknown>
  readonly #options: ResolvedOptions
  readonly #host: FlowHost
  readonly #lanes: Lanes<FlowWork>
  readonly #stragglers: Stragglers
  readonly #stopping = new AbortController()
  readonly #aborting = new AbortController()
  readonly #pages = new Set<FlowPage>()
  readonly #busy = new Map<string, Promise<unknown>>()
  readonly #repeating = new Map<string, Promise<void>>()
  readonly #shardLedger: ShardLedger<unknown> | undefined
  readonly #stuck: StuckLanes
  readonly #marks = new MarksUnderWay()
  // Where an identity can come twice, and there is a ledger that keeps it from being handled twice.
  readonly #handled: HandledIdentities | undefined
  #onRoom: (() => void) | undefined
  #fail: (error: unknown) => void = () => {}

  readonly #parking: ConsumerParking | undefined
  #parker: Promise<Parker> | undefined
  #openedParker: Parker | undefined

  constructor(options: ResolvedOptions, stragglers: Stragglers, host: FlowHost, parking: ConsumerParking | undefined) {
    this.#parking = parking
    this.#options = options
    this.#host = host
    this.#stragglers = stragglers
    this.#handled = options.identity === 'record' || options.ledger === undefined ? undefined : new HandledIdentities()
    this.#shardLedger = options.ledger?.openShard?.(shardOf(options, host))
    this.#stuck = new StuckLanes(options)
    this.#lanes = new Lanes(options.concurrency, (item, lend) => this.#work(item, lend))
    this.failed = new Promise((resolve) => (this.#fail = resolve))
    void this.#shardLedger?.failed?.then((error) => this.#ledgerFailed(error))
    setMaxListeners(0, this.#stopping.signal, this.#aborting.signal)
    this.#stopping.signal.addEventListener('abort', () => this.#onRoom?.(), { once: true })
  }

  /** Lanes that stand still at a record, by lane. */
  get stuck(): ReadonlyMap<string, StuckLane> {
    return this.#stuck.lanes
  }

  /** Lanes of the table that are parked, as this flow has found them when it began, with those that it has parked itself. */
  get parkedLanes(): readonly string[] {
    return this.#openedParker?.parkedLanes ?? []
  }

  /**
   * Takes the next records of the shard, behind all that were admitted before. Those of which `isSettled` says so are
   * passed over. `onSettled` is called, now or later, once for each other record that is settled.
   *
   * Rejects as `Consumer.process` does; and with a `DecodeError` at a record whose item can't be told: what stands before it
   * was admitted, and nothing behind it may be.
   */
  async admit(batch: Batch, isSettled: (position: number) => boolean, onSettled: OnSettled): Promise<void> {
    const book = { settle: onSettled }
    const { works, barrier } = prepare(batch, this.#options, book)
    const open = works.filter(({ position }) => !isSettled(position))
    if (open.length > 0) await this.#admitOpen(open, book)
    if (barrier !== undefined) throw barrier.fault
  }

  async #admitOpen(open: readonly Work[], book: Settling): Promise<void> {
    const number = this.#handled?.opening() ?? 0
    // The lot is opened once, with the first page: what an earlier owner has parked until then is known from here on.
    this.#parker ??= this.#parking?.forShard(shardOf(this.#options, this.#host), this.#host.death, this.#stragglers)
    const [session, parker] = await Promise.all([this.#openLedger(open), this.#parker])
    this.#openedParker = parker
    const report = new Report(this.#options)
    const page: FlowPage = new FlowPage(
      {
        ...{ options: this.#options, session, book, report, stragglers: this.#stragglers, busy: this.#busy },
        repeating: this.#repeating,
        ...{ stopping: this.#stopping.signal, signal: this.#aborting.signal, lease: this.#host.lease },
        ...(parker === undefined ? {} : { parker }),
        assertMayRun: () => this.#assertMayRun(),
        onCompleting: (work, settled) => this.#noteMark(work, page, settled),
        onCompleted: (work) => this.#marks.ended(work),
        completedElsewhere: (work) => this.#handled?.elsewhere(work.idempotencyKey, page),
        onLedgerFailed: (error) => this.#ledgerFailed(error),
      },
      open.length,
      number,
    )
    this.#pages.add(page)
    for (const work of open) this.#lanes.enqueue(work.laneKey, { page, report, work })
    this.#lanes.start()
  }

  /**
   * Resolves when lanes, or the commits of what they did, are about to run out of work. What is admitted earlier is only kept
   * waiting, and what is kept long is dear to the garbage collector. Lanes that stand still do not count: they may be joined
   * by as much as comes.
   */
  async room(): Promise<void> {
    while (!this.#hasRoom && !this.#stopping.signal.aborted)
      await new Promise<void>((resolve) => (this.#onRoom = resolve))
  }

  get #hasRoom(): boolean {
    return this.#lanes.waitingCount <= fewWaiting && this.#shardLedger?.isBehind !== true
  }

  /** Makes durable what has completed so far, and has it settled. */
  async flush(): Promise<void> {
    await Promise.all(Array.from(this.#pages, (page) => page.flush()))
  }

  /**
   * Starts nothing more and waits for what runs, `withinMs` at most; then aborts it and waits `graceMs` more. What has
   * completed by then is durable and settled when this resolves; a handler that still runs keeps its item waiting.
   */
  async drain(withinMs: number, graceMs: number): Promise<void> {
    const reason = new LeaseLostError('the worker hands the shard over; the record is handled by its next owner')
    this.#stopping.abort(reason)
    this.#shardLedger?.drain?.('starts-nothing')
    await this.#idleWithin(withinMs, this.#aborting.signal)
    this.#aborting.abort(reason)
    await this.#idleWithin(graceMs)
    this.#shardLedger?.drain?.('waits-for-nothing')
    await this.flush()
    this.#end()
    await this.#shardLedger?.close()
  }

  /**
   * Starts nothing more, aborts what runs, sends no mark more of what has completed: somebody else may have the shard already. A
   * handler that goes on and succeeds all the same still has its own written, which is the next of its lane.
   */
  abandon(reason: TidemarkError): void {
    this.#stopping.abort(reason)
    this.#aborting.abort(reason)
    this.#end()
    void this.#shardLedger?.close()
  }

  #end(): void {
    for (const page of this.#pages) page.close()
    const { shardId } = this.#host.lease
    this.#stragglers.leave(this.#lanes.working, shardId)
    this.#stragglers.leave(this.#repeating, shardId)
  }

  async #idleWithin(ms: number, cut?: AbortSignal): Promise<void> {
    const over = new AbortController()
    const signal = cut === undefined ? over.signal : AbortSignal.any([over.signal, cut])
    await Promise.race([this.#lanes.idle(), this.#options.clock.sleep(ms, signal)])
    over.abort()
  }

  async #openLedger(entries: readonly Work[]): Promise<LedgerSession<unknown>> {
    const { ledger, name } = this.#options
    if (ledger === undefined) return noLedgerSession
    if (this.#shardLedger !== undefined) return this.#shardLedger.open({ consumer: name, entries })
    return ledger.open({ consumer: name, entries: entries.filter(({ record }) => record !== undefined) })
  }

  #assertMayRun(): void {
    if (this.#host.mayWork()) return
    throw new LeaseLostError(
      'the worker could not renew its right to work in time; the record is handled by its next owner',
    )
  }

  #work(item: FlowWork, lend: Lend): Worked {
    this.#wakeRoom() // one lane less is waiting, though it may be long until anything is settled
    if (this.#stopping.signal.aborted) return 'stop'
    const marking = this.#marks.pageOf(item.work.laneKey)
    if (marking !== undefined && marking !== item.page) return this.#workAfterMark(marking, item, lend)
    return this.#after(item.page.work(item.work, lend), item, lend)
  }

  /**
   * Each page has its own session, and a session keeps marks in order only among its own. Were this record's mark durable
   * before that of the lane's last record, in the page before, a crash in between would run that one again and skip this.
   */
  async #workAfterMark(earlier: FlowPage, item: FlowWork, lend: Lend): Promise<LaneStep | Suspended> {
    await lend(earlier.flush())
    return this.#after(item.page.work(item.work, lend), item, lend)
  }

  #after(worked: Worked, item: FlowWork, lend: Lend): Worked {
    if (worked === 'next') return this.#next(item)
    if (worked === 'stop') return this.#stopped(item, lend)
    if (worked instanceof Promise) return worked.then((answer) => this.#after(answer, item, lend))
    const end = worked.end.then((resumption) =>
      resumption === 'next' ? this.#next(item) : () => this.#after(resumption(), item, lend),
    )
    return new Suspended(end)
  }

  #next(item: FlowWork): 'next' {
    this.#stuck.left(item.work)
    this.#wakeRoom()
    if (item.page.left()) void this.#closePage(item.page)
    return 'next'
  }

  async #stopped(item: FlowWork, lend: Lend): Promise<LaneStep> {
    const { work, report, page } = item
    for (let round = 1; ; round += 1) {
      const stopped = report.takeStopped(work.position)
      if (this.#stopping.signal.aborted || stopped === undefined) return 'stop'
      const delayMs = this.#stuck.stopped(work, stopped, round)
      this.#wakeRoom()
      await lend(this.#options.clock.sleep(delayMs, this.#stopping.signal))
      if (this.#stopping.signal.aborted) return 'stop'
      if ((await stepOf(page.work(work, lend), lend)) === 'next') return this.#next(item)
    }
  }

  /** What is durable is not known any more: only a fresh look at the ledger tells, and that is a new flow's. */
  #ledgerFailed(error: unknown): void {
    this.#stopping.abort(error)
    this.#fail(error)
  }

  #wakeRoom(): void {
    if (this.#onRoom === undefined || !this.#hasRoom) return
    this.#onRoom()
    this.#onRoom = undefined
  }

  #noteMark(work: Work, page: FlowPage, settled: Promise<Completed>): void {
    this.#handled?.add(work.idempotencyKey, page, settled) // not asked for where nobody wants it: it costs a hash
    if (page.laneWaits) return // then its mark is not under way any more when the lane goes on
    this.#marks.begun(work, page)
  }

  async #closePage(page: FlowPage): Promise<void> {
    await page.flush()
    page.close()
    this.#pages.delete(page)
    this.#handled?.closed(page.number)
  }
}

function shardOf({ name, identity }: ResolvedOptions, host: FlowHost): LedgerShard {
  const { lease, tableName, streamLabel, leaseCreatedAt } = host
  const { shardId, epoch, owner } = lease
  const recurs = identity !== 'record'
  return { consumer: name, tableName, streamLabel, shardId, epoch, leaseCreatedAt, owner, recurs }
}
