import type { DeathWatch } from './death-watch.ts'
import type { LimitJudge } from './limit-judge.ts'
import type { LotBook } from './lot-book.ts'
import type { LotOracleSetting } from './lot-oracle.ts'
import type { SeenLane, SeenParked, SeenPast } from './lot-rows.ts'
import { ReasonJudge } from './reason-judge.ts'
import type { SinkJudge } from './sink-judge.ts'
import { nothingRepeated, type WatchedLane } from './watched-lane.ts'

/** Who judges what else there is to a record in the lot. */
export interface OtherJudges {
  readonly deaths: DeathWatch
  readonly sinks: SinkJudge
  readonly limit: LimitJudge
}

/** Judges each row of a lot that is written, by whoever writes it. */
export class RowJudge {
  readonly #setting: LotOracleSetting
  readonly #book: LotBook
  readonly #others: OtherJudges
  readonly #reasons: ReasonJudge
  // Who opened each shard last
  readonly #openers = new Map<string, string>()

  constructor(setting: LotOracleSetting, book: LotBook, others: OtherJudges) {
    this.#setting = setting
    this.#book = book
    this.#others = others
    this.#reasons = new ReasonJudge(setting)
  }

  /** Actors that could not give a claim back. */
  get troubled(): Set<string> {
    return this.#reasons.troubled
  }

  /** A shard, as `label#shard`, is opened by who has its lease. */
  opened(shard: string, sender: string): void {
    this.#openers.set(shard, sender)
  }

  /** What became of a record. */
  past(laneId: string, position: string, past: SeenPast): void {
    const lane = this.#book.lane(laneId)
    if (lane.past.has(position)) return
    lane.past.set(position, past)
    const record = lane.records.get(position)
    if (record === undefined) return this.#violate(`${position} has left the lot, in which it was not`)
    this.#book.left.set(record.eventId, past)
    this.#judgeFate(record, past)
  }

  #judgeFate({ eventId }: SeenParked, { outcome, by, reason }: SeenPast): void {
    const { history, mark } = this.#setting
    const change = this.#book.changes.get(eventId)
    if (change === undefined) return this.#violate(`${eventId} was in the lot, and nobody has delivered it`)
    const { effects, markedAt, returnedCount } = history.of(change)
    const isMarked = history.habits.ledger !== 'none' && history.habits.ledger !== 'memory'
    if (by === '') this.#violate(`nobody is told to have settled ${eventId}`)
    if (outcome === 'dropped') {
      mark('parked record dropped')
      if (this.#book.drops.get(eventId)?.has(reason) !== true)
        this.#violate(`${eventId} was dropped, and nobody wanted it so`)
      history.givenUp.add(eventId)
    } else if (outcome === 'filtered') {
      if (history.isSelected(change)) this.#violate(`${eventId} left the lot as filtered, and is selected`)
    } else if (effects.length === 0) this.#violate(`${eventId} left the lot as ${outcome} before its effect`)
    else if (isMarked ? markedAt === undefined : returnedCount === 0)
      this.#violate(`${eventId} left the lot as ${outcome} before that was durable`)
    else if (outcome === 'duplicate') mark('parked record found handled')
  }

  /** A record; `undefined` when it is gone. */
  record(laneId: string, position: string, record: SeenParked | undefined, sender: string): void {
    const lane = this.#book.lane(laneId)
    const before = lane.records.get(position)
    if (record === undefined) {
      if (before !== undefined) this.#taken(lane, before, sender)
      return
    }
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(record)) return
    this.#book.put(lane, record)
    if (before === undefined) this.#judgeParked(lane, record, sender)
    else this.#judgeRewritten(lane, before, record, sender)
  }

  #taken(lane: WatchedLane, before: SeenParked, sender: string): void {
    this.#book.takeOut(lane, before)
    if (!lane.past.has(before.position)) this.#violate(`${before.eventId} is gone from the lot, and nothing says why`)
    if (lane.holder !== sender) this.#violate(`${sender} takes ${before.eventId} out of ${String(lane.holder)}'s lane`)
  }

  #judgeParked(lane: WatchedLane, record: SeenParked, sender: string): void {
    const { mark, parking, isOver } = this.#setting
    const { eventId, position, errorName } = record
    if (lane.past.has(position)) this.#violate(`${eventId} is in the lot again, which it had left`)
    if (!this.#book.isWhole(record)) this.#violate(`${eventId} is in the lot, and not as it was delivered`)
    if (isOver(sender, eventId)) lane.isParkedInArrears = true
    const opener = this.#openers.get(record.shard ?? '') ?? sender
    if (opener !== sender) this.#violate(`${sender} parks ${eventId} of a shard that ${opener} has opened since`)
    if (this.#isRedrivenBefore(lane, position)) lane.isRepeatedLate = true
    if (lane.holder !== undefined) mark('record arrives while its lane is redriven')
    if ([...lane.records.keys()].some((other) => other > position)) mark('record queued before others')
    this.#others.limit.parked(eventId, sender)
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
    this.#reasons.judge(lane, record, sender, this.#others.deaths)
    this.#others.sinks.parked(record, sender)
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
      this.#book.edits.set(record.eventId, record.edited)
    } else if (before.content !== record.content) this.#violate(`the edit of ${record.eventId} is lost`)
    else mark('parked record failed again')
  }

  /** A lane. */
  lane(laneId: string, after: SeenLane, sender: string): void {
    const lane = this.#book.lane(laneId)
    const { row: before, records, itemKey } = lane
    lane.row = after
    if (after.noted !== undefined && (before.noted !== after.noted || before.notedCount !== after.notedCount)) {
      lane.notedBy = sender
      this.#others.deaths.noted(after.noted, sender)
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

  #violate(message: string): void {
    this.#setting.violate(message)
  }
}
