import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  createEventSourceMapping,
  type EventSourceMapping,
  type FailureDocument,
} from '../../testing/event-source-mapping.ts'
import type { Actor } from '../actor.ts'
import { Bank } from '../bank/bank.ts'
import type { Ailments } from '../parking/ailments.ts'
import { ClaimOwners } from '../claim-owners.ts'
import { ClaimWatch } from './claim-watch.ts'
import { FunctionHost } from './function-host.ts'
import type { LambdaMark } from './marks.ts'
import { givesUp, type LambdaProfile } from './profile.ts'
import { watchLedger } from '../ledger-watch.ts'
import { LineageWatch } from './lineage-watch.ts'
import { DynamoDBLotWatch } from '../parking/dynamodb-lot-watch.ts'
import type { LotOracle } from '../parking/lot-oracle.ts'
import { letNatureRun, natureEndsMs } from '../nature.ts'
import { type Change, History } from '../history.ts'
import type { Network } from '../network.ts'
import { Operator } from './operator.ts'
import { Oracle } from '../oracle.ts'
import { Producer } from '../producer.ts'
import type { WorkloadHabits } from '../profile.ts'
import { isLimited } from '../parking/parking-habits.ts'
import { ailmentsOf, crewOf, lotOracleOf } from '../parking/parking-world.ts'
import type { RedriveCrew } from '../parking/redrive-crew.ts'
import type { Item } from '../../embedded/item.ts'
import { SimulatedDatabase } from '../simulated-database.ts'
import { changeOf, type SeenRecord } from '../stream-change.ts'
import type { World } from '../world.ts'

interface Subscriber {
  readonly mapping: EventSourceMapping
  /** Delivers everything from the beginning, later and beside the other. */
  readonly replay: EventSourceMapping | undefined
  readonly host: FunctionHost
  readonly oracle: Oracle
  readonly lineage: LineageWatch
  readonly bank: Bank | undefined
  readonly lot: LotOracle
  readonly lotWatch: DynamoDBLotWatch
  readonly crew: RedriveCrew | undefined
}

// In the second phase: after it, what is not settled never will be. Long enough for a lane full of uncertain outcomes.
const convergeWithinMs = 3_600_000

const shortestAgeMs = 60_000

/**
 * Producers write to a table; event source mappings read its stream and invoke functions, which keep their ledger in
 * another table of the same database. First everything may fail, then nothing does and all must come to its end.
 */
export class LambdaWorld {
  readonly #world: World<LambdaProfile, LambdaMark>
  readonly #database: SimulatedDatabase
  readonly #network: Network
  readonly #claims: ClaimWatch
  readonly #subscribers: readonly Subscriber[]
  readonly #claimOwners = new ClaimOwners()
  readonly #ailments: Ailments | undefined
  #ledgerRequests = 0

  constructor(world: World<LambdaProfile, LambdaMark>) {
    this.#world = world
    this.#ailments = ailmentsOf(world)
    this.#claims = new ClaimWatch({
      database: () => this.#database,
      keepsRequests: world.profile.network.duplicated === 0 && world.profile.network.late === 0,
      itemsShareClaims: world.profile.identity === 'business',
      violate: (message) => world.violate({ invariant: 'honesty', message }),
      mark: (mark) => world.mark(mark),
    })
    const watchers: ((row: Item) => void)[] = []
    const ledger = watchLedger({
      rowPut: (row) => watchers.forEach((watch) => watch(row)),
      refused: (input, row, sender) => {
        if (textOf(row['pk']).startsWith('ledger#')) this.#claims.refused(input, row, sender)
      },
      rowRead: (key, sender) => this.#claims.rowRead(key, sender),
    })
    this.#database = new SimulatedDatabase(world.random.fork('database'), world.clock, world.profile, ledger)
    this.#network = world.network((operation, input, sender) => {
      // The producer only puts and deletes, and what people do to what is parked counts for itself.
      if (/BatchGet|BatchWrite|UpdateItem|GetItem/.test(operation) && sender.startsWith('consumer'))
        this.#ledgerRequests += 1
      try {
        const output = this.#database.execute(operation, input, sender)
        for (const { bank } of this.#subscribers) bank?.applied(operation, input)
        if (world.profile.parking !== undefined) this.#watchLots(operation, input, sender)
        return output
      } catch (error) {
        this.#subscribers[0]?.bank?.refused(error)
        throw error
      }
    })
    this.#subscribers = Array.from({ length: world.profile.consumerCount }, (_, index) => {
      const { subscriber, watch } = this.#subscribe(`consumer${index + 1}`)
      watchers.push(watch)
      return subscriber
    })
  }

  async run(): Promise<void> {
    const opened = () => this.#world.mark('circuit opened')
    subscribe('tidemark:circuit:opened', opened)
    try {
      await this.#play()
    } finally {
      unsubscribe('tidemark:circuit:opened', opened)
    }
  }

  async #play(): Promise<void> {
    const { scheduler } = this.#world
    const producer = this.#world.actor('producer')
    letNatureRun(this.#world, this.#database)
    const { workload, mapping } = this.#world.profile
    // What can't be decoded can't be healed either: only a mapping that gives up gets past it.
    const habits = givesUp(mapping) ? workload : { ...workload, undecodable: 0 }
    const producing = new Producer(habits, producer, this.#network.client(producer)).run()
    const started = Promise.all(this.#subscribers.map((subscriber) => this.#startAll(subscriber)))
    for (const { crew } of this.#subscribers) crew?.begin()
    await this.#world.settled(Promise.all([producing, started]), 600_000)
    await this.#world.settled(this.#restUnderFaults(producer), 240_000)
    this.#world.heal()
    this.#database.heal()
    for (const { bank } of this.#subscribers) bank?.heal()
    for (const { crew } of this.#subscribers) crew?.heal()
    // A change that lands after the last look at the stream would seem to be lost.
    await this.#world.until(() => this.#network.underWay(producer) === 0, 600_000)
    // What the stream does not tell yet of its shards, nobody can wait for.
    await this.#world.settled(this.#world.clock.sleep(this.#world.profile.stream.listingLagMs), 60_000)
    if (this.#world.profile.parking !== undefined) await this.#redriveAll(producer, habits)
    await this.#world.settled(Promise.all(this.#mappings.map((mapping) => mapping.drain())), convergeWithinMs)
    const stopped = Promise.all(this.#mappings.map((mapping) => mapping.stop()))
    await this.#world.settled(stopped, 60_000)
    if (this.#world.violations.length > 0) return
    const shards = this.#database
      .allShards()
      .map(({ records, ...shard }) => ({ ...shard, changes: (records as SeenRecord[]).map(changeOf) }))
    const changes = shards.flatMap((shard) => shard.changes)
    this.#world.trace.note('world', `ends with ${changes.length} changes after ${scheduler.eventCount} events`)
    for (const { oracle, lineage, bank, lot } of this.#subscribers) {
      lot.concluded()
      oracle.concluded(changes)
      bank?.judge()
      for (const message of lineage.complaints(shards)) this.#world.violate({ invariant: 'I5', message })
    }
    this.#judgeCost()
  }

  get #mappings(): EventSourceMapping[] {
    return this.#subscribers.flatMap(({ mapping, replay }) => (replay === undefined ? [mapping] : [mapping, replay]))
  }

  async #startAll({ mapping, replay }: Subscriber): Promise<void> {
    await this.#start(mapping)
    if (replay === undefined) return
    const { workload } = this.#world.profile
    const spanMs = workload.writeCount * workload.everyMs + 2_000
    await this.#world.clock.sleep(this.#world.random.fork('replay').next() * spanMs)
    this.#world.mark('stream replayed')
    await this.#start(replay)
  }

  /**
   * What fails still fails, and is parked: everything else has to come to its end. Then people redrive, while more is written to
   * the same items. Where a lane is limited, what is left over waits for them.
   */
  async #redriveAll(producer: Actor, habits: WorkloadHabits): Promise<void> {
    const drained = () => Promise.all(this.#mappings.map((mapping) => mapping.drain()))
    const { parking, network } = this.#world.profile
    if (parking === undefined || !isLimited(parking)) await this.#world.settled(drained(), convergeWithinMs)
    let isWritten = false
    const more = { ...habits, writeCount: Math.ceil(habits.writeCount / 3), everyMs: 200 + network.delayMs, poison: 0 }
    const writing = new Producer(more, producer, this.#network.client(producer)).run().then(drained)
    writing.then(
      () => (isWritten = true),
      () => {}, // `settled` tells
    )
    const finished = this.#subscribers.map(({ crew }) => crew?.finish(() => isWritten))
    await this.#world.settled(Promise.all([writing, ...finished]), convergeWithinMs)
  }

  #watchLots(operation: string, input: object, sender: string): void {
    if (operation === 'UpdateItem') this.#claimOwners.updated(input, sender, this.#world.scheduler.now)
    for (const { lotWatch } of this.#subscribers) lotWatch.applied(operation, input, sender)
  }

  /** Lets the faults go on for a while after the last write, but not for longer than anything is left to go wrong. */
  async #restUnderFaults(producer: Actor): Promise<void> {
    const { clock, scheduler, profile, random } = this.#world
    const until = scheduler.now + random.fork('phase').integer(500, profile.parking?.restMs ?? 15_000)
    const lookEveryMs = 1_000
    while (scheduler.now < until) {
      await clock.sleep(Math.min(lookEveryMs, until - scheduler.now))
      if (this.#network.underWay(producer) > 0 || scheduler.now < natureEndsMs(profile)) continue
      const { recordCount } = this.#database
      if (this.#subscribers.every(({ lineage, crew }) => lineage.doneCount === recordCount && crew?.isIdle !== false))
        return
    }
  }

  /** Where nothing failed, and nobody had to wait for another's claim, a delivered record costs what was promised. */
  #judgeCost(): void {
    const { profile, marks } = this.#world
    if (!isCalm(profile) || marks.has('claim held by another')) return
    const hosts = this.#subscribers.map(({ host }) => host)
    const invocations = hosts.reduce((sum, { invocationCount }) => sum + invocationCount, 0)
    const records = hosts.reduce((sum, { deliveredCount }) => sum + deliveredCount, 0)
    // Where consumers park, what is parked is asked for with each batch.
    const promised =
      invocations * (profile.parking === undefined ? 1 : 2) + records * (profile.ledger === 'park' ? 2 : 1)
    if (this.#ledgerRequests <= promised) return
    const message = `${this.#ledgerRequests} requests to the ledger for ${records} records in ${invocations} batches`
    this.#world.violate({ invariant: 'I11', message })
  }

  #subscribe(consumer: string): { readonly subscriber: Subscriber; readonly watch: (row: Item) => void } {
    const world = this.#world
    const history = new History(consumer, world.profile)
    const database = () => this.#database
    const lot = lotOracleOf({
      ...{ world, history, database, claims: this.#claimOwners },
      isOver: (sender, eventId) => host.isOver(sender, eventId),
    })
    const lotWatch = new DynamoDBLotWatch(lot, consumer, database)
    const oracle = new Oracle(history, {
      violate: (violation) => world.violate(violation),
      mark: (mark) => world.mark(mark),
      now: () => world.scheduler.now,
      isInLot: (change) => lot.hasSettled(change),
      isExcused: (itemKey) => lot.isExcused(itemKey),
    })
    const lineage = new LineageWatch()
    const bank = Bank.of({
      ...{ world, consumer, database, lot },
      committed: ({ change }) => {
        oracle.effect(change)
        oracle.marked(change.eventId)
      },
    })
    // Another change may have the key of one that is parked, and be handled just now.
    const isAtWork = (key: string) =>
      crew?.isAtWork(key) === true || host.isAtWork(this.#claimOwners.ofKey(key)?.actor ?? '')
    const operator = new Operator(world, this.#database, history, isAtWork)
    const [network, ailments, claims] = [this.#network, this.#ailments, this.#claimOwners]
    const ask = (idempotencyKey: string) => operator.told(idempotencyKey)
    const ordered = (change: Change) => change
    const crew = crewOf({ world, consumer, network, oracle, lot, claims, ailments, bank, ask, ordered })
    const host: FunctionHost = new FunctionHost({
      world,
      consumer,
      oracle,
      network,
      claims: this.#claims,
      lineage,
      bank,
      lot,
      ailments,
      uncertain: (error, finder) => {
        this.#claims.uncertain(error, `ledger#${consumer}#${error.idempotencyKey}`, finder.name, finder.clock.now())
        operator.told(error.idempotencyKey)
      },
    })
    const prefix = `ledger#${consumer}#`
    const watch = ({ pk, sk, eventId }: Item) => {
      if (textOf(sk) === 'mark' && textOf(pk).startsWith(prefix) && eventId !== undefined)
        oracle.marked(textOf(eventId))
    }
    const mapping = this.#mapping(`${consumer}-esm`, host, history, lineage)
    // What one of them has given up the other would still deliver, behind what came after it.
    const { bank: habits, mapping: options } = world.profile
    const isReplayed = habits?.isReplayed === true && !givesUp(options)
    const replay = isReplayed ? this.#mapping(`${consumer}-replay`, host, history, lineage) : undefined
    return { subscriber: { mapping, replay, host, oracle, lineage, bank, lot, lotWatch, crew }, watch }
  }

  #mapping(name: string, host: FunctionHost, history: History, lineage: LineageWatch): EventSourceMapping {
    const { mapping, crash } = this.#world.profile
    const { reportsFailures, maximumRecordAgeMs, ...options } = mapping
    // A minute is the least that Lambda takes, and longer than most worlds last: records are older by the service's clock.
    const offsetMs = maximumRecordAgeMs < 0 ? 0 : shortestAgeMs - maximumRecordAgeMs
    const service = this.#world.actor(name, { offsetMs, rate: 1 })
    return createEventSourceMapping({
      ...options,
      streams: this.#network.client(service),
      streamArn: this.#database.streamArn,
      startingPosition: 'TRIM_HORIZON',
      maximumRecordAgeInSeconds: maximumRecordAgeMs < 0 ? -1 : shortestAgeMs / 1000,
      functionResponseTypes: reportsFailures ? ['ReportBatchItemFailures'] : [],
      handler: (event) => host.invoke(event, mapping.functionTimeoutMs),
      onFailure: {
        kind: 's3',
        send: async (document: FailureDocument) => {
          await service.clock.sleep(1)
          const lost = service.random.chance(this.#world.isHealthy ? 0 : crash)
          if (lost && service.random.chance(0.5)) throw new Error('the destination is away')
          const eventIds = (document.payload?.Records ?? []).map(({ eventID }) => eventID)
          for (const eventId of eventIds) history.givenUp.add(eventId)
          lineage.done(eventIds)
          if (document.requestContext.condition === 'RecordAgeExceeded') this.#world.mark('record too old')
          this.#world.mark('record given up')
          this.#world.trace.note(service.name, `gives up ${document.DDBStreamBatchInfo.batchSize}`)
          if (lost) throw new Error('the destination took it and the reply was lost')
        },
      },
      clock: service.clock,
      random: service.random,
    })
  }

  async #start(mapping: EventSourceMapping): Promise<void> {
    for (;;)
      try {
        return await mapping.start()
      } catch {
        await this.#world.clock.sleep(500)
      }
  }
}

function isCalm({ handler, network, crash, pause, workload, parking }: LambdaProfile): boolean {
  if (parking !== undefined && (workload.poison > 0 || parking.downstreamAway !== undefined)) return false
  const { requestLost, replyLost, duplicated, late, throttled, leftOver, outages } = network
  const { failsBefore, failsAfter, hangs, sticks, ignoresSignal } = handler
  const faults = [requestLost, replyLost, duplicated, late, throttled, leftOver, outages.length, crash, pause]
  return [...faults, failsBefore, failsAfter, hangs, sticks, ignoresSignal].every((share) => share === 0)
}

function textOf(value: unknown): string {
  return (value as { readonly S?: string } | undefined)?.S ?? ''
}
