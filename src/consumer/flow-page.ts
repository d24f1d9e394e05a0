import type { Settlement } from '../checkpoint/settlement.ts'
import type { Lend, Worked } from '../lanes/lanes.ts'
import type { LedgerSession } from '../ledger/ledger.ts'
import { BatchRun } from './batch-run.ts'
import type { BatchSetting } from './batch-setting.ts'
import type { Work } from './work.ts'

/** Told what is settled, by position in the page. */
export type OnSettled = (position: number, settlement: Settlement) => void

/**
 * One page of a flow at work: its own ledger session, open until each of its records is settled.
 *
 *     open ── every record settled or dropped, and its marks flushed ──▶ closed
 */
export class FlowPage {
  /** In the order in which the pages of a flow were opened. */
  readonly number: number
  readonly #session: LedgerSession<unknown>
  readonly #run: BatchRun
  #openCount: number

  constructor(setting: BatchSetting, openCount: number, number: number) {
    this.number = number
    this.#session = setting.session
    this.#run = new BatchRun(setting)
    this.#openCount = openCount
  }

  /** Whether a lane waits for what its record's mark comes to. */
  get laneWaits(): boolean {
    return this.#session.laneWaits
  }

  /** Works one record; never rejects. */
  work(work: Work, lend: Lend): Worked {
    return this.#run.work(work, lend)
  }

  /** One record less to work; true when it was the last. */
  left(): boolean {
    this.#openCount -= 1
    return this.#openCount === 0
  }

  /** Makes durable what has completed so far. */
  flush(): Promise<void> {
    return this.#run.flush()
  }

  /** What is not durable by now is not sent any more. */
  close(): void {
    this.#session.close()
  }
}
