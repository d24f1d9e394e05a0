import type { Change } from '../history.ts'
import { changeOf, type SeenRecord } from '../stream-change.ts'
import { contentOf, type SeenParked, type SeenPast } from './lot-rows.ts'
import { type WatchedLane, watchedLane } from './watched-lane.ts'

/** What is known of a lot: its lanes, what is in it and what has left it, and what was delivered to those who park. */
export class LotBook {
  readonly parked: Map<string, SeenParked> = new Map()
  readonly left: Map<string, SeenPast> = new Map()
  readonly changes: Map<string, Change> = new Map()
  /** Events with which a host has called a handler. */
  readonly tried: Set<string> = new Set()
  /** By event: the reasons for which people have wanted it dropped. */
  readonly drops: Map<string, Set<string | undefined>> = new Map()
  /** By event: what a person has written into it. */
  readonly edits: Map<string, string | undefined> = new Map()
  readonly #lanes = new Map<string, WatchedLane>()
  readonly #laneOfItem = new Map<string, WatchedLane>()
  readonly #contents = new Map<string, string>()

  get lanes(): Iterable<WatchedLane> {
    return this.#lanes.values()
  }

  lane(laneId: string): WatchedLane {
    const known = this.#lanes.get(laneId)
    if (known !== undefined) return known
    const lane = watchedLane(laneId)
    this.#lanes.set(laneId, lane)
    return lane
  }

  laneOf(itemKey: string): WatchedLane | undefined {
    return this.#laneOfItem.get(itemKey)
  }

  /** A record is in the lot, or was written anew there. */
  put(lane: WatchedLane, record: SeenParked): void {
    lane.records.set(record.position, record)
    this.parked.set(record.eventId, record)
    lane.itemKey = this.changes.get(record.eventId)?.itemKey ?? lane.itemKey
    this.#laneOfItem.set(lane.itemKey, lane)
  }

  takeOut(lane: WatchedLane, { position, eventId }: SeenParked): void {
    lane.records.delete(position)
    this.parked.delete(eventId)
  }

  /** @returns whether it was not delivered before. */
  delivered(record: SeenRecord): boolean {
    const change = changeOf(record)
    if (this.changes.has(change.eventId)) return false
    this.changes.set(change.eventId, change)
    this.#contents.set(change.eventId, contentOf(record))
    return true
  }

  /** Whether a record in the lot, or its original, is as it was delivered. */
  isWhole({ eventId, content }: Pick<SeenParked, 'eventId' | 'content'>): boolean {
    return this.#contents.get(eventId) === content
  }
}
