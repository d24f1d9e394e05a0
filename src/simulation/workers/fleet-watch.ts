import { Accounts } from '../accounts.ts'
import { Bank } from '../bank/bank.ts'
import { ClaimOwners } from '../claim-owners.ts'
import { fencedEffectOf, isFencedOff, stateKey } from '../fenced-effect.ts'
import { History, type Change } from '../history.ts'
import { LeaseOracle } from './lease-oracle.ts'
import { LeaseWatch } from './lease-watch.ts'
import { DynamoDBLotWatch } from '../parking/dynamodb-lot-watch.ts'
import type { LotOracle } from '../parking/lot-oracle.ts'
import { lotOracleOf } from '../parking/parking-world.ts'
import { watchLedger } from '../ledger-watch.ts'
import { Oracle } from '../oracle.ts'
import { type SeenLease, textOf } from './seen-lease.ts'
import { SimulatedDatabase } from '../simulated-database.ts'
import type { SeenRecord } from '../stream-change.ts'
import { StreamTruth } from '../stream-truth.ts'
import type { Invariant } from '../violation.ts'
import { WorkerOracle } from './oracle.ts'
import type { WorkerProfile } from './profile.ts'
import type { WorkerMark } from './marks.ts'
import type { World } from '../world.ts'

/** The database of a world of workers, and those who watch and judge what is done in it. */
export class FleetWatch {
  readonly database: SimulatedDatabase
  readonly truth: StreamTruth
  readonly history: History
  readonly accounts: Accounts
  readonly claims: ClaimOwners = new ClaimOwners()
  readonly leases: LeaseWatch
  readonly oracle: Oracle
  readonly workerOracle: WorkerOracle
  readonly bank: Bank | undefined
  readonly lot: LotOracle
  /** Told of each lease that a worker acquires. */
  onAcquired: ((lease: SeenLease) => void) | undefined
  /** Some worker's start has resolved. */
  hasStarted = false
  readonly #world: World<WorkerProfile, WorkerMark>
  readonly #delivered = new Map<string, number>()
  readonly #opened = new Set<string>()
  readonly #lotWatch: DynamoDBLotWatch

  constructor(world: World<WorkerProfile, WorkerMark>) {
    this.#world = world
    const { profile, scheduler } = world
    const now = () => scheduler.now
    const violate = (invariant: Invariant, message: string) => world.violate({ invariant, message })
    const mark = (name: WorkerMark) => world.mark(name)
    this.history = new History('mails', profile)
    this.oracle = new Oracle(this.history, {
      violate: (violation) => world.violate(violation),
      mark: (name) => world.mark(name),
      now,
      isInLot: (change) => this.lot.hasSettled(change),
      isExcused: (itemKey) => this.lot.isExcused(itemKey),
    })
    this.lot = lotOracleOf({
      ...{ world, history: this.history, claims: this.claims, database: () => this.database },
      // Who has lost the shard is refused.
      isOver: () => false,
    })
    this.#lotWatch = new DynamoDBLotWatch(this.lot, 'mails', () => this.database)
    this.database = new SimulatedDatabase(world.random.fork('database'), world.clock, profile, watchMarks(this.oracle))
    this.truth = new StreamTruth(this.database, now)
    const { truth, history, oracle } = this
    const startsAtLatest = profile.worker.startAt === 'LATEST'
    this.accounts = new Accounts({
      ...{ truth, history, isFenced: profile.isFenced, startsAtLatest, now },
      isInLot: (change) => this.lot.hasSettled(change),
    })
    this.leases = new LeaseWatch(() => this.database, this.#leaseOracle())
    const { accounts, leases } = this
    this.bank = Bank.of({
      ...{ world, consumer: 'mails', database: () => this.database, lot: this.lot },
      committed: ({ run, change }) => (run === undefined ? this.#redriven(change) : this.workerOracle.committed(run)),
    })
    this.workerOracle = new WorkerOracle({ truth, accounts, history, leases, oracle, now, violate, mark })
  }

  #redriven(change: Change): void {
    this.oracle.effect(this.truth.record(change.eventId)?.ordered ?? change)
    this.oracle.marked(change.eventId)
  }

  /** When a process last got a record from the stream. */
  deliveredAt(actor: string, eventId: string): number {
    return this.#delivered.get(`${actor} ${eventId}`) ?? 0
  }

  /**
   * A process got an answer. What the stream has answered and no process got was not delivered: a read that arrives long after its
   * sender gave it up says nothing about what the sender has in hand.
   */
  received(actor: string, output: object): void {
    const { Records = [] } = output as { readonly Records?: readonly SeenRecord[] }
    const { now } = this.#world.scheduler
    if (this.#world.profile.parking !== undefined) this.lot.delivered(Records)
    for (const { eventID } of Records) this.#delivered.set(`${actor} ${eventID ?? ''}`, now)
  }

  #leaseOracle(): LeaseOracle {
    const world = this.#world
    return new LeaseOracle({
      truth: () => this.truth,
      accounts: () => this.accounts,
      actorOf: (owner) => this.leases.actorOf(owner),
      acquired: ({ owner }, lease) => {
        if (owner !== undefined) this.lot.silenced(this.leases.actorOf(owner) ?? '')
        this.onAcquired?.(lease)
      },
      isLeasedOrFinished: ({ streamLabel, shardId }) =>
        this.leases.lease(streamLabel, shardId) !== undefined || this.leases.isFinished(streamLabel, shardId),
      returned: (lease) => this.workerOracle.returnedUnder(lease),
      listingLagMs: world.profile.stream.listingLagMs,
      note: (actor, what) => world.trace.note(actor, what),
      violate: (invariant, message) => world.violate({ invariant, message }),
      mark: (name) => world.mark(name),
    })
  }

  /** Does an operation, and looks what has come of it. */
  execute(operation: string, input: object, sender: string): object {
    const effect = operation === 'TransactWriteItems' ? fencedEffectOf(input) : undefined
    try {
      const output = this.database.execute(operation, input, sender)
      if (operation === 'PutItem' || operation === 'DeleteItem') this.truth.look()
      if (effect !== undefined) this.#fencedEffect(effect)
      this.bank?.applied(operation, input)
      if (operation === 'UpdateItem') this.claims.updated(input, sender, this.#world.scheduler.now)
      this.leases.applied(operation, input, sender)
      if (this.#world.profile.parking !== undefined) this.#lotWatch.applied(operation, input, sender)
      if (this.accounts.startedAt === Infinity) this.#lookForStart(operation, input)
      return output
    } catch (error) {
      this.bank?.refused(error)
      if (effect !== undefined && isFencedOff(error)) this.#world.mark('lease of an old epoch refused an effect')
      throw error
    }
  }

  /** LATEST is a place that moves until each shard was opened there: only then, and once a start has resolved, is it promised. */
  #lookForStart(operation: string, input: object): void {
    if (operation === 'GetRecords') {
      const [, place = ''] = (input as { readonly ShardIterator: string }).ShardIterator.split('|1|')
      const [shardId] = /shardId-\d+-[0-9a-f]+/.exec(Buffer.from(place, 'base64').toString()) ?? []
      if (shardId !== undefined) this.#opened.add(shardId)
    }
    if (!this.hasStarted) return
    for (const { shardId, startAt, epoch } of this.leases.leases.values())
      if (startAt === 'LATEST' && epoch < 2 && !this.#opened.has(shardId)) return
    this.accounts.startedAt = this.#world.scheduler.now
  }

  #fencedEffect({ eventId, owner, epoch }: { eventId: string; owner: string; epoch: number }): void {
    const record = this.truth.record(eventId)
    if (record === undefined) return
    const { streamLabel, shardId } = record.shard
    const lease = this.leases.lease(streamLabel, shardId)
    if (lease?.owner !== owner || lease.epoch !== epoch)
      this.#world.violate({ invariant: 'I6', message: `${eventId} has an effect in epoch ${epoch}, which is over` })
    this.oracle.effect(record.ordered)
  }

  /** The state that committed effects leave is that of each item's last change. */
  judgeStates(): void {
    const last = new Map<string, Change>()
    for (const { ordered } of this.truth.records) {
      const { itemKey, sequenceNumber } = ordered
      const isLater = sequenceNumber > (last.get(itemKey)?.sequenceNumber ?? -1n)
      if (isLater && this.history.of(ordered).effects.length > 0) last.set(itemKey, ordered)
    }
    for (const { itemKey, eventId } of last.values()) {
      const state = textOf(this.database.row(stateKey(itemKey))?.['eventId'])
      if (state !== eventId)
        this.#world.violate({
          invariant: 'I3',
          message: `${itemKey} is left in the state of ${state}, not of ${eventId}`,
        })
    }
  }
}

/** Tells an oracle of marks. */
function watchMarks(oracle: Oracle) {
  return watchLedger({
    rowPut: ({ pk, sk, eventId }) => {
      if (textOf(sk) === 'mark' && textOf(pk)?.startsWith('ledger#') === true && eventId !== undefined)
        oracle.marked(textOf(eventId) ?? '')
    },
    refused: () => {},
    rowRead: () => {},
  })
}
