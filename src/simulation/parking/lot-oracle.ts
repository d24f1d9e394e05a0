import type { ClaimOwners } from '../claim-owners.ts'
import type { Change, History } from '../history.ts'
import type { NetworkFaults } from '../network-faults.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'
import type { SeenRecord } from '../stream-change.ts'
import { DeathWatch } from './death-watch.ts'
import { LimitJudge } from './limit-judge.ts'
import { LotBook } from './lot-book.ts'
import type { ParkingHabits } from './parking-habits.ts'
import type { ParkingMark } from './parking-marks.ts'
import { RowJudge } from './row-judge.ts'
import { SinkJudge } from './sink-judge.ts'
import { noteRepeated, type WatchedLane } from './watched-lane.ts'

/** What a lot's oracle judges with. */
export interface LotOracleSetting {
  readonly history: History
  readonly parking: ParkingHabits
  readonly claims: ClaimOwners
  readonly network: NetworkFaults
  readonly database: () => SimulatedDatabase
  readonly now: () => number
  /** The world's wall clock. */
  readonly wallNow: () => number
  /**
   * Whether the delivery in which a record was to be parked is over, so that it may have been handled in a later one. Where
   * there is no lease, nothing can refuse what such a one still sends.
   */
  readonly isOver: (sender: string, eventId: string) => boolean
  readonly violate: (message: string) => void
  readonly mark: (mark: ParkingMark) => void
}

/**
 * Watches a consumer's parking lot from outside: each row that is written (`rows`), and each handler that is begun beside
 * it. Both know the rows' format (ARCHITECTURE.md), and share no code with the lot.
 */
export class LotOracle {
  /** Told of each row, by who watches where the lot is. */
  readonly rows: RowJudge
  /** Told of each letter to a sink. */
  readonly sinks: SinkJudge
  /** Told when somebody counts what is parked. */
  readonly limit: LimitJudge
  readonly #setting: LotOracleSetting
  readonly #book = new LotBook()
  readonly #deaths = new DeathWatch()

  constructor(setting: LotOracleSetting) {
    this.#setting = setting
    this.sinks = new SinkJudge(setting, this.#book)
    this.limit = new LimitJudge(setting, this.#book)
    this.rows = new RowJudge(setting, this.#book, { deaths: this.#deaths, sinks: this.sinks, limit: this.limit })
  }

  /** Actors that could not give a claim back. */
  get troubled(): Set<string> {
    return this.rows.troubled
  }

  /** The lanes that are parked. */
  get parkedLanes(): readonly WatchedLane[] {
    return [...this.#book.lanes].filter(({ row }) => row.isParked)
  }

  /** Whether a record is in the lot, or was and has left it. */
  hasSettled({ eventId }: Change): boolean {
    return this.#book.parked.has(eventId) || this.#book.left.has(eventId)
  }

  /** Whether what is left of an item's order is nobody's fault; see `isOver`. */
  isExcused(itemKey: string): boolean {
    const lane = this.#book.laneOf(itemKey)
    // What such a one repeats was settled, and is a duplicate, wherever there are marks.
    const isForgetful = this.#setting.history.habits.ledger === 'none'
    return lane?.isParkedInArrears === true || (isForgetful && lane?.isRepeatedLate === true)
  }

  /** Records reached somebody. */
  delivered(records: readonly SeenRecord[]): void {
    for (const record of records)
      if (!this.#book.delivered(record) && this.#book.left.has(record.eventID ?? ''))
        this.#setting.mark('record that left the lot delivered again')
  }

  /** A person is about to drop a record. */
  willDrop(eventId: string, reason: string): void {
    const { drops } = this.#book
    drops.set(eventId, (drops.get(eventId) ?? new Set()).add(reason))
  }

  /** The host calls a handler. */
  began(change: Change, actor: string): void {
    this.#deaths.heard(actor)
    this.#book.tried.add(change.eventId)
    const lane = this.#book.laneOf(change.itemKey)
    if (lane === undefined || lane.isParkedInArrears) return
    if (lane.row.isParked) this.#violate(`${actor} runs ${change.eventId} while ${change.itemKey} is parked`)
    const past = this.#book.left.get(change.eventId)
    if (past === undefined) noteRepeated(lane, change.sequenceNumber)
    // Without a memory of its own a consumer repeats what ran before the lane was parked, and then what comes behind it.
    const isRepeated = this.#setting.history.habits.ledger === 'none' && lane.repeated < change.sequenceNumber
    if (past !== undefined && isRepeated) lane.isRepeatedLate = true // should it fail for good, it stays a duplicate
    if (past !== undefined && (past.outcome === 'dropped' || !isRepeated))
      this.#violate(`${change.eventId} runs, which has left the lot as ${past.outcome}`)
  }

  /** A redriver calls a handler, with a record that says it was edited so. @returns since when it has the lane. */
  redriven(change: Change, actor: string, edited: string | undefined): number {
    const { eventId, itemKey } = change
    const lane = this.#book.laneOf(itemKey)
    if (lane?.holder !== actor) {
      this.#violate(`${actor} redrives ${eventId}, whose lane is ${String(lane?.holder)}'s`)
      return 0
    }
    const record = this.#book.parked.get(eventId)
    if (record === undefined) this.#violate(`${actor} redrives ${eventId}, which is not in the lot`)
    else if (record.position !== lane.firstRead.get(actor))
      this.#violate(`${actor} redrives ${eventId} before what stands before it`)
    if (this.#book.edits.get(eventId) !== edited) this.#violate(`${eventId} is redriven as it was before it was edited`)
    return lane.heldSince
  }

  /**
   * Whether a redriver that has lost its lane has its effect when others have settled the record, and may be far behind it.
   * As long as it is in the lot, nothing behind it has run: then the effect counts, and its mark is a true one.
   */
  isTooLate({ itemKey, eventId }: Change, actor: string): boolean {
    if (this.#book.laneOf(itemKey)?.holder === actor) return false
    this.#setting.mark('effect of a redriver that had lost its lane')
    return this.#book.left.has(eventId)
  }

  /** A process of the host dies of a record; see `DeathWatch`. */
  killedBy(change: Change, isDue: boolean): void {
    this.#setting.mark('process killed by a record')
    const { maxAttempts } = this.#setting.history.habits
    const complaint = this.#deaths.killedBy(change, this.#book.lanes, isDue, maxAttempts)
    if (complaint !== undefined) this.#violate(complaint)
  }

  /** A process of the host died, for whatever reason, or is stopped until nobody knows when. */
  silenced(actor: string): void {
    this.#deaths.silenced(actor, this.#book.lanes)
  }

  /** Somebody has read a lane's records, from the first. */
  recordsRead(laneId: string, sender: string): void {
    const { records, firstRead } = this.#book.lane(laneId)
    const [first] = [...records.keys()].toSorted()
    if (first !== undefined) firstRead.set(sender, first)
  }

  /** At the end, when everything is redriven. */
  concluded(): void {
    for (const { laneId, row, records } of this.#book.lanes)
      if (row.isParked || records.size > 0)
        this.#violate(`lane ${laneId} is parked at the end, with ${records.size} records`)
  }

  #violate(message: string): void {
    this.#setting.violate(message)
  }
}
