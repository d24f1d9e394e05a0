import type { Clock } from '../internal/clock.ts'
import { Actor, type ClockSkew } from './actor.ts'
import type { CommonMark } from './marks.ts'
import { Network, type Execute } from './network.ts'
import { perfectNetwork } from './network-faults.ts'
import type { WorldProfile } from './profile.ts'
import { SeededRandom } from './random.ts'
import { Scheduler, type Turns } from './scheduler.ts'
import { Trace } from './trace.ts'
import type { Violation } from './violation.ts'

const maxEvents = 400_000

/** What everything in one simulated world shares. A kind of world has a profile of its own, and marks of its own. */
export class World<Profile extends WorldProfile = WorldProfile, OwnMark extends string = never> {
  readonly profile: Profile
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly marks: Set<string> = new Set()
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

  mark(mark: CommonMark | OwnMark): void {
    this.marks.add(mark)
  }

  violate(violation: Violation): void {
    this.trace.note('oracle', `${violation.invariant} VIOLATED: ${violation.message}`)
    this.violations.push(violation)
  }

  /** Runs the world until `promise` is settled or something is violated; that it rejects is a defect. */
  async settled(promise: Promise<unknown>, withinMs: number): Promise<void> {
    let settled: { readonly error?: unknown } | undefined
    promise.then(
      () => (settled = {}),
      (error: unknown) => (settled = { error }),
    )
    await this.until(() => settled !== undefined, withinMs)
    const error = settled?.error
    if (error === undefined) return
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.violate({ invariant: 'defect', message })
  }

  /** Runs the world until `isDone` or something is violated. That it takes longer is a violation of liveness. */
  async until(isDone: () => boolean, withinMs: number): Promise<void> {
    const { scheduler, violations } = this
    if (violations.length > 0) return
    const limits = { untilMs: scheduler.now + withinMs, maxEvents }
    const end = await scheduler.run(() => isDone() || violations.length > 0, limits)
    if (end !== 'done') this.violate({ invariant: 'I10', message: `the world does not come to rest: ${end}` })
  }
}
