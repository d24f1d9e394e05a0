import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Counts what happened to records in this process. */
export interface Tally {
  readonly handledCount: number
  readonly duplicateCount: number
  readonly filteredCount: number
  readonly retryCount: number
  readonly releasedCount: number
  end(): void
}

const countedBy = {
  'tidemark:record:handled': 'handledCount',
  'tidemark:record:duplicate': 'duplicateCount',
  'tidemark:record:filtered': 'filteredCount',
  'tidemark:record:retry': 'retryCount',
  'tidemark:lease:released': 'releasedCount',
} as const

/** Begins to count. */
export function startTally(): Tally {
  const counts = { handledCount: 0, duplicateCount: 0, filteredCount: 0, retryCount: 0, releasedCount: 0 }
  const listeners = Object.entries(countedBy).map(([name, count]) => [name, () => (counts[count] += 1)] as const)
  for (const [name, count] of listeners) subscribe(name, count)
  return Object.assign(counts, {
    end: () => {
      for (const [name, count] of listeners) unsubscribe(name, count)
    },
  })
}
