import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Messages } from '../telemetry/channels.ts'
import { Accounts } from './accounts.ts'
import { ClaimOwners } from './claim-owners.ts'
import { fencedEffectOf, isFencedOff, stateKey } from './fenced-effect.ts'
import { FleetHost } from './fleet-host.ts'
import { History, type Change } from './history.ts'
import { LeaseOracle } from './lease-oracle.ts'
import { LeaseWatch } from './lease-watch.ts'
import { watchLedger } from './ledger-watch.ts'
import type { Network } from './network.ts'
import { Operator } from './operator.ts'
import { Oracle } from './oracle.ts'
import { Producer } from './producer.ts'
import { textOf } from './seen-lease.ts'
import { ServiceFaults } from './service-faults.ts'
import { SimulatedDatabase } from './simulated-database.ts'
import type { SeenRecord } from './stream-change.ts'
import { StreamTruth } from './stream-truth.ts'
import type { Invariant } from './violation.ts'
import { WorkerOracle } from './worker-oracle.ts'
import type { WorkerProfile } from './worker-profile.ts'
import type { WorkerMark } from './worker-marks.ts'
import type { World } from './world.ts'
import { FleetRest } from './fleet-rest.ts'

// Between a claim and its handler, and between two attempts: a reply, a pause, a delay before the next.
const longestLullMs = 90_000

/**
 * Producers write to a table; a fleet of workers consumes its stream and coordinates in another table of the same database.
 * First everything may fail, then nothing does, and all must come to rest: everything settled, each lease with a live worker.
 */
export class WorkerWorld {
  readonly #world: World<WorkerProfile, WorkerMark>
  readonly #database: SimulatedDatabase
  readonly #truth: StreamTruth
  readonly #history: History
  readonly #accounts: Accounts
  readonly #claims = new ClaimOwners()
  readonly #leases: LeaseWatch
  readonly #network: Network
  readonly #oracle: Oracle
  readonly #workerOracle: WorkerOracle
  readonly #fleet: FleetHost
  readonly #rest: FleetRest
  readonly #delivered = new Map<string, number>()
  readonly #opened = new Set<string>()
  readonly #falselyLost = new Set<string>()
  readonly #lapsed = new Set<string>()
  #hasStarted = false
  #isStreamOn = true

  // oxlint-disable-next-line max-lines-per-function -- what watches what is one table, and is read as one
  constructor(world: World<WorkerProfile, WorkerMark>) {
    this.#world = world
    const { profile, scheduler } = world
    const now = () => scheduler.now
    const violate = (invariant: Invariant, message: string) => world.violate({ invariant, message })
    const mark = (name: WorkerMark) => world.mark(name)
    this.#history = new History('mails', profile)
    this.#oracle = new Oracle(this.#history, {
      violate: (violation) => world.violate(violation),
      mark: (name) => world.mark(name),
      now,
    })
    const ledger = watchLedger({
      rowPut: ({ pk, sk, eventId }) => {
        if (textOf(sk) === 'mark' && textOf(pk)?.startsWith('ledger#') === true && eventId !== undefined)
          this.#oracle.marked(textOf(eventId) ?? '')
      },
      refused: () => {},
      rowRead: () => {},
    })
    this.#database = new SimulatedDatabase(world.random.fork('database'), world.clock, profile, ledger)
    this.#truth = new StreamTruth(this.#database, now)
    this.#accounts = new Accounts({
      truth: this.#truth,
      history: this.#history,
      isFenced: profile.isFenced,
      startsAtLatest: profile.worker.startAt === 'LATEST',
      now,
    })
    const leaseOracle = new LeaseOracle({
      truth: () => this.#truth,
      accounts: () => this.#accounts,
      actorOf: (owner) => this.#leases.actorOf(owner),
      isLeasedOrFinished: ({ streamLabel, shardId }) =>
        this.#leases.lease(streamLabel, shardId) !== undefined || this.#leases.isFinished(streamLabel, shardId),
      returned: (lease) => this.#workerOracle.returnedUnder(lease),
      listingLagMs: profile.stream.listingLagMs,
      note: (actor, what) => world.trace.note(actor, what),
      ...{ violate, mark },
    })
    this.#leases = new LeaseWatch(() => this.#database, leaseOracle)
    this.#workerOracle = new WorkerOracle({
      ...{ truth: this.#truth, accounts: this.#accounts, history: this.#history, leases: this.#leases },
      ...{ oracle: this.#oracle, now, violate, mark },
    })
    const faults = new ServiceFaults(world)
    this.#network = world.network((operation, input, sender) => {
      faults.refuse(operation, input, sender)
      return this.#execute(operation, input, sender)
    })
    const operator = new Operator(world, this.#database, this.#history, (key) => this.#mayStillHappen(key))
    this.#fleet = new FleetHost(
      {
        ...{ world, network: this.#network, oracle: this.#oracle, workerOracle: this.#workerOracle },
        deliveredAt: (actor, eventId) => this.#delivered.get(`${actor} ${eventId}`) ?? 0,
        sends: (command) => this.#rest.sent(command),
        uncertain: ({ idempotencyKey }) => operator.told(idempotencyKey ?? ''),
      },
      () => (this.#hasStarted = true),
    )
    this.#rest = new FleetRest({
      ...{ world, truth: this.#truth, accounts: this.#accounts, leases: this.#leases, fleet: this.#fleet, violate },
      hasLapsed: (memberId) => this.#lapsed.has(memberId),
      isStuck: ({ change }) => {
        if (profile.ledger !== 'park' || profile.isPatient) return
        const keys = new Set(this.#history.of(change).idempotencyKeys)
        const claimed = this.#claims.ofEvent(change.eventId)?.idempotencyKey
        if (claimed !== undefined) keys.add(claimed)
        for (const key of keys) operator.told(key)
      },
    })
  }

  async run(): Promise<void> {
    const heardGap = (message: unknown) => this.#gapTold(message as Messages['tidemark:stream:gap'])
    const heardLost = (message: unknown) => this.#lossTold(message as Messages['tidemark:lease:lost'])
    const heardLapse = (message: unknown) => {
      const { reason, workerId } = message as Messages['tidemark:worker:lapsed']
      this.#falselyLost.delete(workerId)
      this.#lapsed.add(workerId)
      this.#world.mark(reason === 'gone' ? 'worker given up for dead' : 'worker lapsed')
    }
    subscribe('tidemark:stream:gap', heardGap)
    subscribe('tidemark:worker:lapsed', heardLapse)
    subscribe('tidemark:lease:lost', heardLost)
    try {
      await this.#run()
    } finally {
      unsubscribe('tidemark:lease:lost', heardLost)
      unsubscribe('tidemark:worker:lapsed', heardLapse)
      unsubscribe('tidemark:stream:gap', heardGap)
    }
  }

  async #run(): Promise<void> {
    const world = this.#world
    const { chaosMs, awayHours, workload } = world.profile
    const producer = world.actor('producer')
    const client = this.#network.client(producer)
    const isAway = awayHours > 0
    const half = { ...workload, writeCount: Math.ceil(workload.writeCount / 2) }
    const producing = new Producer(isAway ? half : workload, producer, client).run()
    this.#letNatureRun()
    this.#fleet.begin()
    await world.settled(Promise.all([producing, world.clock.sleep(chaosMs)]), 24 * 3_600_000)
    if (isAway) {
      world.mark('fleet away for a day')
      this.#fleet.leave()
      await world.settled(world.clock.sleep(awayHours * 3_600_000), Infinity)
      this.#truth.look()
      this.#fleet.comeBack()
      await world.settled(new Producer(half, producer, client).run(), 24 * 3_600_000)
    }
    world.heal()
    this.#enableStream()
    this.#database.heal()
    // A change that lands after the last look at the stream would seem to be lost.
    await world.until(() => this.#network.underWay(producer) === 0, 600_000)
    this.#fleet.heal()
    await this.#rest.come()
    await world.settled(this.#fleet.stopAll(), 120_000)
    if (world.violations.length > 0) return
    this.#rest.judgeStopped()
    this.#workerOracle.concluded()
    if (world.profile.isFenced) this.#judgeStates()
    world.trace.note(
      'world',
      `ends with ${[...this.#truth.records].length} changes after ${world.scheduler.eventCount} events`,
    )
  }

  /** Does an operation, and looks what has come of it. */
  #execute(operation: string, input: object, sender: string): object {
    const effect = operation === 'TransactWriteItems' ? fencedEffectOf(input) : undefined
    try {
      const output = this.#database.execute(operation, input, sender)
      if (operation === 'GetRecords') this.#noteDelivery(output, sender)
      else if (operation === 'PutItem' || operation === 'DeleteItem') this.#truth.look()
      if (effect !== undefined) this.#fencedEffect(effect)
      if (operation === 'UpdateItem') this.#claims.updated(input, sender, this.#world.scheduler.now)
      this.#leases.applied(operation, input, sender)
      if (this.#accounts.startedAt === Infinity) this.#lookForStart(operation, input)
      return output
    } catch (error) {
      if (effect !== undefined && isFencedOff(error)) this.#world.mark('lease of an old epoch refused an effect')
      throw error
    }
  }

  /** Whether somebody alive is at a change, or has claimed it and may be about to begin. */
  #mayStillHappen(idempotencyKey: string): boolean {
    const isAlive = (name: string) => this.#fleet.alive.some(({ actor }) => actor.name === name)
    if (this.#workerOracle.isAtWork(idempotencyKey, isAlive)) return true
    const claim = this.#claims.ofKey(idempotencyKey)
    return claim !== undefined && isAlive(claim.actor) && this.#world.scheduler.now < claim.at + longestLullMs
  }

  /** LATEST is a place that moves until each shard was opened there: only then, and once a start has resolved, is it promised. */
  #lookForStart(operation: string, input: object): void {
    if (operation === 'GetRecords') {
      const [, place = ''] = (input as { readonly ShardIterator: string }).ShardIterator.split('|1|')
      const [shardId] = /shardId-\d+-[0-9a-f]+/.exec(Buffer.from(place, 'base64').toString()) ?? []
      if (shardId !== undefined) this.#opened.add(shardId)
    }
    if (!this.#hasStarted) return
    for (const { shardId, startAt, epoch } of this.#leases.leases.values())
      if (startAt === 'LATEST' && epoch < 2 && !this.#opened.has(shardId)) return
    this.#accounts.startedAt = this.#world.scheduler.now
  }

  #noteDelivery(output: object, sender: string): void {
    const { Records } = output as { readonly Records: readonly SeenRecord[] }
    const { now } = this.#world.scheduler
    for (const { eventID } of Records) this.#delivered.set(`${sender} ${eventID ?? ''}`, now)
  }

  #fencedEffect({ eventId, owner, epoch }: { eventId: string; owner: string; epoch: number }): void {
    const record = this.#truth.record(eventId)
    if (record === undefined) return
    const { streamLabel, shardId } = record.shard
    const lease = this.#leases.lease(streamLabel, shardId)
    if (lease?.owner !== owner || lease.epoch !== epoch)
      this.#world.violate({ invariant: 'I6', message: `${eventId} has an effect in epoch ${epoch}, which is over` })
    this.#oracle.effect(record.ordered)
  }

  /** The state that committed effects leave is that of each item's last change. */
  #judgeStates(): void {
    const last = new Map<string, Change>()
    for (const { ordered } of this.#truth.records) {
      const { itemKey, sequenceNumber } = ordered
      const isLater = sequenceNumber > (last.get(itemKey)?.sequenceNumber ?? -1n)
      if (isLater && this.#history.of(ordered).effects.length > 0) last.set(itemKey, ordered)
    }
    for (const { itemKey, eventId } of last.values()) {
      const state = textOf(this.#database.row(stateKey(itemKey))?.['eventId'])
      if (state !== eventId)
        this.#world.violate({
          invariant: 'I3',
          message: `${itemKey} is left in the state of ${state}, not of ${eventId}`,
        })
    }
  }

  #gapTold({ streamLabel, shardId, gap }: Messages['tidemark:stream:gap']): void {
    const { kind, after } = gap
    this.#world.trace.note('world', `hears of a gap: ${kind} behind ${String(after)} in ${shardId}`)
    this.#workerOracle.gapTold({ streamLabel, shardId, kind, after: after === undefined ? undefined : BigInt(after) })
  }

  /** A worker that gives up what is its own must have lapsed, or be on its way out. */
  #lossTold({ workerId, streamLabel, shardId, epoch }: Messages['tidemark:lease:lost']): void {
    const lease = this.#leases.lease(streamLabel, shardId)
    const process = this.#fleet.alive.find(({ actor }) => actor.name === this.#leases.actorOf(workerId))
    if (lease?.owner !== workerId || lease.epoch !== epoch || process?.worker.status().state !== 'running') return
    this.#falselyLost.add(workerId)
    this.#world.scheduler.after(0, () => {
      if (!this.#falselyLost.delete(workerId)) return
      this.#world.violate({ invariant: 'I6', message: `${shardId} is called lost in epoch ${epoch}, which goes on` })
    })
  }

  /** Shards are closed, items expire, the stream is disabled for a while. */
  #letNatureRun(): void {
    const world = this.#world
    const { scheduler, profile } = world
    const times = world.random.fork('nature')
    const at = (ms: number, happen: () => void) =>
      scheduler.after(ms, () => {
        if (world.isHealthy) return
        happen()
        this.#truth.look()
      })
    const { chaosMs, streamOff, shardChanges, workload } = profile
    for (let count = 0; count < shardChanges; count += 1) {
      const how = times.pick(['roll', 'split', 'split'] as const)
      at(times.next() * chaosMs, () => {
        if (!this.#isStreamOn) return
        world.mark(how === 'roll' ? 'shard rolled' : 'shard split')
        world.trace.note('world', how)
        this.#database.changeShards(how)
      })
    }
    for (let ms = 1_000; ms < chaosMs && workload.expires > 0; ms += 1_000)
      at(ms, () => {
        if (this.#database.expireItems() > 0) world.mark('item removed by time to live')
      })
    if (streamOff === undefined) return
    at(streamOff[0], () => {
      this.#isStreamOn = false
      world.trace.note('world', 'disables the stream')
      this.#database.setStream(false)
    })
    at(streamOff[1], () => this.#enableStream())
  }

  #enableStream(): void {
    if (this.#isStreamOn) return
    this.#isStreamOn = true
    this.#world.mark('stream enabled again')
    this.#world.trace.note('world', 'enables the stream')
    this.#database.setStream(true)
    this.#truth.look()
  }
}
