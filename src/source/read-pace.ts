/** How fast a shard is read. */
export interface ReadPaceOptions {
  /**
   * GetRecords calls a second while there is something to read. The service documents no limit; its refusals begin at
   * about 5 a shard, which all readers of the shard share. `Infinity`: as fast as it answers.
   */
  readonly maxReadsPerSecond: number
  /** Between two looks at a shard in which nothing happens, in milliseconds: what an idle shard's reading costs. */
  readonly idlePollMs: number
}

/** What has come of the reads so far. */
export interface ReadHistory {
  /** When the last GetRecords was sent, monotonic ms; -Infinity before the first. */
  readonly sentAt: number
  /** Pages without records in a row. */
  readonly emptyCount: number
  /** Calls in a row that failed in passing. */
  readonly failureCount: number
}

/** Before anything was read. */
export const noReads: ReadHistory = { sentAt: -Infinity, emptyCount: 0, failureCount: 0 }

const firstIdleMs = 200
const firstBackoffMs = 200
const longestBackoffMs = 10_000

/**
 * When the next read is due, monotonic ms.
 *
 * Behind: as soon as the rate allows, evenly spaced, for the service counts over any second. Idle: 200 ms, doubling up to
 * `idlePollMs`, since a page without records says neither that the shard is empty nor that it will stay so. After a failure:
 * uniformly random below an exponential ceiling (full jitter; M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015), so that two readers of a shard do not refuse each other in step.
 *
 * @param jitter In [0, 1), drawn once a failure.
 */
export function nextReadAt(history: ReadHistory, options: ReadPaceOptions, jitter: number): number {
  const { sentAt, emptyCount, failureCount } = history
  const spacingMs = 1000 / options.maxReadsPerSecond
  const idleMs = emptyCount === 0 ? 0 : Math.min(options.idlePollMs, firstIdleMs * 2 ** (emptyCount - 1))
  const ceilingMs = failureCount === 0 ? 0 : Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failureCount - 1))
  return sentAt + Math.max(spacingMs, failureCount === 0 ? idleMs : Math.floor(jitter * ceilingMs))
}
