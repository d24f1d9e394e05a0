import type { Claim } from '../ledger/ledger.ts'
import type { LaneStep, Lend } from '../lanes/lanes.ts'
import type { ParkAnswer } from '../parking/parking-lot.ts'
import type { BatchSetting } from './batch-setting.ts'
import { deadly, full } from './faults.ts'
import type { Failing, Parker } from './parker.ts'
import type { RecordEnds } from './record-ends.ts'
import type { StoppedRecord } from './report.ts'
import type { Work } from './work.ts'

// The first attempt that is noted has others beside it, of which the process may have died; the second is run alone.
const fewestDeaths = 2

/** The ordinary way of a batch's records, where theirs meets it. */
export interface OrdinaryWay {
  readonly setting: BatchSetting
  readonly ends: RecordEnds
  /** Runs the record's handler, and goes on from there. */
  attempt(work: Work, claim: Claim, lend: Lend, attempt: number): Promise<LaneStep>
  /** Gives its claim back, and lets it fail. */
  giveUp(work: Work, claim: Claim, stopped: Omit<StoppedRecord, 'position'>): Promise<LaneStep>
  /** Waits for something outside of the record, which nothing waits for meanwhile. */
  standStill<Result>(work: Work, lend: Lend, wait: Promise<Result>): Promise<Result>
  /** Gives its claim back. */
  release(work: Work, claim: Claim): Promise<void>
}

/**
 * The way of records that the parking lot has to do with, between their claim and their settlement:
 *
 *     claimed ─ its lane is parked, or was ─▶ queued behind, or was settled there ─▶ settled as parked, or duplicate
 *        └───── open ─ the circuit lets it ─ attempts noted first, where it may kill the process ─▶ the ordinary way
 *     poison ── the circuit lets it ─ stored whole ─▶ settled as parked
 */
export class BesideLot {
  readonly #parker: Parker
  readonly #way: OrdinaryWay

  constructor(parker: Parker, way: OrdinaryWay) {
    this.#parker = parker
    this.#way = way
  }

  /** Whether the lane is parked or was lately, or the record may have killed a process, or most items fail alike. */
  concerns(work: Work): boolean {
    return this.#parker.circuit.isOpen || !this.#parker.isOrdinary(work)
  }

  /** Works a record that it concerns. */
  async work(work: Work, claim: Claim, lend: Lend): Promise<LaneStep> {
    const { stopping } = this.#way.setting
    const answer = await this.#parker.queue(work)
    if (answer !== 'open') {
      await this.#way.release(work, claim)
      return this.#inLot(work, answer, undefined)
    }
    const { circuit } = this.#parker
    const isProbe = circuit.isOpen
    const admits = circuit.admits(work.laneKey, stopping)
    if (isProbe) await this.#way.standStill(work, lend, admits)
    if (await admits) return isProbe ? this.#probe(work, claim, lend) : this.#workSuspect(work, claim, lend)
    return this.#way.giveUp(work, claim, { reason: 'systemic', attempts: 0, error: circuit.error() })
  }

  /** A probe ends with the time of its batch, though a handler may outlive that: as long as one is under way, no other is tried. */
  async #probe(work: Work, claim: Claim, lend: Lend): Promise<LaneStep> {
    const { stopping } = this.#way.setting
    const over = () => this.#parker.circuit.probed(work.laneKey)
    stopping.addEventListener('abort', over, { once: true })
    try {
      return await this.#workSuspect(work, claim, lend)
    } finally {
      stopping.removeEventListener('abort', over)
      over()
    }
  }

  /** Stored whole before it is settled: settled first, a crash in between would lose it. */
  async park(work: Work, failing: Failing): Promise<LaneStep> {
    const { ends, setting } = this.#way
    if (!this.#parker.circuit.mayPark(work.laneKey, failing.error))
      return ends.stopped(work, { ...failing, reason: 'systemic' })
    // The marks of its lane before it: were it in the lot before them, then after a crash it could be redriven before those
    // records run again, and an old state would stay.
    if (!setting.session.laneWaits) await setting.session.flush()
    if (ends.ledgerFailure !== undefined) return ends.ledgerFailed(work, failing.attempts, ends.ledgerFailure.error)
    const answer = await this.#parker.park(work, failing, this.#way.setting.stopping)
    return typeof answer === 'string'
      ? this.#inLot(work, answer, failing)
      : ends.stopped(work, { ...failing, ...answer })
  }

  /** Attempts that earlier processes have begun and not lived to tell of count, and so will this one. */
  async #workSuspect(work: Work, claim: Claim, lend: Lend): Promise<LaneStep> {
    const { setting, attempt, giveUp, standStill } = this.#way
    // The turn that was lent may have come back after the time of the batch.
    if (setting.stopping.aborted)
      return giveUp(work, claim, { reason: 'systemic', attempts: 0, error: setting.stopping.reason })
    const earlier = this.#parker.notedAttempts(work)
    if (earlier >= Math.max(fewestDeaths, setting.options.retry.maxAttempts))
      return giveUp(work, claim, { reason: 'poison', attempts: earlier, error: deadly(work, earlier) })
    if (earlier === 0 && !this.#parker.isSuspect(work)) return attempt(work, claim, lend, 1)
    // Its turn ends when its mark is durable: given on with its handler's end, the death of the next one would count against it
    // too. So those in the queue must not be waited for: its commit would wait for theirs, and they for it.
    const end = earlier === 0 ? undefined : await standStill(work, lend, this.#parker.alone())
    try {
      setting.stopping.throwIfAborted()
      // Before the attempt: noted behind it, one that kills the process would never count.
      await this.#parker.note(work, earlier + 1)
      setting.stopping.throwIfAborted() // the note may have taken longer than the batch has time
      const step = await attempt(work, claim, lend, earlier + 1)
      if (end !== undefined && !setting.session.laneWaits) await lend(setting.session.flush())
      return step
    } catch (error) {
      if (earlier === 0) await this.#parker.forgetAttempts(work) // it has not begun
      return await giveUp(work, claim, { reason: 'systemic', attempts: 0, error })
    } finally {
      end?.()
    }
  }

  #inLot(work: Work, answer: ParkAnswer, failing: Failing | undefined): LaneStep {
    const { setting, ends } = this.#way
    if (answer === 'full')
      return ends.stopped(work, { reason: 'poison', attempts: 0, ...failing, error: full(work, failing) })
    setting.session.leave?.(work, 'settled')
    return answer === 'settled' ? ends.duplicate(work) : ends.parked(work, failing)
  }
}
