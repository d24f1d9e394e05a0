import { replayFleet } from '../bank/fleet-replay.ts'
import type { Change } from '../history.ts'
import { FleetHost } from './fleet-host.ts'
import { FleetNews } from './fleet-news.ts'
import { FleetOperator } from './fleet-operator.ts'
import { FleetRest } from './fleet-rest.ts'
import { FleetWatch } from './fleet-watch.ts'
import type { Actor } from '../actor.ts'
import type { Network } from '../network.ts'
import type { Ailments } from '../parking/ailments.ts'
import { isLimited } from '../parking/parking-habits.ts'
import { ailmentsOf, crewOf } from '../parking/parking-world.ts'
import type { RedriveCrew } from '../parking/redrive-crew.ts'
import { Operator } from '../lambda/operator.ts'
import { Producer } from '../producer.ts'
import { ServiceFaults } from '../service-faults.ts'
import { StreamNature } from '../stream-nature.ts'
import type { WorkerProfile } from './profile.ts'
import type { WorkerMark } from './marks.ts'
import type { World } from '../world.ts'

// Between a claim and its handler, and between two attempts: a reply, a pause, a delay before the next.
const longestLullMs = 90_000

/**
 * Producers write to a table; a fleet of workers consumes its stream and coordinates in another table of the same database.
 * First everything may fail, then nothing does, and all must come to rest: everything settled, each lease with a live worker.
 */
export class WorkerWorld {
  readonly #world: World<WorkerProfile, WorkerMark>
  readonly #watch: FleetWatch
  readonly #network: Network
  readonly #operator: Operator
  readonly #nature: StreamNature
  readonly #fleet: FleetHost
  readonly #news: FleetNews
  readonly #rest: FleetRest
  readonly #pausing: FleetOperator
  readonly #crew: RedriveCrew | undefined
  readonly #ailments: Ailments | undefined
  #wanting: string | undefined

  constructor(world: World<WorkerProfile, WorkerMark>) {
    this.#world = world
    this.#watch = new FleetWatch(world)
    const { database, truth, history, accounts, leases } = this.#watch
    const faults = new ServiceFaults(world)
    this.#network = world.network((operation, input, sender) => {
      faults.refuse(operation, input, sender)
      return this.#watch.execute(operation, input, sender)
    })
    this.#ailments = ailmentsOf(world)
    this.#operator = new Operator(world, database, history, (key) => this.#mayStillHappen(key))
    this.#nature = new StreamNature(world, database, truth)
    const { oracle, lot, claims, bank } = this.#watch
    this.#crew = crewOf({
      ...{ world, consumer: 'mails', network: this.#network, oracle, lot, claims, bank, ailments: this.#ailments },
      ordered: (change) => truth.record(change.eventId)?.ordered ?? change,
      ask: (idempotencyKey) => this.#operator.told(idempotencyKey),
    })
    this.#pausing = new FleetOperator(world, this.#watch)
    this.#watch.onAcquired = (lease) => this.#pausing.acquired(lease)
    this.#fleet = this.#host()
    const [fleet, news] = [this.#fleet, new FleetNews(world, this.#watch, this.#fleet)]
    this.#news = news
    this.#rest = new FleetRest({
      ...{ world, truth, accounts, history, leases, fleet },
      isQuiet: () => this.#network.isQuiet,
      violate: (invariant, message) => world.violate({ invariant, message }),
      hasLapsed: (memberId) => news.hasLapsed(memberId),
      more: () => this.#wanting,
      isStuck: ({ change }) => this.#askAbout(change),
    })
  }

  /** Plays it to its end. */
  run(): Promise<void> {
    return this.#news.during(() => this.#pausing.during(() => this.#play()))
  }

  async #play(): Promise<void> {
    const world = this.#world
    const { chaosMs, awayHours, workload } = world.profile
    const producer = world.actor('producer')
    const client = this.#network.client(producer)
    const isAway = awayHours > 0
    const half = { ...workload, writeCount: Math.ceil(workload.writeCount / 2) }
    const producing = new Producer(isAway ? half : workload, producer, client).run()
    this.#nature.run()
    this.#fleet.begin()
    this.#crew?.begin()
    this.#pausing.begin()
    await world.settled(Promise.all([producing, world.clock.sleep(chaosMs), this.#replay()]), 24 * 3_600_000)
    if (isAway) {
      world.mark('fleet away for a day')
      this.#fleet.leave()
      // Each hour: what came and went in between would seem to descend from nothing.
      for (let hours = awayHours; hours > 0; hours -= 1) {
        await world.settled(world.clock.sleep(Math.min(1, hours) * 3_600_000), Infinity)
        this.#watch.truth.look()
      }
      this.#fleet.comeBack()
      await world.settled(new Producer(half, producer, client).run(), 24 * 3_600_000)
    }
    world.heal()
    this.#nature.enable()
    this.#watch.database.heal()
    this.#watch.bank?.heal()
    this.#crew?.heal()
    // A change that lands after the last look at the stream would seem to be lost.
    await world.until(() => this.#network.underWay(producer) === 0, 600_000)
    this.#fleet.heal()
    await world.settled(this.#pausing.resume(), 1_000)
    await this.#redriveAll(producer)
    await this.#rest.come()
    await this.#redriveRest()
    if (world.profile.operator !== undefined) await this.#standStill(producer)
    await world.settled(this.#fleet.stopAll(), 120_000)
    if (world.violations.length > 0) return
    this.#rest.judgeStopped()
    this.#watch.lot.concluded()
    this.#pausing.concluded()
    this.#watch.workerOracle.concluded()
    if (world.profile.isFenced) this.#watch.judgeStates()
    this.#watch.bank?.judge()
    world.trace.note(
      'world',
      `ends with ${[...this.#watch.truth.records].length} changes after ${world.scheduler.eventCount} events`,
    )
  }

  /**
   * What fails still fails, and is parked: everything else has to come to its end. Then people redrive, while more is written to
   * the same items. Where a lane is limited, what is left over waits for them.
   */
  async #redriveAll(producer: Actor): Promise<void> {
    const crew = this.#crew
    if (crew === undefined) return
    const { parking, workload, network } = this.#world.profile
    if (parking === undefined || !isLimited(parking)) await this.#rest.come()
    this.#wanting = 'something is redriven, or written'
    let isWritten = false
    const more = {
      ...workload,
      writeCount: Math.ceil(workload.writeCount / 3),
      everyMs: 200 + network.delayMs,
      poison: 0,
    }
    const writing = new Producer(more, producer, this.#network.client(producer)).run().then(() => (isWritten = true))
    const isOver = () => isWritten && this.#rest.isSettled
    // Whatever it finds it tells the world itself.
    void Promise.all([writing, crew.finish(isOver)]).then(() => (this.#wanting = undefined))
  }

  /** Where changes share an identity, one counts as done with by another's effect, and may be parked later than that. */
  async #redriveRest(): Promise<void> {
    if (this.#crew === undefined || this.#watch.lot.parkedLanes.length === 0) return
    await this.#world.settled(
      this.#crew.finish(() => true),
      3_600_000,
    )
    await this.#rest.come()
  }

  /** An operator pauses the fleet; what is written meanwhile waits until it is resumed. */
  async #standStill(producer: Actor): Promise<void> {
    const world = this.#world
    const few = { ...world.profile.workload, writeCount: 3, everyMs: 100, poison: 0 }
    const writing = () => new Producer(few, producer, this.#network.client(producer)).run()
    await world.settled(this.#pausing.standStill(writing), 600_000)
    await this.#rest.come()
  }

  /** An operator stops the whole fleet, moves it back to the beginning, and starts it again. */
  async #replay(): Promise<void> {
    const world = this.#world
    const { bank, operator, chaosMs, streamOff, awayHours } = world.profile
    // What is gone can't be delivered again, and of streams only the last one goes back.
    const isReplayed = bank?.isReplayed === true || operator?.isReplayed === true
    if (!isReplayed || streamOff !== undefined || awayHours > 0) return
    await world.clock.sleep((0.3 + 0.6 * world.random.fork('replay').next()) * chaosMs)
    this.#fleet.leave()
    world.mark('stream replayed')
    await replayFleet(world, this.#watch)
    this.#pausing.replayed()
    this.#fleet.comeBack()
  }

  #host(): FleetHost {
    const { oracle, workerOracle, bank, lot } = this.#watch
    const { worker } = this.#world.profile
    return new FleetHost(
      {
        ...{ world: this.#world, network: this.#network, oracle, workerOracle, bank, lot, ailments: this.#ailments },
        deliveredAt: (actor, eventId) => this.#watch.deliveredAt(actor, eventId),
        sends: (command) => this.#rest.sent(command),
        received: (actor, output) => this.#watch.received(actor, output),
        begins: (change) => this.#pausing.began(change),
        uncertain: ({ idempotencyKey }) => this.#operator.told(idempotencyKey ?? ''),
      },
      {
        onStarted: () => (this.#watch.hasStarted = true),
        // By the time of a lease that is made for a start at LATEST its next owner tells where the first one began.
        mayClocksBeSet: () => worker.startAt !== 'LATEST' || this.#watch.accounts.startedAt < Infinity,
      },
    )
  }

  /** The fleet waits for nothing but this change: a person looks whether somebody's claim stands against it. */
  #askAbout(change: Change): void {
    const { ledger, isPatient } = this.#world.profile
    if (ledger !== 'park' || isPatient) return
    const keys = new Set(this.#watch.history.of(change).idempotencyKeys)
    const claimed = this.#watch.claims.ofEvent(change.eventId)?.idempotencyKey
    if (claimed !== undefined) keys.add(claimed)
    for (const key of keys) this.#operator.told(key)
  }

  /** Whether somebody alive is at a change, or has claimed it and may be about to begin. */
  #mayStillHappen(idempotencyKey: string): boolean {
    const isAlive = (name: string) => this.#fleet.alive.some(({ actor }) => actor.name === name)
    if (this.#watch.workerOracle.isAtWork(idempotencyKey, isAlive)) return true
    if (this.#crew?.isAtWork(idempotencyKey) === true) return true
    const claim = this.#watch.claims.ofKey(idempotencyKey)
    return claim !== undefined && isAlive(claim.actor) && this.#world.scheduler.now < claim.at + longestLullMs
  }
}
