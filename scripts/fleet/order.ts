import { changeOf, type Change } from './facts.ts'
import type { ChangeStory } from './changes.ts'
import type { JournalEntry } from './journal.ts'

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

export function place({ worker, epoch, shardId, at }: JournalEntry): string {
  return `${worker}, epoch ${epoch} of ${shardId.slice(-8)}, at ${at.toFixed(1)}`
}
