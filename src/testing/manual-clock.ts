import type { Clock } from '../internal/clock.ts'
import { sleepBy } from '../internal/sleep-by.ts'

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets `ms` pass: what was due in that time runs, in order of its time, and what it sets off is given its turn. */
  advance(ms: number): Promise<void>
}

interface Timer {
  readonly dueAt: number
  readonly callback: () => void
}

/** Makes a clock for tests. @param startAt Epoch milliseconds at which it stands. Default: 2026-01-01T00:00:00Z. */
export function createManualClock(startAt: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0
  const timers = new Set<Timer>()
  const schedule = (ms: number, callback: () => void) => {
    const timer = { dueAt: elapsed + Math.max(0, ms), callback }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  return {
    now: () => Math.floor(startAt + elapsed), // whole, as a wall clock's time is
    monotonic: () => elapsed,
    schedule,
    sleep: sleepBy(schedule),
    async advance(ms) {
      await settled() // what was started just now may be about to set a timer
      const until = elapsed + ms
      for (let next = earliest(timers, until); next !== undefined; next = earliest(timers, until)) {
        elapsed = next.dueAt
        timers.delete(next)
        next.callback()
        await settled()
      }
      elapsed = until
      await settled()
    },
  }
}

function earliest(timers: ReadonlySet<Timer>, until: number): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (timer.dueAt <= until && timer.dueAt < (first?.dueAt ?? Infinity)) first = timer
  return first
}

// What a timer sets off goes on in microtasks; after this many turns any ordinary chain of awaits has run.
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve()
}
