import type { FleetView } from './fleet-view.ts'

// With less than this left there is little time to mend what holds a shard up before the stream forgets.
const trimSoonMs = 4 * 3_600_000

/** What somebody should look at, a sentence each, with what to do; `--check` fails when there is any. */
export function problemsOf({
  consumer,
  table,
  paused,
  workers,
  shards,
  heldUp,
  parked,
  trimInMs,
}: FleetView): readonly string[] {
  const alive = workers.filter((worker) => worker.alive)
  const open = shards.filter(({ state }) => state !== 'finished' && state !== 'waiting')
  const idle = open.filter(({ state }) => state === 'orphaned' || state === 'free')
  const halted = open.filter(({ state }) => state === 'halted')
  return [
    ...(shards.every(({ state }) => state === 'waiting')
      ? [`consumer '${consumer}' has no shard of ${table}: it was never started, or is called otherwise`]
      : []),
    ...(open.length > 0 && alive.length === 0 && paused === undefined ? ['no worker is alive: start one'] : []),
    ...(alive.length > 0 && idle.length > 0 && paused === undefined
      ? [`${counted(idle.length, 'shard')} nobody reads: look again in 20 s`]
      : []),
    ...(halted.length > 0
      ? [`${counted(halted.length, 'shard')} halted before lost changes: start workers with --on-gap continue`]
      : []),
    ...(heldUp.length > 0
      ? [`${counted(heldUp.length, 'item')} held up: see the worker's log for "poison" or "waiting"`]
      : []),
    ...(parked.length > 0 ? [`${counted(parked.length, 'item')} parked: see "tidemark parked list ${consumer}"`] : []),
    ...(trimInMs !== undefined && trimInMs < trimSoonMs
      ? ['changes that are not settled will soon be trimmed by the stream, and lost']
      : []),
  ]
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}
