import { ServiceError } from '../embedded/service-error.ts'
import type { Actor } from './actor.ts'
import { isNothing, splitBatch } from './batch-split.ts'
import type { CommonMark } from './marks.ts'
import type { NetworkFaults } from './network-faults.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** A server of the world: it does an operation at once and whole, or throws. */
export type Execute = (operation: string, input: object, sender: string) => object

/** What a network is between. */
export interface NetworkSetting {
  readonly scheduler: Scheduler
  readonly execute: Execute
  /** As they are now: they are switched off for the second phase. */
  readonly faults: () => NetworkFaults
  readonly timeoutMs: number
  readonly note: (actor: string, what: string) => void
  readonly mark: (mark: CommonMark) => void
}

/** A client of the AWS SDK, as far as it is used: the commands are the SDK's own. */
export interface NetworkClient {
  send(command: object): Promise<never>
}

type Outcome = { readonly value: object } | { readonly error: unknown }

/**
 * Calls between actors and a server:
 *
 *     sender ── delay ──▶ server applies, at once ── delay ──▶ sender's gate
 *       │ lost, twice, minutes late   │ throttled, in part, out of order   │ lost: an error after the timeout
 *
 * A call that was sent goes on whatever becomes of its sender.
 */
export class Network {
  readonly #setting: NetworkSetting
  readonly #underWay = new Map<Actor, number>()
  // The same, by the faults under which they were sent
  readonly #sentUnder = new Map<NetworkFaults, number>()

  constructor(setting: NetworkSetting) {
    this.#setting = setting
  }

  /** Requests that an actor has sent and that have not arrived yet. */
  underWay(actor: Actor): number {
    return this.#underWay.get(actor) ?? 0
  }

  /** Whether nothing is on its way that was sent when the network had other faults than it has now. */
  get isQuiet(): boolean {
    const now = this.#setting.faults()
    return [...this.#sentUnder].every(([faults, count]) => faults === now || count === 0)
  }

  /** The client of one actor. `draws`: of two networks it is not to lose the same requests. */
  client(actor: Actor, draws = 'network'): NetworkClient {
    const random = actor.random.fork(draws)
    return {
      // The output's type is the command's; only the SDK's classes can say so.
      send: (command) => this.#send(actor, random, command) as Promise<never>,
    }
  }

  #send(actor: Actor, random: SeededRandom, command: object): Promise<object> {
    const operation = operationOf(command)
    const { input } = command as { readonly input: object }
    const faults = this.#setting.faults()
    const track = (by: number) => {
      this.#underWay.set(actor, this.underWay(actor) + by)
      this.#sentUnder.set(faults, (this.#sentUnder.get(faults) ?? 0) + by)
    }
    const call = new Call({ operation, input, actor, random, track }, this.#setting)
    return new Promise((resolve, reject) => {
      call.begin((outcome) =>
        actor.gate('reply', () => ('value' in outcome ? resolve(outcome.value) : reject(outcome.error))),
      )
    })
  }
}

interface Request {
  readonly operation: string
  readonly input: object
  readonly actor: Actor
  readonly random: SeededRandom
  /** Told how many more of its sender's requests are under way. */
  readonly track: (by: number) => void
}

/** One request on its way. Every draw is made when it is sent. */
class Call {
  readonly #request: Request
  readonly #random: SeededRandom
  readonly #setting: NetworkSetting
  readonly #faults: NetworkFaults

  constructor(request: Request, setting: NetworkSetting) {
    this.#request = request
    this.#random = request.random
    this.#setting = setting
    this.#faults = setting.faults()
  }

  begin(answer: (outcome: Outcome) => void): void {
    const { scheduler, timeoutMs } = this.#setting
    const [lost, replyLost, late, duplicated] = this.#draw()
    const thereMs = this.#delay() + (late ? timeoutMs * (1 + 9 * this.#random.next()) : 0)
    const backMs = this.#delay()
    const isAnswered = !lost && !replyLost && thereMs + backMs < timeoutMs
    if (!isAnswered) scheduler.after(timeoutMs, () => answer({ error: connectionError(this.#random) }))
    if (lost) return this.#mark('request lost')
    this.#request.track(1)
    scheduler.after(thereMs, () => {
      const outcome = this.#arrive()
      if (isAnswered) scheduler.after(backMs, () => answer(outcome))
      else if ('value' in outcome && isWrite(this.#request.operation)) this.#mark('reply lost after a write')
      if (late && this.#request.actor.isDead) this.#mark('late arrival of a dead actor')
    })
    if (!duplicated) return
    this.#mark('request duplicated')
    const againMs = thereMs + this.#delay() * this.#random.integer(1, 20)
    this.#request.track(1)
    scheduler.after(againMs, () => void this.#arrive())
  }

  #draw(): readonly boolean[] {
    const { requestLost, replyLost, late, duplicated } = this.#faults
    return [requestLost, replyLost, late, duplicated].map((probability) => this.#random.chance(probability))
  }

  #arrive(): Outcome {
    const { operation, actor, track } = this.#request
    track(-1)
    const outcome = this.#apply()
    const said = 'error' in outcome ? ` ✗ ${(outcome.error as Error).name}` : ''
    this.#setting.note(actor.name, `${operation}${said}`)
    return outcome
  }

  #apply(): Outcome {
    const { operation, input, actor } = this.#request
    const { scheduler, execute } = this.#setting
    const { outages, throttled, leftOver } = this.#faults
    if (outages.some(([from, to]) => from <= scheduler.now && scheduler.now < to)) {
      this.#mark('server outage')
      return { error: new ServiceError('InternalServerError', 'the simulated service is down') }
    }
    if (this.#random.chance(throttled)) {
      this.#mark('request throttled')
      return { error: new ServiceError('ProvisionedThroughputExceededException', 'the simulated service is busy') }
    }
    try {
      return { value: this.#random.chance(leftOver) ? this.#applyInPart() : execute(operation, input, actor.name) }
    } catch (error) {
      return { error }
    }
  }

  #applyInPart(): object {
    const { execute } = this.#setting
    const { operation, input, actor } = this.#request
    const split = splitBatch(operation, input, () => this.#random.chance(0.5))
    if (split === undefined) return execute(operation, input, actor.name)
    this.#mark('items left over')
    const nothing = { Responses: {} }
    return { ...(isNothing(split.done) ? nothing : execute(operation, split.done, actor.name)), ...split.leftOver }
  }

  #delay(): number {
    return 0.2 + this.#random.next() * this.#faults.delayMs
  }

  #mark(mark: CommonMark): void {
    this.#setting.mark(mark)
  }
}

const operations = new WeakMap<object, string>()

function operationOf({ constructor }: object): string {
  const known = operations.get(constructor)
  if (known !== undefined) return known
  const operation = constructor.name.replace(/Command\d*$/, '') // a bundler may number a name
  operations.set(constructor, operation)
  return operation
}

function isWrite(operation: string): boolean {
  return operation === 'BatchWriteItem' || /^(Put|Update|Delete)/.test(operation)
}

function connectionError(random: SeededRandom): Error {
  const error = new Error('the simulated connection broke')
  if (random.chance(0.5)) return Object.assign(error, { code: 'ECONNRESET' })
  error.name = 'TimeoutError'
  return error
}
