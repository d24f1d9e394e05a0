import type { Clock } from '../../internal/clock.ts'

const windowMs = 10 * 60_000

/** A token and the request that it was used for. */
export interface TokenUse extends Use {
  readonly token: string
}

interface Use {
  readonly fingerprint: string
  readonly until: number
}

/** The tokens of committed transactions, for the ten minutes in which a repetition counts as the same request. */
export class TokenMemory {
  readonly #clock: Clock
  readonly #uses = new Map<string, Use>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What this token was used for, or `undefined` when it is new or its time is over. */
  fingerprint(token: string): string | undefined {
    const use = this.#uses.get(token)
    return use !== undefined && use.until > this.#clock.now() ? use.fingerprint : undefined
  }

  remember(token: string, fingerprint: string): void {
    const now = this.#clock.now()
    for (const [old, { until }] of this.#uses) {
      if (until > now) break
      this.#uses.delete(old)
    }
    this.#uses.delete(token)
    this.#uses.set(token, { fingerprint, until: now + windowMs })
  }

  all(): readonly TokenUse[] {
    return [...this.#uses].map(([token, use]) => ({ token, ...use }))
  }

  restore(uses: readonly TokenUse[]): void {
    for (const { token, fingerprint, until } of uses) this.#uses.set(token, { fingerprint, until })
  }
}
