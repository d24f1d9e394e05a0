import { ServiceError } from '../embedded/service-error.ts'
import { ledgerTable } from './simulated-database.ts'
import type { Span, WorkerProfile } from './workers/profile.ts'
import type { WorkerMark } from './workers/marks.ts'
import type { World } from './world.ts'

const streamOperation = /^(?:DescribeStream|GetShardIterator|GetRecords)$/

/** Refuses requests to one of the services: the coordination table in an outage, the stream where it may not be read. */
export class ServiceFaults {
  readonly #world: World<WorkerProfile, WorkerMark>

  constructor(world: World<WorkerProfile, WorkerMark>) {
    this.#world = world
  }

  /** Throws what the service answers, when it does not do the operation. */
  refuse(operation: string, input: object, sender: string): void {
    const world = this.#world
    if (world.isHealthy || !sender.startsWith('worker')) return
    if (streamOperation.test(operation)) return this.#refuseStream(operation)
    const { outages, cutOffs } = world.profile
    if (!/Transact/.test(operation) && (input as { readonly TableName?: string }).TableName !== ledgerTable) return
    if (this.#isIn(outages)) {
      world.mark('coordination outage')
      throw new ServiceError('InternalServerError', 'the simulated table is down')
    }
    if (!sender.startsWith('worker1.') || !this.#isIn(cutOffs)) return
    world.mark('worker cut off from coordination')
    throw new ServiceError('InternalServerError', 'the simulated table is down for one')
  }

  #refuseStream(operation: string): void {
    const world = this.#world
    const { denials, iteratorExpires } = world.profile
    if (this.#isIn(denials)) {
      world.mark('stream access denied')
      throw new ServiceError('AccessDeniedException', 'the simulated policy says no')
    }
    if (operation !== 'GetRecords' || !world.random.chance(iteratorExpires)) return
    world.mark('iterator expired')
    throw new ServiceError('ExpiredIteratorException', 'the simulated iterator is too old')
  }

  #isIn(spans: readonly Span[]): boolean {
    const { now } = this.#world.scheduler
    return spans.some(([from, to]) => from <= now && now < to)
  }
}
