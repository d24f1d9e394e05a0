import type { Item } from '../../embedded/item.ts'
import type { ClaimOwners } from '../claim-owners.ts'
import type { Change, History } from '../history.ts'
import { DeathWatch } from './death-watch.ts'
import {
  contentOf,
  lotKeyOf,
  openedShard,
  seenLane,
  seenParked,
  seenPast,
  writtenKeys,
  type LotKey,
  type SeenLane,
  type SeenParked,
  type SeenPast,
} from './lot-rows.ts'
import type { NetworkFaults } from '../network-faults.ts'
import type { ParkingHabits } from './parking-habits.ts'
import type { ParkingMark } from './parking-marks.ts'
import { ReasonJudge } from './reason-judge.ts'
import { nothingRepeated, noteRepeated, type WatchedLane, watchedLane } from './watched-lane.ts'
import { textOf } from '../seen-lease.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'
import { changeOf, type SeenRecord } from '../stream-change.ts'

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
 * Watches a consumer's parking lot from outside: each row that is written, and each handler that is begun beside it. It
 * knows the rows' format (ARCHITECTURE.md), and shares no code with the lot.
 */
export class LotOracle {
  readonly #setting: LotOracleSetting
  readonly #lanes = new Map<string, WatchedLane>()
  readonly #laneOfItem = new Map<string, WatchedLane>()
  readonly #contents = new Map<string, string>()
  readonly #changes = new Map<string, Change>()
  readonly #parked = new Map<string, SeenParked>()
  readonly #left = new Map<string, SeenPast>()
  readonly #drops = new Set<string>()
  readonly #edits = new Map<string, string | undefined>()
  // Who opened each shard last
  readonly #openers = new Map<string, string>()
  readonly #deaths = new DeathWatch()
  readonly #reasons: ReasonJudge

  constructor(setting: LotOracleSetting) {
    this.#setting = setting
    this.#reasons = new ReasonJudge(setting)
  }

  /** Actors that could not give a claim back. */
  get troubled(): Set<string> {
    return this.#reasons.troubled
  }

  /** The lanes that are parked. */
  get parkedLanes(): readonly WatchedLane[] {
    return [...this.#lanes.values()].filter(({ row }) => row.isParked)
  }

  /** Whether a record is in the lot, or was and has left it. */
  hasSettled({ eventId }: Change): boolean {
    return this.#parked.has(eventId) || this.#left.has(eventId)
  }

  /** Whether what is left of an item's order is nobody's fault; see `isOver`. */
  isExcused(itemKey: string): boolean {
    const lane = this.#laneOfItem.get(itemKey)
    // What such a one repeats was settled, and is a duplicate, wherever there are marks.
    const isForgetful = this.#setting.history.habits.ledger === 'none'
    return lane?.isParkedInArrears === true || (isForgetful && lane?.isRepeatedLate === true)
  }

  /** Records reached somebody. */
  delivered(records: readonly SeenRecord[]): void {
    for (const record of records) {
      const change = changeOf(record)
      if (this.#changes.has(change.eventId)) {
        if (this.#left.has(change.eventId)) this.#setting.mark('record that left the lot delivered again')
        continue
      }
      this.#changes.set(change.eventId, change)
      this.#contents.set(change.eventId, contentOf(record))
    }
  }

  /** A person is about to drop a record. */
  willDrop(eventId: string, reason: string): void {
    this.#drops.add(`${eventId} ${reason}`)
  }

  /** The host calls a handler. */
  began(change: Change, actor: string): void {
    this.#deaths.heard(actor)
    const lane = this.#laneOfItem.get(change.itemKey)
    if (lane === undefined || lane.isParkedInArrears) return
    if (lane.row.isParked) this.#violate(`${actor} runs ${change.eventId} while ${change.itemKey} is parked`)
    const past = this.#left.get(change.eventId)
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
    const lane = this.#laneOfItem.get(itemKey)
    if (lane?.holder !== actor) {
      this.#violate(`${actor} redrives ${eventId}, whose lane is ${String(lane?.holder)}'s`)
      return 0
    }
    const record = this.#parked.get(eventId)
    if (record === undefined) this.#violate(`${actor} redrives ${eventId}, which is not in the lot`)
    else if (record.position !== lane.firstRead.get(actor))
      this.#violate(`${actor} redrives ${eventId} before what stands before it`)
    if (this.#edits.get(eventId) !== edited) this.#violate(`${eventId} is redriven as it was before it was edited`)
    return lane.heldSince
  }

  /**
   * Whether a redriver that has lost its lane has its effect when others have settled the record, and may be far behind it.
   * As long as it is in the lot, nothing behind it has run: then the effect counts, and its mark is a true one.
   */
  isTooLate({ itemKey, eventId }: Change, actor: string): boolean {
    if (this.#laneOfItem.get(itemKey)?.holder === actor) return false
    this.#setting.mark('effect of a redriver that had lost its lane')
    return this.#left.has(eventId)
  }

  /** A process of the host dies of a record; see `DeathWatch`. */
  killedBy(change: Change, isDue: boolean): void {
    this.#setting.mark('process killed by a record')
    const { maxAttempts } = this.#setting.history.habits
    const complaint = this.#deaths.killedBy(change, this.#lanes.values(), isDue, maxAttempts)
    if (complaint !== undefined) this.#violate(complaint)
  }

  /** A process of the host died, for whatever reason, or is stopped until nobody knows when. */
  silenced(actor: string): void {
    this.#deaths.silenced(actor, this.#lanes.values())
  }

  /** An operation was applied. */
  applied(operation: string, input: object, sender: string): void {
    if (operation === 'Query') return this.#read(input, sender)
    if (operation === 'UpdateItem') {
      const { Key } = input as { readonly Key?: Item }
      const key = lotKeyOf(Key)
      const opened = openedShard(Key)
      if (opened !== undefined) this.#openers.set(opened, sender)
      const isOurs = key?.consumer === this.#setting.history.consumer
      if (isOurs && key.kind === 'lane' && Key !== undefined) this.#laneWritten(key, Key, sender)
      return
    }
    if (operation !== 'TransactWriteItems') return
    const keys = writtenKeys(input)
    // What became of records first, then the records, then what the lane's row says of them.
    for (const kind of ['past', 'record', 'lane'] as const)
      for (const Key of keys) {
        const key = lotKeyOf(Key)
        if (key?.kind !== kind || key.consumer !== this.#setting.history.consumer) continue
        if (key.kind === 'lane') this.#laneWritten(key, Key, sender)
        else if (key.kind === 'record') this.#recordWritten(key, Key, sender)
        else this.#pastWritten(key, Key)
      }
  }

  /** At the end, when everything is redriven. */
  concluded(): void {
    for (const { laneId, row, records } of this.#lanes.values())
      if (row.isParked || records.size > 0)
        this.#violate(`lane ${laneId} is parked at the end, with ${records.size} records`)
  }

  #read(input: object, sender: string): void {
    const values = (input as { readonly ExpressionAttributeValues?: Item }).ExpressionAttributeValues
    const [, consumer, laneId] = (textOf(values?.[':pk']) ?? '').split('#')
    if (laneId === undefined || consumer !== this.#setting.history.consumer) return
    if (textOf(values?.[':from'])?.startsWith('record#') !== true) return
    const lane = this.#lane(laneId)
    const first = [...lane.records.keys()].toSorted()[0]
    if (first !== undefined) lane.firstRead.set(sender, first)
  }

  #pastWritten({ laneId, position }: LotKey & { readonly position: string }, Key: Item): void {
    const row = this.#setting.database().row(Key)
    const lane = this.#lane(laneId)
    if (row === undefined || lane.past.has(position)) return
    const past = seenPast(row)
    lane.past.set(position, past)
    const record = lane.records.get(position)
    if (record === undefined) return this.#violate(`${position} has left the lot, in which it was not`)
    this.#left.set(record.eventId, past)
    this.#judgeFate(record, past)
  }

  #judgeFate({ eventId }: SeenParked, { outcome, by, reason }: SeenPast): void {
    const { history, mark } = this.#setting
    const change = this.#changes.get(eventId)
    if (change === undefined) return this.#violate(`${eventId} was in the lot, and nobody has delivered it`)
    const { effects, markedAt, returnedCount } = history.of(change)
    const isMarked = history.habits.ledger !== 'none' && history.habits.ledger !== 'memory'
    if (by === '') this.#violate(`nobody is told to have settled ${eventId}`)
    if (outcome === 'dropped') {
      mark('parked record dropped')
      if (!this.#drops.has(`${eventId} ${String(reason)}`))
        this.#violate(`${eventId} was dropped, and nobody wanted it so`)
      history.givenUp.add(eventId)
    } else if (outcome === 'filtered') {
      if (history.isSelected(change)) this.#violate(`${eventId} left the lot as filtered, and is selected`)
    } else if (effects.length === 0) this.#violate(`${eventId} left the lot as ${outcome} before its effect`)
    else if (isMarked ? markedAt === undefined : returnedCount === 0)
      this.#violate(`${eventId} left the lot as ${outcome} before that was durable`)
    else if (outcome === 'duplicate') mark('parked record found handled')
  }

  #recordWritten({ laneId, position }: LotKey & { readonly position: string }, Key: Item, sender: string): void {
    const lane = this.#lane(laneId)
    const before = lane.records.get(position)
    const row = this.#setting.database().row(Key)
    if (row === undefined) {
      if (before === undefined) return
      lane.records.delete(position)
      this.#parked.delete(before.eventId)
      if (!lane.past.has(position)) this.#violate(`${before.eventId} is gone from the lot, and nothing says why`)
      if (lane.holder !== sender)
        this.#violate(`${sender} takes ${before.eventId} out of ${String(lane.holder)}'s lane`)
      return
    }
    const record = seenParked(position, row)
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(record)) return
    lane.records.set(position, record)
    this.#parked.set(record.eventId, record)
    if (before === undefined) this.#judgeParked(lane, record, sender)
    else this.#judgeRewritten(lane, before, record, sender)
  }

  #judgeParked(lane: WatchedLane, record: SeenParked, sender: string): void {
    const { mark, parking, isOver } = this.#setting
    const { eventId, position, errorName, content } = record
    lane.itemKey = this.#changes.get(eventId)?.itemKey ?? lane.itemKey
    this.#laneOfItem.set(lane.itemKey, lane)
    if (lane.past.has(position)) this.#violate(`${eventId} is in the lot again, which it had left`)
    if (this.#contents.get(eventId) !== content) this.#violate(`${eventId} is in the lot, and not as it was delivered`)
    if (isOver(sender, eventId)) lane.isParkedInArrears = true
    const opener = this.#openers.get(record.shard ?? '') ?? sender
    if (opener !== sender) this.#violate(`${sender} parks ${eventId} of a shard that ${opener} has opened since`)
    if (this.#isRedrivenBefore(lane, position)) lane.isRepeatedLate = true
    if (lane.holder !== undefined) mark('record arrives while its lane is redriven')
    if ([...lane.records.keys()].some((other) => other > position)) mark('record queued before others')
    const { maxPerLane = Infinity } = parking
    if (lane.records.size >= maxPerLane) mark('lane full')
    if (lane.records.size > maxPerLane)
      this.#violate(`there are ${lane.records.size} records in ${lane.itemKey}'s lane`)
    if (errorName === undefined) {
      mark('record parked behind others')
      if (!lane.row.isParked) this.#violate(`${eventId} is parked behind others, and its lane is open`)
      return
    }
    mark('record parked')
    this.#reasons.judge(lane, record, sender, this.#deaths)
  }

  /** Whether what stands behind a record has been redriven, or may be just now. */
  #isRedrivenBefore({ past, records, holder }: WatchedLane, position: string): boolean {
    const stands = (places: Iterable<string>) => [...places].some((other) => other > position)
    return stands(past.keys()) || (holder !== undefined && stands(records.keys()))
  }

  #judgeRewritten(lane: WatchedLane, before: SeenParked, record: SeenParked, sender: string): void {
    const { mark } = this.#setting
    if (lane.holder !== sender) this.#violate(`${sender} writes ${record.eventId} in ${String(lane.holder)}'s lane`)
    if (before.editedAt !== record.editedAt && before.content !== record.content) {
      mark('parked record edited')
      lane.isRepeatedLate = true // without marks it may run once more, and as it came
      this.#edits.set(record.eventId, record.edited)
    } else if (before.content !== record.content) this.#violate(`the edit of ${record.eventId} is lost`)
    else mark('parked record failed again')
  }

  #laneWritten({ laneId }: LotKey, Key: Item, sender: string): void {
    const lane = this.#lane(laneId)
    const { row: before, records, itemKey } = lane
    const after = seenLane(this.#setting.database().row(Key))
    lane.row = after
    if (after.noted !== undefined && (before.noted !== after.noted || before.notedCount !== after.notedCount)) {
      lane.notedBy = sender
      this.#deaths.noted(after.noted, sender)
    }
    if (before.holder !== after.holder) this.#heldBy(lane, before, sender)
    if (after.isParked && after.recordCount !== records.size)
      this.#violate(`${itemKey}'s lane says ${after.recordCount} records, and has ${records.size}`)
    if (before.isParked && !after.isParked) {
      lane.repeated = nothingRepeated
      this.#setting.mark('lane opened')
      if (records.size > 0) this.#violate(`${itemKey}'s lane opens with ${records.size} records left`)
    }
    if (
      before.isParked &&
      after.isParked &&
      before.holder !== undefined &&
      after.holder === undefined &&
      records.size > 0
    )
      this.#setting.mark('lane let go with a record left')
  }

  #heldBy(lane: WatchedLane, before: SeenLane, sender: string): void {
    const { holder, heldSince } = lane
    const { now, wallNow, parking } = this.#setting
    lane.holder = lane.row.holder === undefined ? undefined : sender
    lane.heldSince = now()
    if (before.holder === undefined) return
    if (lane.holder === undefined) {
      if (sender !== holder) this.#violate(`${sender} lets go of ${String(holder)}'s lane ${lane.itemKey}`)
      return
    }
    this.#setting.mark('lane taken from a dead redriver')
    if (wallNow() + 2 * parking.skewMs + 1 < before.heldUntil)
      this.#violate(`${sender} takes ${lane.itemKey} from ${String(holder)}, who has it since ${now() - heldSince} ms`)
  }

  #lane(laneId: string): WatchedLane {
    const known = this.#lanes.get(laneId)
    if (known !== undefined) return known
    const lane = watchedLane(laneId)
    this.#lanes.set(laneId, lane)
    return lane
  }

  #violate(message: string): void {
    this.#setting.violate(message)
  }
}
