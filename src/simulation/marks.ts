/**
 * Things that have to happen now and then: an ensemble of runs in which one never does has not tested what it seems to
 * test.
 */
export const sometimes = [
  'reply lost after a write',
  'request lost',
  'request duplicated',
  'request throttled',
  'items left over',
  'late arrival of a dead actor',
  'server outage',
  'environment killed',
  'environment killed between an effect and its mark',
  'environment paused',
  'environment paused past its deadline',
  'invocation timed out',
  'answer partial',
  'answer at the deadline',
  'environment thawed with work left over',
  'claim held by another',
  'claim uncertain',
  'claim found to be ours',
  'effect repeated',
  'duplicate skipped',
  'record given up',
  'record undecodable',
  'record poison',
  'item removed by time to live',
  'item inserted again',
  'shard rolled',
  'shard split',
  'operator decides',
] as const

/** One of {@link sometimes}. */
export type Mark = (typeof sometimes)[number]
