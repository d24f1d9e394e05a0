import { seenLane, type SeenLane, type SeenParked, type SeenPast } from './lot-rows.ts'

/** A lane, as its rows have told it so far. */
export interface WatchedLane {
  readonly laneId: string
  itemKey: string
  row: SeenLane
  readonly records: Map<string, SeenParked>
  readonly past: Map<string, SeenPast>
  /** Who holds it, and since when. */
  holder: string | undefined
  heldSince: number
  /** By reader: the first of its records when it was last read. */
  readonly firstRead: Map<string, string>
  /** The earliest record that has run since it opened, and was not in the lot. */
  repeated: bigint
  /** Who noted an attempt in it last. */
  notedBy: string | undefined
  /** Something was parked in it by a delivery that was over. */
  isParkedInArrears: boolean
  /** A record was queued before others that were redriven already, or were about to be; or one that had left the lot runs again. */
  isRepeatedLate: boolean
}

/** Later than any record. */
export const nothingRepeated: bigint = 10n ** 80n

/** A record that was not in the lot runs in a lane that has been. */
export function noteRepeated(lane: WatchedLane, sequenceNumber: bigint): void {
  if (sequenceNumber < lane.repeated) lane.repeated = sequenceNumber
}

/** A lane of which nothing is known yet. */
export function watchedLane(laneId: string): WatchedLane {
  return {
    ...{ laneId, itemKey: laneId, row: seenLane(undefined), records: new Map(), past: new Map() },
    ...{ holder: undefined, heldSince: 0, firstRead: new Map(), repeated: nothingRepeated, notedBy: undefined },
    ...{ isParkedInArrears: false, isRepeatedLate: false },
  }
}
