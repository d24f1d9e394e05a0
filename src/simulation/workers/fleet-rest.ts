import { isTrimmed, type Accounts } from '../accounts.ts'
import type { FleetHost } from './fleet-host.ts'
import type { History } from '../history.ts'
import type { LeaseWatch } from './lease-watch.ts'
import { coveredBy, textOf, type SeenLease } from './seen-lease.ts'
import { ledgerTable } from '../simulated-database.ts'
import type { StreamTruth, TrueRecord, TrueShard } from '../stream-truth.ts'
import type { Invariant } from '../violation.ts'
import type { WorkerProfile } from './profile.ts'
import type { WorkerMark } from './marks.ts'
import type { World } from '../world.ts'
import type { Item } from '../../embedded/item.ts'

/** What is looked at to say whether a fleet has come to rest. */
export interface FleetRestSetting {
  readonly world: World<WorkerProfile, WorkerMark>
  readonly truth: StreamTruth
  readonly accounts: Accounts
  readonly history: History
  readonly leases: LeaseWatch
  readonly fleet: FleetHost
  readonly violate: (invariant: Invariant, message: string) => void
  /** Whether all that was sent under faults has arrived. */
  readonly isQuiet: () => boolean
  /** Whether an incarnation has lost its right to work: it releases nothing any more, and nobody else is there. */
  readonly hasLapsed: (memberId: string) => boolean
  /** What else keeps the fleet from being at rest. */
  readonly more: () => string | undefined
  /** Told of a record that keeps the fleet from being at rest. */
  readonly isStuck: (record: TrueRecord) => void
}

// Poison is tried again within a minute, a new stream is looked for each minute, a shard's end tried again each half. Less
// than until the next listing of everything, each ten minutes: nothing may have to wait for that.
const restWithinMs = 400_000
// A claim whose owner has died runs out after a quarter of an hour.
const claimMs = 910_000
const lookEveryMs = 1_000
const mostRounds = 10
// By then who has a listing has compared it with the leases.
const answeredWithinMs = 3_000
// States of a shard in a worker's status that say that it is not at it.
const unworked: ReadonlySet<string> = new Set(['free', 'elsewhere', 'ended'])

/** Waits until a healed fleet has nothing left to do, and judges what it then still does. */
export class FleetRest {
  readonly #setting: FleetRestSetting
  #isCounting = false
  #leaseReads = 0
  #listings: { readonly at: number; readonly isOfChildren: boolean }[] = []
  #leaseWrites = 0

  constructor(setting: FleetRestSetting) {
    this.#setting = setting
  }

  /** A worker sends a request. */
  sent(command: object): void {
    const { input } = command as { readonly input: Request }
    const { TableName, Key, ShardFilter, ExpressionAttributeValues: values, UpdateExpression } = input
    if ('StreamArn' in input && !('ShardId' in input))
      this.#listings.push({ at: this.#setting.world.scheduler.now, isOfChildren: ShardFilter !== undefined })
    if (TableName !== ledgerTable || !this.#isCounting) return
    const partition = textOf(Key?.['pk']) ?? textOf(values?.[':pk']) ?? ''
    if (!partition.startsWith('leases#') || textOf(values?.[':prefix']) === 'start#') return
    this.#setting.world.trace.note(
      'world',
      `sees leases ${UpdateExpression === undefined ? 'read' : 'written'} at rest`,
    )
    if (UpdateExpression === undefined) this.#leaseReads += 1
    else this.#leaseWrites += 1
  }

  /** Whether every record is done with, and none is being repeated: that one may be parked once more. */
  get isSettled(): boolean {
    const { truth, accounts, leases } = this.#setting
    truth.look()
    return [...truth.shards].every((shard) => {
      if (accounts.undoneIn(shard) !== undefined) return false
      const lease = leases.lease(shard.streamLabel, shard.shardId)
      return lease === undefined || this.#unsaved(shard, lease) === undefined
    })
  }

  /** Resolves when it is at rest. That it does not come to it is a violation of liveness. */
  async come(): Promise<void> {
    const { world, violate } = this.#setting
    const untilMs =
      world.scheduler.now + restWithinMs + (world.profile.ledger === 'park' ? claimMs : 0) + deadlyMs(world.profile)
    // Twice in a row: who has just woken from a pause beyond its lease does not know it yet.
    for (let calmCount = 0; calmCount < 2 && world.violations.length === 0;) {
      const wanting = this.#wanting()
      calmCount = wanting === undefined ? calmCount + 1 : 0
      if (calmCount === 2) break
      if (wanting !== undefined && world.scheduler.now > untilMs)
        return violate('I10', `the fleet does not come to rest: ${wanting}`)
      await this.#pass(lookEveryMs)
    }
    if (world.profile.watchesRest) await this.#idle()
  }

  /** After all were stopped. */
  judgeStopped(): void {
    const { leases, violate, hasLapsed } = this.#setting
    for (const { owner, shardId } of leases.leases.values())
      if (owner !== undefined && !hasLapsed(owner)) violate('I10', `${shardId} is still ${owner}'s, who was stopped`)
    // A row that was brought back is for whoever comes next to give up for dead, and nobody does.
    for (const id of leases.members) if (!leases.hasLeft(id)) violate('I10', `${id} was stopped, and its row is there`)
  }

  /** An idle fleet reads its members and nothing else of the coordination table, and writes heartbeats alone. */
  async #idle(): Promise<void> {
    const { world, violate, leases } = this.#setting
    const { worker, awayHours } = world.profile
    await this.#settle()
    const since = world.scheduler.now - answeredWithinMs
    this.#isCounting = true
    await this.#pass(worker.leaseDurationMs)
    this.#isCounting = false
    if (world.violations.length > 0) return
    const wanting = this.#wanting()
    if (wanting !== undefined) return violate('I10', `the fleet does not stay at rest: ${wanting}`)
    // Whoever looks for new shards compares a listing with the leases; of a shard's two children each has two rows, and when
    // an earlier try to create one ended in an error, everybody is told to look for it.
    const listings = this.#listings.filter(({ at }) => at >= since)
    const ofChildren = 4 + leases.members.size
    const allowedReads = listings.reduce((sum, { isOfChildren }) => sum + (isOfChildren ? ofChildren : 2), 0)
    if (this.#leaseReads > allowedReads)
      violate('I11', `an idle fleet reads its leases ${this.#leaseReads} times, with ${listings.length} listings`)
    // After hours, that a shard is read is noted.
    if (this.#leaseWrites > 0 && awayHours === 0)
      violate('I11', `an idle fleet writes to its leases ${this.#leaseWrites} times`)
  }

  /** A handover that was begun may end later, and what waits for a lease's duration is looked at once more after it. */
  async #settle(): Promise<void> {
    const { world, leases } = this.#setting
    const { leaseDurationMs, checkpointIntervalMs } = world.profile.worker
    let writeCount = -1
    for (let round = 0; writeCount !== leases.writeCount && round < mostRounds; round += 1) {
      writeCount = leases.writeCount
      await this.#pass(1.2 * leaseDurationMs + checkpointIntervalMs + 500)
    }
  }

  /** Whether its owner knows that it is. */
  #isWorked({ owner, shardId, epoch }: SeenLease): boolean {
    const fleets = this.#setting.fleet.alive.flatMap(({ worker }) => worker.status().fleets)
    const shards = fleets.find(({ workerId }) => workerId === owner)?.shards ?? []
    return shards.some((one) => one.shardId === shardId && one.epoch === epoch && !unworked.has(one.state))
  }

  /** A record that its next owner would handle once more: so what is repeated is repeated to its end. */
  #unsaved(shard: TrueShard, lease: SeenLease): TrueRecord | undefined {
    const covered = new Set(coveredBy(lease, shard))
    return shard.records.find((record) => !covered.has(record) && this.#isSavedAtRest(record))
  }

  /** Also one from before a start at LATEST, once it was handled: it is repeated like any other, and what is behind it as well. */
  #isSavedAtRest(record: TrueRecord): boolean {
    const { accounts, history } = this.#setting
    return !accounts.isExcused(record) || (!isTrimmed(record) && history.of(record.change).effects.length > 0)
  }

  #pass(ms: number): Promise<void> {
    const { world } = this.#setting
    return world.settled(world.clock.sleep(ms), 2 * ms)
  }

  /** What keeps the fleet from being at rest. */
  #wanting(): string | undefined {
    const { truth, accounts, leases, fleet } = this.#setting
    truth.look()
    if (!fleet.isSteady) return 'workers come and go'
    // What a dead worker has sent may write a member's row that nobody beats, and the fleet looks after it a lease's duration later.
    if (!this.#setting.isQuiet()) return 'requests of before are on their way'
    const names = new Set(fleet.alive.map(({ actor }) => actor.name))
    const live = new Map([...leases.members].filter((id) => names.has(leases.actorOf(id) ?? '')).map((id) => [id, 0]))
    for (const shard of truth.shards) {
      const undone = accounts.undoneIn(shard)
      if (undone !== undefined) this.#setting.isStuck(undone)
      if (undone !== undefined) return `${undone.change.eventId} of ${shard.shardId} is not done with`
      const lease = leases.lease(shard.streamLabel, shard.shardId)
      if (shard.isOpen && lease === undefined) return `${shard.shardId} has no lease`
      if (lease === undefined) continue
      if (!shard.isOpen) return `${shard.shardId} is not finished`
      const unsaved = this.#unsaved(shard, lease)
      if (unsaved !== undefined) return `${unsaved.change.eventId} is not in the checkpoint of ${shard.shardId}`
      const count = live.get(lease.owner ?? '')
      if (lease.owner === undefined || count === undefined) return `${shard.shardId} is ${String(lease.owner)}'s`
      if (!this.#isWorked(lease)) return `${shard.shardId} is ${lease.owner}'s, who does not work it`
      live.set(lease.owner, count + 1)
    }
    if (live.size !== names.size || live.size !== leases.members.size)
      return `${leases.members.size} members, ${live.size} of them alive, of ${names.size} workers`
    const counts = [...live.values()]
    if (Math.max(...counts) - Math.min(...counts) > 1) return `workers have ${counts.join(', ')} shards`
    return this.#setting.more()
  }
}

/** A record that kills costs a lease's duration, and a restart, for each of its attempts and a few more. */
function deadlyMs({ workload, worker, process, maxAttempts }: WorkerProfile): number {
  if (workload.ills?.includes('deadly') !== true) return 0
  return workload.writeCount * (2 * maxAttempts + 3) * (2 * worker.leaseDurationMs + process.restartMs)
}

interface Request {
  readonly TableName?: string
  readonly Key?: Item
  readonly ShardFilter?: object
  readonly UpdateExpression?: string
  readonly ExpressionAttributeValues?: Item
}
