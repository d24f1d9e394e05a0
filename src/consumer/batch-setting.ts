import type { Settling } from '../checkpoint/settlement.ts'
import type { LeaseContext } from '../handler/handler.ts'
import type { Resumption } from '../lanes/lanes.ts'
import type { LedgerSession } from '../ledger/ledger.ts'
import type { Parker } from './parker.ts'
import type { Report } from './report.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Stragglers } from './stragglers.ts'
import type { Work } from './work.ts'

/** What became of a record whose handler had succeeded: `next` when it is settled, else what its lane goes on with. */
export type Completed = Resumption

/** What the records of one batch share. */
export interface BatchSetting {
  readonly options: ResolvedOptions
  readonly session: LedgerSession<unknown>
  readonly book: Settling
  readonly report: Report
  /** Aborts when nothing more may be started. */
  readonly stopping: AbortSignal
  /** Aborts when what runs is to end as well: what handlers are given. */
  readonly signal: AbortSignal
  /** Of earlier batches. */
  readonly stragglers: Stragglers
  /** Identities at work, of which no two may run at once. Only a business id can be shared by two lanes. */
  readonly busy: Map<string, Promise<unknown>>
  /**
   * Handlers that run again since a shared transaction is repeated, by lane, each with its end: their lanes have gone on, or
   * are gone. Absent where nothing is left behind.
   */
  readonly repeating?: Map<string, Promise<void>>
  /** Where poison records go, and what is queued behind them; absent where their lanes stop. */
  readonly parker?: Parker
  /** The lease under which a worker handles the batch. */
  readonly lease?: LeaseContext
  /**
   * Asked right before each run of a handler; throws what forbids it. A look at the signals is not enough where a process
   * may have slept: what waits to be run may be resumed before the timer that would have aborted them.
   */
  assertMayRun?(): void
  /** A handler succeeded and its mark is on its way; `settled` resolves when it is known what became of it. */
  onCompleting?(work: Work, settled: Promise<Completed>): void
  /** It is known what became of the mark. */
  onCompleted?(work: Work): void
  /**
   * How it went with another record of the same identity that was handled by a session open beside this one, which this
   * one can't know of; `undefined` when there was none. Asked before each claim.
   */
  completedElsewhere?(work: Work): Promise<Completed> | undefined
  /** The ledger failed: nothing more of this batch is started. */
  onLedgerFailed?(error: unknown): void
}
