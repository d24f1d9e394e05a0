import type { DynamoDBSender } from '../../src/dynamodb.ts'
import { createTidemarkTable } from '../../src/dynamodb.ts'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB } from '../../src/embedded/embedded.ts'
import type { LeaseLostError } from '../../src/errors.ts'
import type { Clock } from '../../src/internal/clock.ts'
import { sleepBy } from '../../src/internal/sleep-by.ts'
import { FleetMember } from '../../src/leases/fleet-member.ts'
import type { HeldLease, Lease, LeaseId } from '../../src/leases/lease.ts'
import type { LeaseWork, WorkEnd } from '../../src/leases/lease-work.ts'
import { SeededRandom } from '../../src/simulation/random.ts'
import type { Logger } from '../../src/telemetry/log.ts'
import { createManualClock, type ManualClock } from '../../src/testing/manual-clock.ts'
import { fleet, leaseTable, memberTable } from './coordination-tables.ts'

export const leaseDurationMs = 10_000
const tableName = 'coordination'

/** Workers of one fleet, each a process of its own, around one coordination table on the embedded engine. */
export class FleetWorld {
  readonly clock: ManualClock = createManualClock()
  readonly processes: WorkerProcess[] = []
  readonly database: EmbeddedDynamoDB = createEmbeddedDynamoDB({ clock: this.clock })

  static async open(leaseCount: number): Promise<FleetWorld> {
    const world = new FleetWorld()
    await createTidemarkTable({ client: world.client, tableName, clock: world.clock })
    for (let index = 0; index < leaseCount; index += 1) await world.createLease(`shardId-${index}`)
    return world
  }

  get client(): DynamoDBSender {
    return this.database
  }

  get leases() {
    return leaseTable(this.client, tableName, { clock: this.clock })
  }

  get members() {
    return memberTable(this.client, tableName, { clock: this.clock })
  }

  async createLease(shardId: string): Promise<void> {
    await this.leases.create({ streamLabel: '2026-01-01T00:00:00.000', shardId, startAt: 'TRIM_HORIZON' })
  }

  process(leaseMs = leaseDurationMs): WorkerProcess {
    const process = new WorkerProcess(this, `worker-${this.processes.length}`, leaseMs)
    this.processes.push(process)
    return process
  }

  /** A process whose member has started, which takes no time here. */
  async started(leaseMs = leaseDurationMs): Promise<WorkerProcess> {
    const process = this.process(leaseMs)
    await this.during(process.member.start())
    return process
  }

  /** Lets time pass until the promise is settled. */
  async during<Value>(promise: Promise<Value>, limitMs = 60_000): Promise<Value> {
    const state = { isSettled: false }
    const settle = () => void (state.isSettled = true)
    promise.then(settle, settle)
    for (let passed = 0; !state.isSettled && passed < limitMs; passed += 10) await this.pass(10)
    if (!state.isSettled) throw new Error('it took too long')
    return promise
  }

  /** Lets time pass. At every moment at most one worker that may work has a lease. */
  async pass(ms: number): Promise<void> {
    const stepMs = Math.min(ms, 100)
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advance(Math.min(stepMs, ms - passed))
      const worked = this.processes.filter(({ member }) => member.mayWork()).flatMap(({ work }) => work.running)
      const wrong = this.processes.flatMap(({ work }) => work.wrong)
      if (wrong.length > 0) throw new Error(wrong.join('; '))
      if (new Set(worked).size < worked.length) throw new Error(`worked twice: ${worked.toSorted().join(', ')}`)
    }
  }

  /** Lets time pass until the condition holds; answers how long it took. */
  async until(condition: () => boolean, limitMs = 60_000): Promise<number> {
    for (let passed = 0; passed < limitMs; passed += 50) {
      if (condition()) return passed
      await this.pass(50)
    }
    throw new Error('it never came about')
  }

  /** How many leases each process works. */
  get counts(): number[] {
    return this.processes.map(({ work }) => work.working.size)
  }

  async stop(): Promise<void> {
    for (const process of this.processes) {
      process.isCutOff = false
      process.resume()
    }
    await this.during(Promise.all(this.processes.filter((one) => !one.isDead).map(({ member }) => member.stop())))
    await this.database.close()
  }
}

/** A process that can be paused, killed, suspended with its machine, and cut off from the table. */
export class WorkerProcess {
  readonly member: FleetMember
  readonly work: ShardWork
  /** Requests that were sent, as `Operation partition`. */
  readonly requests: string[] = []
  readonly log: string[] = []
  isDead = false
  isStopped = false
  isCutOff = false
  /** Which requests get no reply although they are applied. */
  losesReply: (request: string) => boolean = () => false
  /** The first request at which it is paused: it is applied, and the reply comes when the process is resumed. */
  pausesAt: string | undefined
  /** Which requests are not applied. */
  failsOn: (request: string) => boolean = () => false
  /** How long a request waits until it is sent. */
  lateMs = 0
  /** Which requests hang. */
  neverReplies: (request: string) => boolean = () => false
  readonly #world: FleetWorld
  #suspendedMs = 0
  #standsAtMs: number | undefined
  #paused: (() => void)[] | undefined

  constructor(world: FleetWorld, name: string, leaseMs: number) {
    this.#world = world
    const clock = this.#clock()
    const options = { clock, random: new SeededRandom(name) }
    const client: DynamoDBSender = { send: (command: never) => this.#send(command) }
    const leases = leaseTable(client, tableName, options)
    this.work = new ShardWork(
      (held) => leases.release(held, undefined),
      () => this.member.mayWork(),
    )
    const members = memberTable(client, tableName, options)
    const logger = recorder(this.log)
    this.member = new FleetMember({
      ...options,
      fleet,
      members,
      leases,
      work: this.work,
      leaseDurationMs: leaseMs,
      logger,
      host: name,
    })
  }

  kill(): void {
    this.isDead = true
    this.pause()
  }

  /** Nothing of it runs, and no reply reaches it, until it is resumed: a long pause of the garbage collector, a SIGSTOP. */
  pause(): void {
    this.#paused ??= []
  }

  resume(): void {
    if (this.isDead) return
    this.pausesAt = undefined
    const held = this.#paused ?? []
    this.#paused = undefined
    for (const run of held) run()
  }
  stop(): Promise<void> {
    this.isStopped = true
    return this.member.stop()
  }

  /** Its machine is suspended for that long: nothing of it runs, and its monotonic clock stands still. */
  suspend(ms: number): void {
    if (this.#paused !== undefined) return
    this.pause()
    const startedAtMs = this.#world.clock.monotonic()
    const clockBefore = this.#suspendedMs
    this.#standsAtMs = startedAtMs - clockBefore
    this.#world.clock.schedule(ms, () => {
      this.#suspendedMs = clockBefore + ms
      this.#standsAtMs = undefined
      this.resume()
    })
  }

  #clock(): Clock {
    const { clock } = this.#world
    const schedule = (ms: number, callback: () => void) => {
      let isCanceled = false
      const cancel = clock.schedule(ms, () => this.#whenRunning(() => isCanceled || callback()))
      return () => {
        isCanceled = true
        cancel()
      }
    }
    return {
      now: () => clock.now(),
      monotonic: () => this.#standsAtMs ?? clock.monotonic() - this.#suspendedMs,
      schedule,
      sleep: sleepBy(schedule),
    }
  }

  #whenRunning(run: () => void): void {
    if (this.#paused === undefined) run()
    else this.#paused.push(run)
  }

  async #send(command: {
    readonly input: { [name: string]: unknown }
    readonly constructor: { readonly name: string }
  }) {
    const request = `${command.constructor.name.replace('Command', '')} ${partitionOf(command.input)}`
    this.requests.push(request)
    const broken = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', name: 'Error' })
    if (this.isCutOff || this.failsOn(request)) throw broken()
    if (this.lateMs > 0) await this.#world.clock.sleep(this.lateMs)
    if (this.neverReplies(request)) await new Promise(() => {})
    const reply = this.#world.client.send(command as never)
    await Promise.allSettled([reply])
    if (request === this.pausesAt) this.pause()
    await new Promise<void>((resolve) => this.#whenRunning(resolve))
    if (this.isCutOff || this.losesReply(request)) throw broken()
    return reply
  }
}

/** Works a lease by having it. */
export class ShardWork implements LeaseWork {
  readonly #held = new Map<LeaseId, HeldLease>()
  readonly #releasing = new Set<LeaseId>()
  readonly #release: (held: HeldLease) => Promise<unknown>
  readonly abandoned: { readonly id: LeaseId; readonly reason: LeaseLostError }[] = []
  readonly handedOver: LeaseId[] = []
  readonly wrong: string[] = []
  readonly #mayWork: () => boolean
  /** What a handover waits for: handlers that run. */
  beforeRelease: Promise<void> = Promise.resolve()
  /** The table does not take a release, and the work gives it up. */
  cannotRelease = false

  constructor(release: (held: HeldLease) => Promise<unknown>, mayWork: () => boolean) {
    this.#mayWork = mayWork
    this.#release = release
  }

  /** Those of which something may run. */
  get running(): LeaseId[] {
    return [...this.#held.keys()].filter((id) => !this.#releasing.has(id))
  }

  get working(): ReadonlySet<LeaseId> {
    return new Set(this.#held.keys())
  }

  begin({ id }: Lease, held: HeldLease): void {
    if (this.#held.has(id)) this.wrong.push(`${id} is begun twice`)
    if (!this.#mayWork()) this.wrong.push(`${id} is begun without the right to work`)
    this.#held.set(id, held)
  }

  async handOver(id: LeaseId): Promise<WorkEnd | undefined> {
    const held = this.#held.get(id)
    await this.beforeRelease
    if (held === undefined || this.#held.get(id) !== held) return undefined
    if (this.cannotRelease) return 'abandoned'
    this.#releasing.add(id) // from here on nothing of it runs; whether we hear of it is another matter
    await this.#release(held).finally(() => this.#releasing.delete(id))
    this.handedOver.push(id)
    this.#held.delete(id)
    return 'released'
  }

  abandon(id: LeaseId, reason: LeaseLostError): void {
    if (this.#held.delete(id)) this.abandoned.push({ id, reason })
  }
}

function partitionOf(input: { readonly [name: string]: unknown }): string {
  const text = JSON.stringify(input)
  return /(members|leases)#receipts/.exec(text)?.[1] ?? 'other'
}

function recorder(lines: string[]): Logger {
  const note = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
}
