import {
  createEventSourceMapping,
  type EventSourceMapping,
  type FailureDocument,
} from '../testing/event-source-mapping.ts'
import type { Actor } from './actor.ts'
import { Bank } from './bank/bank.ts'
import { ClaimWatch } from './claim-watch.ts'
import { FunctionHost } from './lambda-function-host.ts'
import type { LambdaMark } from './lambda-marks.ts'
import { givesUp, type LambdaProfile } from './lambda-profile.ts'
import { watchLedger } from './ledger-watch.ts'
import { LineageWatch } from './lineage-watch.ts'
import { letNatureRun, natureEndsMs } from './nature.ts'
import { History } from './history.ts'
import type { Network } from './network.ts'
import { Operator } from './operator.ts'
import { Oracle } from './oracle.ts'
import { Producer } from './producer.ts'
import type { Item } from '../embedded/item.ts'
import { SimulatedDatabase } from './simulated-database.ts'
import { changeOf, type SeenRecord } from './stream-change.ts'
import type { World } from './world.ts'

interface Subscriber {
  readonly mapping: EventSourceMapping
  /** Delivers everything from the beginning, later and beside the other. */
  readonly replay: EventSourceMapping | undefined
  readonly host: FunctionHost
  readonly oracle: Oracle
  readonly lineage: LineageWatch
  readonly bank: Bank | undefined
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
  #ledgerRequests = 0

  constructor(world: World<LambdaProfile, LambdaMark>) {
    this.#world = world
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
      refused: (input, row, sender) => this.#claims.refused(input, row, sender),
      rowRead: (key, sender) => this.#claims.rowRead(key, sender),
    })
    this.#database = new SimulatedDatabase(world.random.fork('database'), world.clock, world.profile, ledger)
    this.#network = world.network((operation, input, sender) => {
      if (/BatchGet|BatchWrite|UpdateItem|GetItem/.test(operation)) this.#ledgerRequests += 1 // the producer only puts and deletes
      try {
        const output = this.#database.execute(operation, input, sender)
        for (const { bank } of this.#subscribers) bank?.applied(operation, input)
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
    const { scheduler } = this.#world
    const producer = this.#world.actor('producer')
    letNatureRun(this.#world, this.#database)
    const { workload, mapping } = this.#world.profile
    // What can't be decoded can't be healed either: only a mapping that gives up gets past it.
    const habits = givesUp(mapping) ? workload : { ...workload, undecodable: 0 }
    const producing = new Producer(habits, producer, this.#network.client(producer)).run()
    const started = Promise.all(this.#subscribers.map((subscriber) => this.#startAll(subscriber)))
    await this.#world.settled(Promise.all([producing, started]), 600_000)
    await this.#world.settled(this.#restUnderFaults(producer), 60_000)
    this.#world.heal()
    this.#database.heal()
    for (const { bank } of this.#subscribers) bank?.heal()
    // A change that lands after the last look at the stream would seem to be lost.
    await this.#world.until(() => this.#network.underWay(producer) === 0, 600_000)
    // What the stream does not tell yet of its shards, nobody can wait for.
    await this.#world.settled(this.#world.clock.sleep(this.#world.profile.stream.listingLagMs), 60_000)
    await this.#world.settled(Promise.all(this.#mappings.map((mapping) => mapping.drain())), convergeWithinMs)
    const stopped = Promise.all(this.#mappings.map((mapping) => mapping.stop()))
    await this.#world.settled(stopped, 60_000)
    if (this.#world.violations.length > 0) return
    const shards = this.#database
      .allShards()
      .map(({ records, ...shard }) => ({ ...shard, changes: (records as SeenRecord[]).map(changeOf) }))
    const changes = shards.flatMap((shard) => shard.changes)
    this.#world.trace.note('world', `ends with ${changes.length} changes after ${scheduler.eventCount} events`)
    for (const { oracle, lineage, bank } of this.#subscribers) {
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

  /** Lets the faults go on for a while after the last write, but not for longer than anything is left to go wrong. */
  async #restUnderFaults(producer: Actor): Promise<void> {
    const { clock, scheduler, profile, random } = this.#world
    const until = scheduler.now + random.fork('phase').integer(500, 15_000)
    const lookEveryMs = 1_000
    while (scheduler.now < until) {
      await clock.sleep(Math.min(lookEveryMs, until - scheduler.now))
      if (this.#network.underWay(producer) > 0 || scheduler.now < natureEndsMs(profile)) continue
      const { recordCount } = this.#database
      if (this.#subscribers.every(({ lineage }) => lineage.doneCount === recordCount)) return
    }
  }

  /** Where nothing failed, and nobody had to wait for another's claim, a delivered record costs what was promised. */
  #judgeCost(): void {
    const { profile, marks } = this.#world
    if (!isCalm(profile) || marks.has('claim held by another')) return
    const hosts = this.#subscribers.map(({ host }) => host)
    const invocations = hosts.reduce((sum, { invocationCount }) => sum + invocationCount, 0)
    const records = hosts.reduce((sum, { deliveredCount }) => sum + deliveredCount, 0)
    const promised = invocations + records * (profile.ledger === 'park' ? 2 : 1)
    if (this.#ledgerRequests <= promised) return
    const message = `${this.#ledgerRequests} requests to the ledger for ${records} records in ${invocations} batches`
    this.#world.violate({ invariant: 'I11', message })
  }

  #subscribe(consumer: string): { readonly subscriber: Subscriber; readonly watch: (row: Item) => void } {
    const world = this.#world
    const history = new History(consumer, world.profile)
    const oracle = new Oracle(history, {
      violate: (violation) => world.violate(violation),
      mark: (mark) => world.mark(mark),
      now: () => world.scheduler.now,
    })
    const lineage = new LineageWatch()
    const bank = Bank.of({
      ...{ world, consumer, database: () => this.#database },
      committed: ({ change }) => {
        oracle.effect(change)
        oracle.marked(change.eventId)
      },
    })
    const operator = new Operator(world, this.#database, history)
    const host = new FunctionHost({
      world,
      consumer,
      oracle,
      network: this.#network,
      claims: this.#claims,
      lineage,
      bank,
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
    return { subscriber: { mapping, replay, host, oracle, lineage, bank }, watch }
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

function isCalm({ handler, network, crash, pause }: LambdaProfile): boolean {
  const { requestLost, replyLost, duplicated, late, throttled, leftOver, outages } = network
  const { failsBefore, failsAfter, hangs, sticks, ignoresSignal } = handler
  const faults = [requestLost, replyLost, duplicated, late, throttled, leftOver, outages.length, crash, pause]
  return [...faults, failsBefore, failsAfter, hangs, sticks, ignoresSignal].every((share) => share === 0)
}

function textOf(value: unknown): string {
  return (value as { readonly S?: string } | undefined)?.S ?? ''
}
