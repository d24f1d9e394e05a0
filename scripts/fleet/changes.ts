import { changeOf, type Change } from './facts.ts'
import type { JournalEntry } from './journal.ts'

/** What happened to one version of a key, in the order in which it was noted. */
export interface ChangeStory {
  readonly key: string
  readonly n: number
  readonly started: readonly JournalEntry[]
  readonly done: readonly JournalEntry[]
}

/** Sorts entries by the change they are about. */
export function storiesOf(entries: readonly JournalEntry[]): ReadonlyMap<Change, ChangeStory> {
  const stories = new Map<Change, { key: string; n: number; started: JournalEntry[]; done: JournalEntry[] }>()
  for (const entry of entries.toSorted((one, other) => one.at - other.at)) {
    const change = changeOf(entry)
    const story = stories.get(change) ?? { key: entry.key, n: entry.n, started: [], done: [] }
    if (entry.kind === 'started') story.started.push(entry)
    if (entry.kind === 'done') story.done.push(entry)
    stories.set(change, story)
  }
  return stories
}
