import type { Clock } from '../internal/clock.ts'
import { sleepBy } from '../internal/sleep-by.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** How an actor's clock differs from the world's. */
export interface ClockSkew {
  /** Milliseconds that its wall clock is ahead. */
  readonly offsetMs: number
  /** Its seconds for each of the world's. */
  readonly rate: number
}

/** What happens to an actor at one of its resumptions. */
export type Fate = 'go on' | 'die' | { readonly pauseMs: number }

/** Epoch milliseconds at which every simulated world begins. */
const worldBeganAt: number = Date.UTC(2026, 0, 1)

/** Something that comes back to an actor. */
interface Resumption {
  readonly kind: 'reply' | 'timer'
  readonly run: () => void
}

const trueClock: ClockSkew = { offsetMs: 0, rate: 1 }

/**
 * A process of the simulated world. Everything it waits for (replies, sleeps, timers) comes back to it through one gate,
 * so that it can be killed or paused at each of its awaits without knowing anything about it:
 *
 *     running ◀─ resume ──▶ paused   what comes back is held, in order
 *        └────── kill ────▶ dead     nothing comes back ever again; what it has sent goes on in the world
 *
 * A restart is a new actor.
 */
export class Actor {
  readonly name: string
  readonly random: SeededRandom
  readonly clock: Clock
  readonly #scheduler: Scheduler
  #isDead = false
  // Each thing that stops it: it runs when there is none left.
  readonly #stops = new Set<object>()
  readonly #freeze = {}
  #held: Resumption[] = []
  #fate: (() => Fate) | undefined
  #suspendedMs = 0
  #suspendedUntil = 0
  #wallStepMs = 0
  #onDeath: (() => void)[] = []

  constructor(name: string, random: SeededRandom, scheduler: Scheduler, skew: ClockSkew = trueClock) {
    this.name = name
    this.random = random
    this.#scheduler = scheduler
    this.clock = actorClock(this, scheduler, skew)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** Whether it is paused or frozen. */
  get isStopped(): boolean {
    return this.#stops.size > 0
  }

  /** What waits for it to go on. */
  get heldCount(): number {
    return this.#held.length
  }

  /** For how long its machine was suspended so far: by so much its monotonic clock is behind. */
  get suspendedMs(): number {
    return this.#suspendedMs
  }

  /** By how much somebody has set its wall clock so far. */
  get wallStepMs(): number {
    return this.#wallStepMs
  }

  /** Decides at every resumption from now on. */
  set fate(decide: (() => Fate) | undefined) {
    this.#fate = decide
  }

  /** Lets something come back to the actor: now, when it is resumed, or never. */
  gate(kind: Resumption['kind'], run: () => void): void {
    if (this.#isDead) return
    if (this.#stops.size > 0) return void this.#held.push({ kind, run })
    const fate = this.#fate?.() ?? 'go on'
    if (fate === 'die') return this.kill()
    if (fate === 'go on') return run()
    this.#held.push({ kind, run })
    this.pause(fate.pauseMs)
  }

  /** Stops it for so long: a garbage collection, a SIGSTOP. */
  pause(ms: number): void {
    const stop = {}
    this.#stops.add(stop)
    this.#scheduler.after(ms, () => this.#lift(stop))
  }

  /** Stops it as a machine that sleeps does: its monotonic clock and its timers stand still, its wall clock goes on. */
  suspend(ms: number): void {
    const { now } = this.#scheduler
    // Two at once are one, until the later one ends: counted twice, its clock would go back behind where it stood.
    const until = Math.max(now + ms, this.#suspendedUntil)
    this.#suspendedMs += until - Math.max(now, this.#suspendedUntil)
    this.#suspendedUntil = until
    this.pause(ms)
  }

  /** Sets its wall clock forward, or back. */
  stepWallClock(ms: number): void {
    this.#wallStepMs += ms
  }

  /** Stops it until `thaw`, as Lambda does with an environment between two invocations. */
  freeze(): void {
    this.#stops.add(this.#freeze)
  }

  thaw(): void {
    this.#lift(this.#freeze)
  }

  kill(): void {
    if (this.#isDead) return
    this.#isDead = true
    this.#held = []
    for (const told of this.#onDeath.splice(0)) told()
  }

  /** Calls `told` when it dies, unless the returned function is called first. */
  onDeath(told: () => void): () => void {
    this.#onDeath.push(told)
    return () => {
      this.#onDeath = this.#onDeath.filter((other) => other !== told)
    }
  }

  #lift(stop: object): void {
    if (!this.#stops.delete(stop) || this.#stops.size > 0) return
    const held = this.#held
    this.#held = []
    // A process that wakes finds what arrived and what is due; which it looks at first depends on where it was stopped.
    const first = this.random.chance(0.5) ? 'reply' : 'timer'
    this.#release([...held.filter(({ kind }) => kind === first), ...held.filter(({ kind }) => kind !== first)])
  }

  // One after the other, each with its microtasks: two resumptions are two turns of the process's event loop.
  #release([first, ...rest]: readonly Resumption[]): void {
    if (first === undefined) return
    this.#scheduler.after(0, () => {
      this.gate(first.kind, first.run)
      this.#release(rest)
    })
  }
}

function actorClock(actor: Actor, scheduler: Scheduler, { offsetMs, rate }: ClockSkew): Clock {
  const bornAt = scheduler.now
  const monotonic = () => (scheduler.now - bornAt - actor.suspendedMs) * rate
  const schedule = (ms: number, callback: () => void) => {
    const { suspendedMs } = actor
    let isCancelled = false // it may be due, and held back by a pause, when it is cancelled
    const dueAt = monotonic() + Math.max(0, ms)
    const due = () => {
      if (isCancelled) return
      // A machine that was suspended meanwhile has not waited long enough.
      if (actor.suspendedMs === suspendedMs || monotonic() >= dueAt) return callback()
      cancel = scheduler.after(Math.max(0.001, dueAt - monotonic()) / rate, () => actor.gate('timer', due))
    }
    // A wait that rounding has left over would not move the time on, and whoever asks again would ask for ever.
    const leastMs = ms > 0 ? 0.001 : 0
    let cancel = scheduler.after(Math.max(leastMs, ms) / rate, () => actor.gate('timer', due))
    return () => {
      isCancelled = true
      cancel()
    }
  }
  return {
    // Whole milliseconds, like Date.now
    now: () => worldBeganAt + Math.floor(bornAt + (scheduler.now - bornAt) * rate + offsetMs + actor.wallStepMs),
    monotonic,
    schedule,
    sleep: sleepBy(schedule),
  }
}
