import { EventHeap } from './event-heap.ts'
import type { SeededRandom } from './random.ts'

/**
 * Runs each of the given steps in a macrotask of its own, until one says that it was the last: whatever promises a step
 * has settled, all that follows from them has happened before the next step.
 */
export type Turns = (step: () => boolean) => Promise<void>

/** Why a run came to its end. */
export type RunEnd =
  | 'done'
  /** Nothing can happen any more, and what was waited for has not happened. */
  | 'deadlock'
  /** The time that was allowed has passed. */
  | 'late'
  /** More events than allowed: something goes in circles. */
  | 'endless'

/** How far a run may go. */
export interface RunLimits {
  readonly untilMs: number
  readonly maxEvents: number
}

/** Virtual time: events in the order of their times, those of one time in an order that the seed determines. */
export class Scheduler {
  readonly #heap = new EventHeap()
  readonly #ties: SeededRandom
  readonly #turns: Turns
  #now = 0
  #eventCount = 0

  constructor(random: SeededRandom, turns: Turns) {
    this.#ties = random
    this.#turns = turns
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** Lets `run` happen after `ms`, unless the returned function is called first. */
  after(ms: number, run: () => void): () => void {
    const event = { at: this.#now + Math.max(0, ms), tie: this.#ties.next(), run, cancelled: false }
    this.#heap.push(event)
    return () => {
      event.cancelled = true
    }
  }

  /** Lets events happen until `isDone`. What one event sets off in microtasks has ended before the next. */
  async run(isDone: () => boolean, limits: RunLimits): Promise<RunEnd> {
    let end: RunEnd | undefined
    const lastEvent = this.#eventCount + limits.maxEvents
    await this.#turns(() => {
      end = isDone() ? 'done' : this.#step(limits.untilMs, lastEvent)
      return end !== undefined
    })
    return end ?? 'done'
  }

  #step(untilMs: number, lastEvent: number): RunEnd | undefined {
    const event = this.#heap.pop()
    if (event === undefined) return 'deadlock'
    if (event.at > untilMs) {
      this.#heap.push(event)
      return 'late'
    }
    if (this.#eventCount >= lastEvent) return 'endless'
    this.#now = event.at
    this.#eventCount += 1
    event.run()
    return undefined
  }
}
