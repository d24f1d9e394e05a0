import {
  createEventSourceMapping,
  type EventSourceMapping,
  type FailureDocument,
} from '../testing/event-source-mapping.ts'
import { ClaimWatch } from './claim-watch.ts'
import { FunctionHost } from './function-host.ts'
import { History } from './history.ts'
import type { Network } from './network.ts'
import { Operator } from './operator.ts'
import { Oracle } from './oracle.ts'
import { Producer } from './producer.ts'
import type { Item } from '../embedded/item.ts'
import { SimulatedDatabase } from './simulated-database.ts'
import { changeOf, type SeenRecord } from './stream-change.ts'
import type { Profile } from './profile.ts'
import type { World } from './world.ts'

interface Subscriber {
  readonly mapping: EventSourceMapping
  readonly host: FunctionHost
  readonly oracle: Oracle
}

// In the second phase: after it, what is not settled never will be. Long enough for a lane full of uncertain outcomes.
const convergeWithinMs = 3_600_000
const maxEvents = 400_000

/**
 * Producers write to a table; event source mappings read its stream and invoke functions, which keep their ledger in
 * another table of the same database. First everything may fail, then nothing does and all must come to its end.
 */
export class LambdaWorld {
  readonly #world: World
  readonly #database: SimulatedDatabase
  readonly #network: Network
  readonly #claims: ClaimWatch
  readonly #subscribers: readonly Subscriber[]
  #ledgerRequests = 0

  constructor(world: World) {
    this.#world = world
    this.#claims = new ClaimWatch({
      database: () => this.#database,
      keepsRequests: world.profile.network.duplicated === 0 && world.profile.network.late === 0,
      violate: (message) => world.violate({ invariant: 'honesty', message }),
      mark: (mark) => world.mark(mark),
    })
    const watchers: ((row: Item) => void)[] = []
    this.#database = new SimulatedDatabase(world.random.fork('database'), world.clock, world.profile, {
      rowPut: (row) => watchers.forEach((watch) => watch(row)),
      refused: (input, row, sender) => this.#claims.refused(input, row, sender),
      rowRead: (key, sender) => this.#claims.rowRead(key, sender),
    })
    this.#network = world.network((operation, input, sender) => {
      if (/BatchGet|BatchWrite|UpdateItem|GetItem/.test(operation)) this.#ledgerRequests += 1 // the producer only puts and deletes
      return this.#database.execute(operation, input, sender)
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
    this.#changeTheWorld()
    const producing = new Producer(this.#world.profile, producer, this.#network.client(producer)).run()
    const started = Promise.all(this.#subscribers.map(({ mapping }) => this.#start(mapping)))
    await this.#settled(Promise.all([producing, started]), 600_000)
    await this.#settled(this.#world.clock.sleep(this.#world.random.fork('phase').integer(500, 15_000)), 60_000)
    this.#world.heal()
    this.#database.heal()
    // A change that lands after the last look at the stream would seem to be lost.
    await this.#until(() => this.#network.underWay(producer) === 0, 600_000)
    // What the stream does not tell yet of its shards, nobody can wait for.
    await this.#settled(this.#world.clock.sleep(this.#world.profile.stream.listingLagMs), 60_000)
    await this.#settled(Promise.all(this.#subscribers.map(({ mapping }) => mapping.drain())), convergeWithinMs)
    const stopped = Promise.all(this.#subscribers.map(({ mapping }) => mapping.stop()))
    await this.#settled(stopped, 60_000)
    if (this.#world.violations.length > 0) return
    const changes = (this.#database.allRecords() as SeenRecord[]).map(changeOf)
    this.#world.trace.note('world', `ends with ${changes.length} changes after ${scheduler.eventCount} events`)
    for (const { oracle } of this.#subscribers) oracle.concluded(changes)
    this.#judgeCost()
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

  /** Runs the world until `promise` is settled or something is violated. */
  async #settled(promise: Promise<unknown>, withinMs: number): Promise<void> {
    let settled: { readonly error?: unknown } | undefined
    promise.then(
      () => (settled = {}),
      (error: unknown) => (settled = { error }),
    )
    await this.#until(() => settled !== undefined, withinMs)
    const error = settled?.error
    if (error !== undefined)
      this.#world.violate({
        invariant: 'defect',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
  }

  async #until(isDone: () => boolean, withinMs: number): Promise<void> {
    const { scheduler, violations } = this.#world
    if (violations.length > 0) return
    const limits = { untilMs: scheduler.now + withinMs, maxEvents }
    const end = await scheduler.run(() => isDone() || violations.length > 0, limits)
    if (end !== 'done') this.#world.violate({ invariant: 'I10', message: `the world does not come to rest: ${end}` })
  }

  #subscribe(consumer: string): { readonly subscriber: Subscriber; readonly watch: (row: Item) => void } {
    const world = this.#world
    const history = new History(consumer, world.profile)
    const oracle = new Oracle(history, {
      violate: (violation) => world.violate(violation),
      mark: (mark) => world.mark(mark),
      now: () => world.scheduler.now,
    })
    const operator = new Operator(world, this.#database, history)
    const host = new FunctionHost({
      world,
      consumer,
      oracle,
      network: this.#network,
      claims: this.#claims,
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
    return { subscriber: { mapping: this.#mapping(consumer, host, history), host, oracle }, watch }
  }

  #mapping(consumer: string, host: FunctionHost, history: History): EventSourceMapping {
    const { mapping, crash } = this.#world.profile
    const service = this.#world.actor(`${consumer}-esm`)
    const { reportsFailures, ...options } = mapping
    return createEventSourceMapping({
      ...options,
      streams: this.#network.client(service),
      streamArn: this.#database.streamArn,
      startingPosition: 'TRIM_HORIZON',
      functionResponseTypes: reportsFailures ? ['ReportBatchItemFailures'] : [],
      handler: (event) => host.invoke(event, mapping.functionTimeoutMs),
      onFailure: {
        kind: 's3',
        send: async (document: FailureDocument) => {
          await service.clock.sleep(1)
          const lost = service.random.chance(this.#world.isHealthy ? 0 : crash)
          if (lost && service.random.chance(0.5)) throw new Error('the destination is away')
          for (const { eventID } of document.payload?.Records ?? []) history.givenUp.add(eventID)
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

  /** What happens by itself: items expire, shards are closed. */
  #changeTheWorld(): void {
    const { scheduler, profile, random } = this.#world
    const { workload, shardChanges } = profile
    const times = random.fork('shards')
    const span = workload.writeCount * workload.everyMs
    for (let count = 0; count < shardChanges; count += 1) {
      const how = times.pick(['roll', 'split'] as const)
      scheduler.after(times.next() * span, () => {
        this.#world.mark(how === 'roll' ? 'shard rolled' : 'shard split')
        this.#database.changeShards(how)
      })
    }
    if (workload.expires === 0) return
    for (let at = 1_000; at < span + 5_000; at += 1_000)
      scheduler.after(at, () => {
        if (!this.#world.isHealthy && this.#database.expireItems() > 0) this.#world.mark('item removed by time to live')
      })
  }
}

function isCalm({ handler, network, crash, pause }: Profile): boolean {
  const { requestLost, replyLost, duplicated, late, throttled, leftOver, outages } = network
  const { failsBefore, failsAfter, hangs, sticks, ignoresSignal } = handler
  const faults = [requestLost, replyLost, duplicated, late, throttled, leftOver, outages.length, crash, pause]
  return [...faults, failsBefore, failsAfter, hangs, sticks, ignoresSignal].every((share) => share === 0)
}

function textOf(value: unknown): string {
  return (value as { readonly S?: string } | undefined)?.S ?? ''
}
