import { ConfigurationError } from '../errors.ts'
import type { LaneState } from './parking-lot.ts'

/** Those of the lanes that are parked; where one is named, by its id or the beginning of it, that one alone, if it is. */
export function parkedLanes(states: readonly LaneState[], laneId?: string): LaneState[] {
  const parked = states.filter((state) => state.parked !== undefined)
  if (laneId === undefined) return parked
  const named = parked.filter((state) => state.laneId.startsWith(laneId))
  if (named.length <= 1) return named
  throw new ConfigurationError(`'${laneId}' is the beginning of ${named.length} parked lanes; give more of its id`)
}
