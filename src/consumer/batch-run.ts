import { retryAttempts, type FailedAttempt } from '../handler/attempts.ts'
import { aborted } from '../internal/aborted.ts'
import { isThenable } from '../internal/thenable.ts'
import { stepOf, type LaneStep, type Lend, type Suspended, type Worked } from '../lanes/lanes.ts'
import type { Claim, ClaimOutcome } from '../ledger/ledger.ts'
import type { BatchSetting, Completed } from './batch-setting.ts'
import type { BesideLot } from './beside-lot.ts'
import { Completions } from './completions.ts'
import { uncertainty } from './faults.ts'
import { HandlerRuns } from './handler-runs.ts'
import { RecordEnds } from './record-ends.ts'
import type { StoppedRecord } from './report.ts'
import type { Work } from './work.ts'

// Between two looks at a record that another owner is working on; each look costs a write unit and up to two requests.
const inProgressPollMs = 500

/**
 * The life of each record of one batch, from its turn in its lane to its settlement:
 *
 *     turn ─ claim ─▶ completed ───────────────────────────▶ settled as duplicate
 *              │────▶ uncertain ──────────────────▶ poison
 *              │────▶ in progress elsewhere ─ wait, ask again
 *              └────▶ claimed ─ attempts ─▶ succeeded ─ mark durable ─▶ settled as handled
 *                      │  ▲         │             ├─ its mark was there ▶ settled as duplicate
 *                      │  └─────────┼── refused ──┘
 *                      │            └─────▶ given up ─ release ─▶ systemic: lane stops; or poison
 *                      └─ its lane is parked ─▶ the way beside the lot
 *
 * Poison stops its lane, or goes the way beside the lot too, where there is one.
 *
 * `stopping` aborting, or the ledger failing, means that nothing more is started. A handler that outlives that goes on,
 * and if it succeeds its mark is still written, for the effect did happen; the closed book keeps it out of the answer.
 */
export class BatchRun {
  readonly #setting: BatchSetting
  readonly #ends: RecordEnds
  readonly #handler: HandlerRuns
  readonly #completions: Completions
  readonly #besideLot: BesideLot | undefined

  constructor(setting: BatchSetting) {
    this.#setting = setting
    this.#ends = new RecordEnds(setting)
    this.#handler = new HandlerRuns(setting)
    this.#completions = new Completions(setting, this.#ends, this.#retry.bind(this))
    this.#besideLot = setting.parker?.besideLot({
      ...{ setting, ends: this.#ends },
      attempt: (work, claim, lend, attempt) => stepOf(this.#attempt(work, claim, lend, attempt), lend),
      ...{ giveUp: this.#giveUp.bind(this), release: this.#release.bind(this) },
      standStill: this.#standStill.bind(this),
    })
  }

  /** Works one record; never rejects. */
  work(work: Work, lend: Lend): Worked {
    // This runs once a record, and is plain calls as far as nothing has to be waited for: an async function that returns
    // another's promise costs more than all the rest of the engine.
    return this.#setting.stragglers.areNone ? this.#begin(work, lend) : this.#beginAfterStraggler(work, lend)
  }

  /** Makes durable what has completed so far; resolves when each such record is settled or known not to be. */
  async flush(): Promise<void> {
    await this.#setting.session.flush()
    await this.#completions.over()
  }

  /** A handler of an earlier batch still runs for this item: two at once would break the item's order. */
  async #beginAfterStraggler(work: Work, lend: Lend): Promise<LaneStep | Suspended> {
    const { stragglers, stopping, parker } = this.#setting
    const { laneKey } = work
    for (let end = stragglers.of(laneKey); end !== undefined && !stopping.aborted; end = stragglers.of(laneKey)) {
      await this.#standStill(work, lend, Promise.race([end, aborted(stopping)]))
      parker?.doubt(work)
    }
    return this.#begin(work, lend)
  }

  #begin(work: Work, lend: Lend): Worked {
    const { stopping, options } = this.#setting
    if (stopping.aborted) return this.#ends.stopped(work, { reason: 'systemic', attempts: 0, error: stopping.reason })
    const { ledgerFailure } = this.#ends
    if (ledgerFailure !== undefined) return this.#ends.ledgerFailed(work, 0, ledgerFailure.error)
    if (work.record === undefined) return this.#fail(work, { reason: 'poison', attempts: 0, error: work.fault })
    return typeof options.identity === 'function' ? this.#claimAlone(work, lend) : this.#claim(work, lend)
  }

  /** Two records with one business id may sit in two lanes: the second waits until it is known how the first ended. */
  async #claimAlone(work: Work, lend: Lend): Promise<LaneStep> {
    const { busy } = this.#setting
    const key = work.idempotencyKey
    for (let other = busy.get(key); other !== undefined; other = busy.get(key))
      await this.#standStill(work, lend, other)
    const step = stepOf(this.#claim(work, lend), lend)
    busy.set(key, step)
    try {
      return await step
    } finally {
      busy.delete(key)
    }
  }

  #claim(work: Work, lend: Lend): Worked {
    const elsewhere = this.#setting.completedElsewhere?.(work)
    if (elsewhere !== undefined) return this.#afterOther(work, elsewhere, lend)
    const answer = this.#setting.session.claim(work)
    if (!(answer instanceof Promise)) return this.#workGranted(work, answer, lend)
    return answer.then(
      (outcome) => this.#workGranted(work, outcome, lend),
      (error: unknown) => this.#ends.ledgerFailed(work, 0, error),
    )
  }

  /** Only when the other's mark is durable is this a duplicate: settled before, it could be forgotten and that one lost. */
  async #afterOther(work: Work, other: Promise<Completed>, lend: Lend): Promise<LaneStep | Suspended> {
    const { stopping } = this.#setting
    if ((await this.#standStill(work, lend, other)) === 'next') {
      this.#setting.session.leave?.(work, 'settled')
      return this.#ends.duplicate(work)
    }
    if (stopping.aborted) return this.#ends.stopped(work, { reason: 'systemic', attempts: 0, error: stopping.reason })
    return this.#claim(work, lend)
  }

  /** Waits for something outside of the record: others that are to be marked in order must not wait for it in their turn. */
  #standStill<Result>(work: Work, lend: Lend, wait: Promise<Result>): Promise<Result> {
    this.#setting.session.leave?.(work, 'stopped')
    return lend(wait)
  }

  #workGranted(work: Work, outcome: ClaimOutcome, lend: Lend): Worked {
    // The answer to a claim may come after the time of the batch: then the claim is given back and nothing is started.
    const { stopping } = this.#setting
    if (stopping.aborted) return this.#outOfTime(work, outcome, stopping.reason)
    switch (outcome.status) {
      case 'claimed':
        return this.#workClaimed(work, outcome.claim, lend)
      case 'completed':
        return this.#ends.duplicate(work)
      case 'in-progress':
        return this.#askAgain(work, outcome.until, lend)
      case 'uncertain':
        return this.#fail(work, { reason: 'poison', attempts: 0, error: uncertainty(work, outcome) })
    }
  }

  #outOfTime(work: Work, outcome: ClaimOutcome, error: unknown): Promise<LaneStep> | LaneStep {
    const stopped = { reason: 'systemic', attempts: 0, error } as const
    if (outcome.status === 'completed') return this.#ends.duplicate(work)
    return outcome.status === 'claimed' ? this.#giveUp(work, outcome.claim, stopped) : this.#ends.stopped(work, stopped)
  }

  #workClaimed(work: Work, claim: Claim, lend: Lend): Worked {
    const besideLot = this.#besideLot
    if (besideLot?.concerns(work) !== true) return this.#attempt(work, claim, lend, 1)
    return besideLot.work(work, claim, lend).catch((error: unknown) => this.#ends.ledgerFailed(work, 0, error))
  }

  #attempt(work: Work, claim: Claim, lend: Lend, attempt: number): Worked {
    let first: unknown
    try {
      first = this.#handler.run(work, claim, attempt)
    } catch (error) {
      return this.#retry(work, claim, lend, { attempt, error })
    }
    if (!isThenable(first)) return this.#completions.complete(work, claim, attempt, lend)
    // Awaited by hand, as `await` would: the one promise that is made here is all that a handler costs that succeeds.
    return Promise.resolve(first).then(
      () => this.#completions.complete(work, claim, attempt, lend),
      (error: unknown) => this.#retry(work, claim, lend, { attempt, error }),
    )
  }

  async #retry(work: Work, claim: Claim, lend: Lend, failed: FailedAttempt): Promise<LaneStep | Suspended> {
    const { options, stopping, report, parker } = this.#setting
    const { retry, clock, random } = options
    parker?.failed(work)
    const onRetry = (attempt: number, delayMs: number, error: unknown) => report.retry(work, attempt, delayMs, error)
    const invoke =
      parker === undefined
        ? (attempt: number) => this.#handler.run(work, claim, attempt)
        : async (attempt: number) => {
            await parker.note(work, attempt)
            stopping.throwIfAborted() // the note may have taken longer than the batch has time
            return this.#handler.run(work, claim, attempt)
          }
    const setting = { retry, clock, random, signal: stopping, lend, onRetry }
    const ended = await retryAttempts(failed, invoke, setting)
    if (ended.status === 'succeeded') return this.#completions.complete(work, claim, ended.attempts, lend)
    // This process has lived to tell of them: left noted, they would be taken for deaths at the next delivery.
    await parker?.forgetAttempts(work)
    return this.#giveUp(work, claim, ended)
  }

  async #askAgain(work: Work, until: number, lend: Lend): Promise<LaneStep | Suspended> {
    const { options, stopping } = this.#setting
    const pollMs = inProgressPollMs * (1 + options.random.next())
    await lend(options.clock.sleep(Math.max(1, Math.min(pollMs, until - options.clock.now())), stopping))
    if (stopping.aborted) return this.#ends.stopped(work, { reason: 'systemic', attempts: 0, error: stopping.reason })
    return this.#claim(work, lend)
  }

  async #giveUp(
    work: Work,
    claim: Claim,
    { attempts, reason, error }: Omit<StoppedRecord, 'position'>,
  ): Promise<LaneStep> {
    // Before it is parked, too: died in between, it is tried again; the other way round its redrive would find a claim that
    // nobody ever gives back.
    await this.#release(work, claim)
    return this.#fail(work, { attempts, reason, error })
  }

  async #release(work: Work, claim: Claim): Promise<void> {
    try {
      // Before the host is answered: a claim still held would make the next delivery wait until it expires.
      await this.#setting.session.release(claim)
    } catch (releaseError) {
      this.#setting.report.claimKept(work, releaseError)
    }
  }

  #fail(work: Work, stopped: Omit<StoppedRecord, 'position'>): Promise<LaneStep> | LaneStep {
    const besideLot = this.#besideLot
    // A handler that outlived its batch may fail beside the one that has come after it: it says nothing any more.
    if (besideLot === undefined || stopped.reason !== 'poison' || this.#setting.stopping.aborted)
      return this.#ends.stopped(work, stopped)
    return besideLot
      .park(work, stopped)
      .catch((error: unknown) => this.#ends.ledgerFailed(work, stopped.attempts, error))
  }
}
