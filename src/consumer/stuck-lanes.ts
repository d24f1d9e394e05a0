import { retryDelayMs } from '../handler/retry-policy.ts'
import type { StoppedRecord } from './report.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Work } from './work.ts'

// Between two deliveries of the record at which a lane stopped. A poison one is tried again too, for what it stumbles over
// may be mended, but it has had its attempts already.
const systemicRetry = { baseDelayMs: 1_000, maxDelayMs: 30_000, maxAttempts: Infinity }
const poisonRetry = { baseDelayMs: 5_000, maxDelayMs: 60_000, maxAttempts: Infinity }

/** A lane that stands still, and the record at which it does. */
export interface StuckLane extends Omit<StoppedRecord, 'position'> {
  readonly laneKey: string
  readonly eventId: string
  /** When it stopped first, epoch ms. */
  readonly since: number
}

/** The lanes of a flow that stand still, until the record at which they do is tried again and they go on. */
export class StuckLanes {
  readonly #options: ResolvedOptions
  readonly #lanes = new Map<string, StuckLane>()

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  /** By their keys. */
  get lanes(): ReadonlyMap<string, StuckLane> {
    return this.#lanes
  }

  /** A lane has stopped at the record, for the `round`th time. @returns after how many ms it is to be tried again. */
  stopped({ laneKey, eventId }: Work, { reason, attempts, error }: StoppedRecord, round: number): number {
    const { clock, random } = this.#options
    const since = this.#lanes.get(laneKey)?.since ?? clock.now()
    this.#lanes.set(laneKey, { laneKey, eventId, since, reason, attempts, error })
    return retryDelayMs(reason === 'poison' ? poisonRetry : systemicRetry, round, random)
  }

  /** The lane goes on behind the record. */
  left({ laneKey }: Work): void {
    if (this.#lanes.size > 0) this.#lanes.delete(laneKey)
  }
}
