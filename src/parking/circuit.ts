import { CircuitOpenError } from '../errors.ts'
import { retryDelayMs } from '../handler/retry-policy.ts'
import { aborted } from '../internal/aborted.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { publish } from '../telemetry/channels.ts'
import { describeError } from './error-description.ts'

// Ten lanes of the last twenty outcomes: records that are really poison are rare, and of many kinds.
const outcomesLooked = 20
const lanesAlike = 10

const probing = { baseDelayMs: 2_000, maxDelayMs: 60_000 }

// A lane whose probe has failed may itself be what is poisoned: the others are asked before it, mostly.
const repeatedProbeShare = 0.25

interface Failure {
  readonly laneKey: string
  readonly errorName: string
  readonly outcome: number
}

interface Opened {
  readonly errorName: string
  /** With these most lanes fail. */
  readonly alike: Set<string>
  readonly error: unknown
  round: number
  /** On the monotonic clock. */
  probeAt: number
  /** The lane that is tried just now. */
  probing: string | undefined
  readonly probed: Set<string>
}

/**
 * Keeps a fault that is everybody's from being taken for the records': where most lanes fail alike, parking them all would
 * turn an outage of something that handlers call into a thousand parked lanes.
 *
 *     closed ── half of the last 20 outcomes are failures with one error's name, of ten lanes ──▶ open: none such is parked
 *       ▲                                                                                            │
 *       └──────────── a handler succeeded ◀── one probe at a time, after 2 s, doubling to a minute ◀─┘
 *
 * While it is open a record that fails with another error is parked as ever. It could be all that is left to try, and nothing
 * would succeed any more.
 */
export class Circuit {
  readonly #consumer: string
  readonly #clock: Clock
  readonly #random: Random
  #outcomeCount = 0
  #failures: Failure[] = []
  #opened: Opened | undefined

  constructor(consumer: string, clock: Clock, random: Random) {
    this.#consumer = consumer
    this.#clock = clock
    this.#random = random
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  /** A handler succeeded. */
  succeeded(): void {
    this.#outcomeCount += 1
    if (this.#opened !== undefined) this.#close()
  }

  /** A record failed for good. @returns whether it may be parked: not while most lanes fail as it does. */
  mayPark(laneKey: string, error: unknown): boolean {
    this.#outcomeCount += 1
    const { name: errorName } = describeError(error)
    if (this.#opened?.alike.has(errorName) === true) return false
    this.#failures = this.#failures.filter(({ outcome }) => outcome > this.#outcomeCount - outcomesLooked)
    this.#failures.push({ laneKey, errorName, outcome: this.#outcomeCount })
    const alike = this.#failures.filter((failure) => failure.errorName === errorName)
    if (new Set(alike.map((failure) => failure.laneKey)).size < lanesAlike) return true
    if (this.#opened === undefined) this.#open(errorName, error)
    else this.#opened.alike.add(errorName)
    return false
  }

  /**
   * While it is open: whether this lane's next record may be tried, as the one probe there is; waits for the time of the
   * probe. The host is kept from asking on and on, since the wait is its own.
   */
  async admits(laneKey: string, signal: AbortSignal): Promise<boolean> {
    const opened = this.#opened
    if (opened === undefined) return true
    if (opened.probing !== undefined) return false
    if (opened.probed.has(laneKey) && this.#random.next() >= repeatedProbeShare) return false
    opened.probing = laneKey
    const waitMs = Math.max(0, opened.probeAt - this.#clock.monotonic())
    if (waitMs > 0) await Promise.race([this.#clock.sleep(waitMs, signal), aborted(signal)])
    if (!signal.aborted) return true
    opened.probing = undefined
    return false
  }

  /** The lane's probe is over, if it is the one: its record is settled, has failed again, or was not tried after all. */
  probed(laneKey: string): void {
    const opened = this.#opened
    if (opened?.probing !== laneKey) return
    opened.probing = undefined
    opened.probed.add(laneKey)
    opened.round += 1
    opened.probeAt = this.#clock.monotonic() + this.#delayMs(opened.round)
  }

  /** Why a record is neither run nor parked. */
  error(): CircuitOpenError {
    const { errorName = 'an error', error: cause } = this.#opened ?? {}
    return new CircuitOpenError(
      `most items of consumer '${this.#consumer}' fail alike, with ${errorName}: nothing is parked, and one record at a ` +
        `time is tried until one succeeds`,
      { cause },
    )
  }

  #open(errorName: string, error: unknown): void {
    const probeAt = this.#clock.monotonic() + this.#delayMs(1)
    const alike = new Set([errorName])
    this.#opened = { errorName, alike, error, round: 1, probeAt, probing: undefined, probed: new Set() }
    publish('tidemark:circuit:opened', () => ({ consumer: this.#consumer, errorName, error }))
  }

  #close(): void {
    this.#opened = undefined
    this.#failures = []
    publish('tidemark:circuit:closed', () => ({ consumer: this.#consumer }))
  }

  #delayMs(round: number): number {
    // Half of it for sure: full jitter would often try again at once.
    const { baseDelayMs, maxDelayMs } = probing
    const half = { baseDelayMs: baseDelayMs / 2, maxDelayMs: maxDelayMs / 2 }
    return Math.min(half.maxDelayMs, half.baseDelayMs * 2 ** (round - 1)) + retryDelayMs(half, round, this.#random)
  }
}
