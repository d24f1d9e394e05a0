import type { SeenLane, SeenParked, SeenPast } from './lot-rows.ts'

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
  /** Who noted an attempt in it last. */
  notedBy: string | undefined
  /** Something was parked in it by a delivery that was over. */
  isParkedInArrears: boolean
}
