import { retryDelayMs } from '../handler/retry-policy.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { systemClock, systemRandom } from '../internal/system.ts'

/** How often DescribeStream is called. */
export interface DescribePaceOptions {
  /** AWS takes 10 DescribeStream a second from an account in a region. `Infinity`: no limit. @default 10 */
  readonly describesPerSecond: number
  readonly clock: Clock
  readonly random: Random
}

// About a minute in all. Who asked goes on asking, but then knows that there is trouble.
const attempts = { maxAttempts: 12, baseDelayMs: 100, maxDelayMs: 10_000 }

/** Spreads calls evenly over time, in the order in which they were asked for, and repeats those that fail in passing. */
export class DescribePace {
  readonly #spacingMs: number
  readonly #clock: Clock
  readonly #random: Random
  #nextAt = -Infinity

  constructor({ describesPerSecond = 10, clock = systemClock, random = systemRandom }: Partial<DescribePaceOptions>) {
    this.#spacingMs = 1000 / describesPerSecond
    this.#clock = clock
    this.#random = random
  }

  async send<Answer>(call: () => Promise<Answer>, isTransient: (error: unknown) => boolean): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#turn()
      try {
        return await call()
      } catch (error) {
        if (!isTransient(error) || attempt >= attempts.maxAttempts) throw error
        await this.#clock.sleep(retryDelayMs(attempts, attempt, this.#random))
      }
    }
  }

  // The turn is taken before the wait: two who ask in the same moment get two turns.
  async #turn(): Promise<void> {
    const now = this.#clock.monotonic()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + this.#spacingMs
    if (at > now) await this.#clock.sleep(at - now)
  }
}
