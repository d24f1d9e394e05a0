import type { BatchSetting } from './batch-setting.ts'
import type { Failing } from './parker.ts'
import type { StoppedRecord } from './report.ts'
import type { Work } from './work.ts'

/** How records of one batch end: settled in its book, or stopped with their lanes, and told either way. */
export class RecordEnds {
  readonly #setting: BatchSetting
  #ledgerFailure: { readonly error: unknown } | undefined

  constructor(setting: BatchSetting) {
    this.#setting = setting
  }

  /** Why nothing more is to be started, once the ledger has failed. */
  get ledgerFailure(): { readonly error: unknown } | undefined {
    return this.#ledgerFailure
  }

  handled(work: Work, attempts: number): 'next' {
    this.#setting.book.settle(work.position, 'handled')
    this.#setting.report.handled(work, attempts)
    return 'next'
  }

  duplicate(work: Work): 'next' {
    this.#setting.book.settle(work.position, 'duplicate')
    this.#setting.report.duplicate(work)
    return 'next'
  }

  superseded(work: Work): 'next' {
    this.#setting.book.settle(work.position, 'duplicate')
    this.#setting.report.superseded(work)
    return 'next'
  }

  /** It is durable in the lot: for its own sake, or (`failing` absent) behind another of its lane. */
  parked(work: Work, failing: Failing | undefined): 'next' {
    this.#setting.book.settle(work.position, 'parked')
    this.#setting.report.parked(work, failing)
    return 'next'
  }

  stopped(work: Work, stopped: Omit<StoppedRecord, 'position'>): 'stop' {
    this.#setting.session.leave?.(work, 'stopped')
    this.#setting.report.stop(work, stopped)
    return 'stop'
  }

  /** What is durable is not known any more: nothing else of this batch is started. */
  ledgerFailed(work: Work, attempts: number, error: unknown): 'stop' {
    this.#ledgerFailure ??= { error }
    this.#setting.onLedgerFailed?.(error)
    return this.stopped(work, { reason: 'systemic', attempts, error })
  }
}
