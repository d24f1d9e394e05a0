import type { StreamEvent, TimeWindowEvent } from '../../testing/event-source-mapping.ts'
import type { Fate } from '../actor.ts'
import { Environment, type EnvironmentSetting } from './environment.ts'
import { changeOf } from '../stream-change.ts'

/** Runs a function as Lambda does: one invocation at a time in an environment, a new one where all are busy or dead. */
export class FunctionHost {
  readonly #setting: EnvironmentSetting
  readonly #idle: Environment[] = []
  readonly #environments = new Map<string, Environment>()
  #madeCount = 0
  invocationCount = 0
  deliveredCount = 0

  constructor(setting: EnvironmentSetting) {
    this.#setting = setting
  }

  /** Called by the service; rejects when the function throws, dies or takes too long. */
  invoke(event: StreamEvent, timeoutMs: number): Promise<unknown> {
    const { scheduler } = this.#setting.world
    const environment = this.#take()
    if (this.#setting.world.profile.parking !== undefined) this.#setting.lot.delivered(event.Records)
    this.invocationCount += 1
    this.deliveredCount += event.Records.length
    this.#setting.lineage.delivered(event.Records.map(({ eventID }) => eventID))
    return new Promise((resolve, reject) => {
      const invocation = new Invocation(environment, event, timeoutMs, this.#setting)
      invocation.begin((end) => {
        if (!environment.actor.isDead) this.#idle.push(environment)
        scheduler.after(1, () => ('answer' in end ? resolve(end.answer) : reject(end.error)))
      })
    })
  }

  #take(): Environment {
    const { world } = this.#setting
    const isCold = world.random.chance(world.profile.coldStart)
    const warm = isCold ? undefined : this.#idle.splice(world.random.integer(0, this.#idle.length - 1), 1)[0]
    return warm ?? this.#make()
  }

  #make(): Environment {
    const { world, consumer } = this.#setting
    const name = `${consumer}-${(this.#madeCount += 1)}`
    const { skewMs } = world.profile
    const offsetMs = Math.round(skewMs * (2 * world.random.next() - 1))
    const rate = skewMs === 0 ? 1 : 0.999 + 0.002 * world.random.next()
    const environment = new Environment(world.actor(name, { offsetMs, rate }), this.#setting)
    environment.actor.onDeath(() => this.#setting.lot.silenced(name))
    environment.actor.freeze()
    this.#environments.set(name, environment)
    return environment
  }

  /** Whether an invocation is under way in an environment. */
  isAtWork(name: string): boolean {
    return (this.#environments.get(name)?.delivered.size ?? 0) > 0
  }

  /** Whether the delivery of a record to an environment is over. */
  isOver(name: string, eventId: string): boolean {
    return this.#environments.get(name)?.delivered.has(eventId) === false
  }
}

type InvocationEnd = { readonly answer: unknown } | { readonly error: unknown }

class Invocation {
  readonly #environment: Environment
  readonly #event: StreamEvent
  readonly #timeoutMs: number
  readonly #setting: EnvironmentSetting
  #ended = false

  constructor(environment: Environment, event: StreamEvent, timeoutMs: number, setting: EnvironmentSetting) {
    this.#environment = environment
    this.#event = event
    this.#timeoutMs = timeoutMs
    this.#setting = setting
  }

  begin(ended: (end: InvocationEnd) => void): void {
    const { world } = this.#setting
    const { actor } = this.#environment
    const endOnce = (end: InvocationEnd) => {
      if (this.#ended) return
      this.#ended = true
      this.#environment.delivered = new Set()
      cancelTimeout()
      forget()
      ended(end)
    }
    const forget = actor.onDeath(() => {
      world.trace.note(actor.name, 'dies')
      if (this.#environment.hasUnmarkedEffect) world.mark('environment killed between an effect and its mark')
      endOnce({ error: new Error('Runtime exited') })
    })
    const cancelTimeout = world.scheduler.after(this.#timeoutMs, () => {
      world.mark('invocation timed out')
      if (actor.isStopped) world.mark('environment paused past its deadline')
      actor.kill()
    })
    const deadlineAt = world.clock.now() + this.#timeoutMs
    this.#deliver(deadlineAt, endOnce)
  }

  #deliver(deadlineAt: number, end: (end: InvocationEnd) => void): void {
    const { world } = this.#setting
    const environment = this.#environment
    const { actor } = environment
    environment.deliveredAt = world.scheduler.now
    environment.hasUnmarkedEffect = false
    environment.delivered = new Set(this.#event.Records.map(({ eventID }) => eventID))
    actor.fate = () => this.#fate()
    if (actor.heldCount > 0) world.mark('environment thawed with work left over')
    actor.thaw()
    world.trace.note(actor.name, `is invoked with ${this.#event.Records.length}`)
    // As Lambda's runtime client computes it, by the environment's own clock
    const context = { getRemainingTimeInMillis: () => deadlineAt - actor.clock.now() }
    actor.gate('reply', () => {
      environment.handler(this.#event, context).then(
        (answer) => this.#answer(answer, end),
        (error: unknown) => this.#fail(error, end),
      )
    })
  }

  #answer(answer: Awaited<ReturnType<Environment['handler']>>, end: (end: InvocationEnd) => void): void {
    if (this.#ended) return
    const { world, oracle, lineage } = this.#setting
    const [failure] = answer.batchItemFailures
    const changes = this.#event.Records.map(changeOf)
    // A mapping that does not read the answer takes all for done
    const named = world.profile.mapping.reportsFailures ? failure : undefined
    const passed =
      named === undefined
        ? changes.length
        : changes.findIndex((c) => String(c.sequenceNumber) === String(BigInt(named.itemIdentifier)))
    if (failure !== undefined) world.mark('answer partial')
    if (world.scheduler.now - this.#environment.deliveredAt > 0.6 * this.#timeoutMs)
      world.mark('answer at the deadline')
    world.trace.note(this.#environment.actor.name, `answers: passes ${passed} of ${changes.length}`)
    const forgotten = changes.slice(0, Math.max(0, passed))
    oracle.passed(forgotten, this.#environment.deliveredAt)
    lineage.done(forgotten.map(({ eventId }) => eventId))
    this.#endSession()
    this.#leaveRuns()
    this.#environment.actor.freeze()
    end({ answer: this.#withState(answer.state, answer, forgotten.length) })
  }

  /** What still runs, or is on its way to be told, when an environment is frozen, is not heard of. */
  #leaveRuns(): void {
    const { lot, network } = this.#setting
    const { actor, runningCount } = this.#environment
    if (runningCount > 0 || network.underWay(actor) > 0) lot.silenced(actor.name)
  }

  // As a function that counts would: what the engine was given it must give back, and the count goes on from there.
  #withState(state: unknown, answer: object, passedCount: number): object {
    if (!isWindowed(this.#event)) return answer
    const { world } = this.#setting
    const { state: given, isFinalInvokeForWindow } = this.#event
    const [was, is] = [JSON.stringify(given), JSON.stringify(state)]
    if (is !== was) world.violate({ invariant: 'window', message: `a window's state ${was} became ${is}` })
    if (isFinalInvokeForWindow) world.mark('window closed')
    const { passed = 0 } = given as { readonly passed?: number }
    return { ...answer, state: { passed: passed + passedCount } }
  }

  // An answer long before the deadline says that the session has come to its end.
  #endSession(): void {
    const { world, claims } = this.#setting
    const { actor, deliveredAt } = this.#environment
    const session = claims.sessionOf(actor.name)
    const isEarly = world.scheduler.now - deliveredAt < 0.5 * this.#timeoutMs
    if (session !== undefined && session.openedAt >= deliveredAt && isEarly) session.isOver = true
  }

  #fail(error: unknown, end: (end: InvocationEnd) => void): void {
    if (this.#ended) return
    const { world } = this.#setting
    world.trace.note(
      this.#environment.actor.name,
      `throws ${error instanceof Error ? error.message.slice(0, 100) : ''}`,
    )
    this.#leaveRuns()
    this.#environment.actor.freeze()
    end({ error })
  }

  #fate(): Fate {
    const { world } = this.#setting
    const { crash, pause, pauseMs } = world.profile
    const [dies, pauses, share] = [world.random.chance(crash), world.random.chance(pause), world.random.next()]
    if (world.isHealthy) return 'go on'
    if (dies) {
      world.mark('environment killed')
      return 'die'
    }
    if (!pauses) return 'go on'
    world.mark('environment paused')
    return { pauseMs: share * pauseMs }
  }
}

function isWindowed(event: StreamEvent): event is TimeWindowEvent {
  return 'window' in event
}
