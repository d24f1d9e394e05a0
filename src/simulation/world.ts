import type { Clock } from '../internal/clock.ts'
import { Actor, type ClockSkew } from './actor.ts'
import type { Mark } from './marks.ts'
import { Network, type Execute } from './network.ts'
import { perfectNetwork } from './network-faults.ts'
import type { Violation } from './oracle.ts'
import type { Profile } from './profile.ts'
import { SeededRandom } from './random.ts'
import { Scheduler, type Turns } from './scheduler.ts'
import { Trace } from './trace.ts'

/** What everything in one simulated world shares. */
export class World {
  readonly profile: Profile
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly marks: Set<Mark> = new Set()
  readonly violations: Violation[] = []
  /** The world's own time, that of its servers. */
  readonly clock: Clock
  #isHealthy = false

  constructor(seed: string, profile: Profile, turns: Turns) {
    this.profile = profile
    this.random = new SeededRandom(seed)
    this.scheduler = new Scheduler(this.random.fork('scheduler'), turns)
    this.trace = new Trace(() => this.scheduler.now)
    this.clock = this.actor('world').clock
  }

  /** The second phase: nothing fails any more, and everything has to come to its end. */
  get isHealthy(): boolean {
    return this.#isHealthy
  }

  heal(): void {
    this.#isHealthy = true
    this.trace.note('world', 'heals')
  }

  actor(name: string, skew?: ClockSkew): Actor {
    return new Actor(name, this.random.fork(name), this.scheduler, skew)
  }

  network(execute: Execute): Network {
    const { network, networkTimeoutMs } = this.profile
    const healthy = perfectNetwork(network.delayMs)
    return new Network({
      scheduler: this.scheduler,
      execute,
      faults: () => (this.#isHealthy ? healthy : network),
      timeoutMs: networkTimeoutMs,
      note: (actor, what) => this.trace.note(actor, what),
      mark: (mark) => this.mark(mark),
    })
  }

  mark(mark: Mark): void {
    this.marks.add(mark)
  }

  violate(violation: Violation): void {
    this.trace.note('oracle', `${violation.invariant} VIOLATED: ${violation.message}`)
    this.violations.push(violation)
  }
}
