import type { FailedAttempt } from '../handler/attempts.ts'
import { Outstanding } from '../internal/outstanding.ts'
import { stepOf, Suspended, type LaneStep, type Lend } from '../lanes/lanes.ts'
import type { Claim, Completion } from '../ledger/ledger.ts'
import type { BatchSetting, Completed } from './batch-setting.ts'
import type { RecordEnds } from './record-ends.ts'
import type { Work } from './work.ts'

/** Tries a record again after an attempt that has come to nothing. */
export type Retry = (work: Work, claim: Claim, lend: Lend, failed: FailedAttempt) => Promise<LaneStep | Suspended>

/**
 * What becomes of one batch's records when their handlers have succeeded:
 *
 *     succeeded ─ mark durable ─▶ settled as handled
 *         ├────── its mark was there, or that of a newer one ─▶ settled as duplicate
 *         ├────── refused ─▶ tried again, if its lane has waited for it
 *         └────── refused behind the back of its lane, or the ledger failed ─▶ the batch starts nothing more
 */
export class Completions {
  readonly #setting: BatchSetting
  readonly #ends: RecordEnds
  readonly #retry: Retry
  readonly #outstanding = new Outstanding()

  constructor(setting: BatchSetting, ends: RecordEnds, retry: Retry) {
    this.#setting = setting
    this.#ends = ends
    this.#retry = retry
  }

  /**
   * The mark goes out behind the handlers, and only once it is durable is the record settled. Were it settled first, a
   * crash in between would let the source forget a record of which the ledger knows nothing.
   */
  complete(work: Work, claim: Claim, attempt: number, lend: Lend): LaneStep | Suspended | Promise<LaneStep> {
    const { session, stopping, onCompleting, parker } = this.#setting
    parker?.circuit.succeeded()
    const durable = session.complete(claim)
    if (durable === undefined) return this.#handled(work, attempt)
    const number = this.#outstanding.begun()
    const settled = durable.then(
      (completion) => {
        this.#ended(work, number)
        return this.#completed(work, claim, attempt, lend, completion ?? undefined)
      },
      (error: unknown) => {
        this.#ended(work, number)
        // The effect happened, but nothing says so: the record comes again, with the same idempotency key.
        return this.#unsettled(work, attempt, error)
      },
    )
    onCompleting?.(work, settled)
    // Nobody else will flush for a handler that outlived its batch.
    if (stopping.aborted) void session.flush()
    if (!session.laneWaits) return 'next'
    // A shared transaction needs this lane's turn: others fill it. One of its own keeps it, or all lanes would send at once.
    const suspended = new Suspended(settled)
    return session.commitsAlone === true ? stepOf(suspended, (wait) => wait) : suspended
  }

  /** Resolves when it is known what became of all that has succeeded so far. */
  over(): Promise<void> {
    return this.#outstanding.over()
  }

  #ended(work: Work, number: number): void {
    this.#outstanding.ended(number)
    this.#setting.onCompleted?.(work)
  }

  #completed(work: Work, claim: Claim, attempt: number, lend: Lend, completion: Completion | undefined): Completed {
    switch (completion?.status) {
      case undefined:
      case 'completed':
        return this.#handled(work, attempt)
      case 'duplicate':
        return this.#ends.duplicate(work)
      case 'superseded':
        return this.#ends.superseded(work)
      case 'refused':
        // A lane that did not wait is past this record: it can't be run again here, and nothing behind it may count.
        if (!this.#setting.session.laneWaits) return this.#unsettled(work, attempt, completion.error)
        return () => this.#retry(work, claim, lend, { attempt, error: completion.error })
    }
  }

  #handled(work: Work, attempts: number): 'next' {
    const step = this.#ends.handled(work, attempts)
    this.#forgetAttempts(work)
    return step
  }

  #unsettled(work: Work, attempts: number, error: unknown): Completed {
    const step = this.#ends.ledgerFailed(work, attempts, error)
    this.#forgetAttempts(work) // left noted, what was refused would be taken for a death at the next delivery
    return () => step
  }

  #forgetAttempts(work: Work): void {
    const forgotten = this.#setting.parker?.forgetAttempts(work)
    if (forgotten !== undefined) void this.#until(forgotten)
  }

  async #until(end: Promise<unknown>): Promise<void> {
    const number = this.#outstanding.begun()
    await end
    this.#outstanding.ended(number)
  }
}
