/**
 * Things that have to happen now and then: an ensemble of runs in which one never does has not tested what it seems to
 * test. These are of every world; a world adds its own.
 */
export const commonMarks = [
  'reply lost after a write',
  'request lost',
  'request duplicated',
  'request throttled',
  'items left over',
  'late arrival of a dead actor',
  'server outage',
  'effect repeated',
  'duplicate skipped',
  'record poison',
  'item removed by time to live',
  'item inserted again',
  'shard rolled',
  'shard split',
] as const

/** One of {@link commonMarks}. */
export type CommonMark = (typeof commonMarks)[number]
