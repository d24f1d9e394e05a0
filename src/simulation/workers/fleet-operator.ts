import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { DynamoDBMemberTable } from '../../leases/dynamodb/member-table.ts'
import type { Change } from '../history.ts'
import type { FleetWatch } from './fleet-watch.ts'
import type { SeenLease } from './seen-lease.ts'
import { itemsTable, ledgerTable, operatorName } from '../simulated-database.ts'
import type { Span, WorkerProfile } from './profile.ts'
import type { WorkerMark } from './marks.ts'
import type { World } from '../world.ts'

/** What an operator does to a fleet. */
export interface OperatorHabits {
  /** Times in which it is paused, while there are faults. */
  readonly pauses: readonly Span[]
  /** All are stopped, and the checkpoints moved back to the beginning. */
  readonly isReplayed: boolean
}

// What runs ends within the shutdown's time; then a lease is given up at the next look of its owner, and saved.
const graceMs = 30_000
const lookEveryMs = 500

/**
 * Pauses and resumes a fleet, as `tidemark pause` and `tidemark resume` do, and watches what it does meanwhile: a worker that
 * says that it stands still takes no lease until it says that it goes on, and when nobody holds one, nothing is handled.
 */
export class FleetOperator {
  readonly #world: World<WorkerProfile, WorkerMark>
  readonly #watch: FleetWatch
  readonly #members: DynamoDBMemberTable
  readonly #standing = new Set<string>()
  #isStill = false
  // What has to run again since a replay
  #toRunAgain = new Set<string>()

  constructor(world: World<WorkerProfile, WorkerMark>, watch: FleetWatch) {
    this.#world = world
    this.#watch = watch
    const { clock, random } = world.actor(`${operatorName} pausing`)
    // Its requests always arrive: what may be lost, or come late, is the fleet's.
    const client = {
      send: (command: object) => {
        const { input } = command as { readonly input: object }
        const operation = command.constructor.name.replace(/Command\d*$/, '')
        return Promise.resolve(watch.execute(operation, input, operatorName) as never)
      },
    }
    const fleet = { consumer: watch.history.consumer, tableName: itemsTable }
    this.#members = new DynamoDBMemberTable({ client, tableName: ledgerTable, fleet, clock, random })
  }

  /** Listens while `run` runs. */
  async during(run: () => Promise<void>): Promise<void> {
    const stands = (message: unknown) => void this.#standing.add((message as { workerId: string }).workerId)
    const goesOn = (message: unknown) => void this.#standing.delete((message as { workerId: string }).workerId)
    subscribe('tidemark:worker:paused', stands)
    subscribe('tidemark:worker:resumed', goesOn)
    try {
      await run()
    } finally {
      unsubscribe('tidemark:worker:paused', stands)
      unsubscribe('tidemark:worker:resumed', goesOn)
    }
  }

  /** Pauses and resumes while there are faults. */
  begin(): void {
    const { world } = { world: this.#world }
    for (const [from, to] of world.profile.operator?.pauses ?? []) {
      world.scheduler.after(from, () => void (world.isHealthy || this.#pause()))
      world.scheduler.after(to, () => void (world.isHealthy || this.resume()))
    }
  }

  /** A worker acquired a lease. */
  acquired({ owner = '', shardId }: SeenLease): void {
    if (this.#isStill) this.#violate(`${owner} takes ${shardId}, and the fleet stands still`)
    if (this.#standing.has(owner)) this.#violate(`${owner} takes ${shardId}, and says that it stands still`)
  }

  /** A handler is begun. */
  began({ eventId }: Change): void {
    if (this.#isStill) this.#violate(`${eventId} is handled, and the fleet stands still`)
    this.#toRunAgain.delete(eventId)
  }

  /** The fleet was moved back to the beginning: without a ledger all that it has handled runs again. */
  replayed(): void {
    const { truth, history, accounts } = this.#watch
    if (this.#world.profile.ledger !== 'none' || this.#world.profile.parking !== undefined) return
    const again = [...truth.records].filter(
      (record) => history.isSelected(record.change) && accounts.isSettled(record) && !accounts.isExcused(record),
    )
    this.#toRunAgain = new Set(again.map(({ change }) => change.eventId))
  }

  /** At the end, when everything has come to rest. */
  concluded(): void {
    for (const eventId of this.#toRunAgain)
      this.#world.violate({ invariant: 'replay', message: `${eventId} was replayed, and has not run again` })
  }

  async resume(): Promise<void> {
    this.#isStill = false
    if ((await this.#members.resume()) === 'resumed') this.#world.trace.note(operatorName, 'resumes')
  }

  /** Pauses a fleet without faults, lets `meanwhile` happen while nobody reads, and resumes it. */
  async standStill(meanwhile: () => Promise<unknown>): Promise<void> {
    const { profile, clock, scheduler } = this.#world
    const { shutdownTimeoutMs, leaseDurationMs } = profile.worker
    await this.#pause()
    this.#world.mark('fleet paused')
    const untilMs = scheduler.now + shutdownTimeoutMs + 2 * leaseDurationMs + graceMs
    while (this.#held.length > 0) {
      if (scheduler.now > untilMs)
        return this.#violate(`paused long ago, ${this.#held.map(({ shardId }) => shardId).join(', ')} is still held`)
      await clock.sleep(lookEveryMs)
    }
    this.#isStill = true
    await Promise.all([meanwhile(), clock.sleep(1.5 * leaseDurationMs)])
    await this.resume()
  }

  get #held(): readonly SeenLease[] {
    return [...this.#watch.leases.leases.values()].filter(({ owner }) => owner !== undefined)
  }

  async #pause(): Promise<void> {
    this.#world.trace.note(operatorName, 'pauses')
    await this.#members.pause({ pausedAt: this.#world.clock.now(), by: operatorName })
  }

  #violate(message: string): void {
    this.#world.violate({ invariant: 'pause', message })
  }
}

/** A fleet with an operator. */
export function operated(drawn: WorkerProfile, pauses: readonly Span[], isReplayed: boolean): WorkerProfile {
  const { worker, network } = drawn
  return {
    ...drawn,
    ...{ awayHours: 0, streamOff: undefined, watchesRest: false, operator: { pauses, isReplayed } },
    worker: { ...worker, startAt: 'TRIM_HORIZON' },
    // A lease that is taken by a request from before the pause is given up again; nobody can say more of it.
    network: { ...network, late: 0 },
  }
}
