import { changeOf, type Change, type Disturbance } from './facts.ts'
import type { ChangeStory } from './changes.ts'
import type { JournalEntry } from './journal.ts'
import type { Effect } from './repeats.ts'

/**
 * Handlers of a key that began before any handler of the version before was done. It holds whatever is killed or paused:
 * nobody goes on to a version before the one before it is settled, and it is settled only after its handler returned.
 */
export function orderViolations(stories: ReadonlyMap<Change, ChangeStory>): readonly string[] {
  const violations: string[] = []
  for (const { key, n, started } of stories.values()) {
    const [began] = started
    if (n === 1 || began === undefined) continue
    const before = stories.get(changeOf({ key, n: n - 1 }))?.done[0]
    if (before === undefined) violations.push(`${key}@${n} began (${place(began)}), ${key}@${n - 1} was never done`)
    else if (before.at > began.at)
      violations.push(`${key}@${n} began (${place(began)}) before ${key}@${n - 1} was done (${place(before)})`)
  }
  return violations
}

/** Handlers of one key that ran side by side in one process. */
export function overlapViolations(entries: readonly JournalEntry[]): readonly string[] {
  const violations: string[] = []
  const running = new Map<string, JournalEntry>()
  for (const entry of entries.toSorted((one, other) => one.at - other.at)) {
    const lane = `${entry.worker}/${entry.key}`
    const other = running.get(lane)
    if (entry.kind !== 'started') running.delete(lane)
    else if (other === undefined) running.set(lane, entry)
    else violations.push(`${changeOf(entry)} began (${place(entry)}) while ${changeOf(other)} ran (${place(other)})`)
  }
  return violations
}

/** Changes whose handler succeeded twice under one epoch: whoever holds a lease knows what it did. */
export function doneTwice(entries: readonly JournalEntry[]): readonly string[] {
  const done = new Map<string, JournalEntry>()
  return entries.flatMap((entry) => {
    if (entry.kind !== 'done') return []
    const name = `${changeOf(entry)} ${entry.shardId} ${entry.epoch}`
    const before = done.get(name)
    done.set(name, entry)
    return before === undefined ? [] : [`${changeOf(entry)} (${place(entry)}), after ${place(before)}`]
  })
}

/** Handlers that began under an epoch when one of a later epoch of the shard had begun: their worker had no right left. */
export function zombieStarts(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const later = new Map<string, { epoch: number; at: number }>()
  const zombies: JournalEntry[] = []
  for (const entry of entries.filter(({ kind }) => kind === 'started').toSorted((one, other) => one.at - other.at)) {
    const latest = later.get(entry.shardId)
    if (latest === undefined || entry.epoch > latest.epoch) later.set(entry.shardId, entry)
    else if (entry.epoch < latest.epoch) zombies.push(entry)
  }
  return zombies
}

/** Those of a worker beyond one for each time it stood still: between its check and the handler's first line is room for one. */
export function unexcusedZombies(
  zombies: readonly JournalEntry[],
  disturbances: readonly Disturbance[],
): readonly string[] {
  const stood = (name: string) =>
    disturbances.filter(({ kind, worker }) => worker === name && (kind === 'pause' || kind === 'stall')).length
  return [...new Set(zombies.map(({ worker }) => worker))]
    .map((name) => zombies.filter(({ worker }) => worker === name))
    .filter((ofOne) => ofOne.length > stood(ofOne[0]?.worker ?? ''))
    .flatMap((ofOne) => ofOne.map((entry) => `${changeOf(entry)} (${place(entry)})`))
}

/** Names what happened where and when. */
export function place({ worker, epoch, shardId, at }: Omit<Effect, 'key' | 'n'>): string {
  return `${worker}, epoch ${epoch} of ${shardId.slice(-8)}, at ${at.toFixed(1)}`
}
