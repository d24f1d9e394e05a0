import type { Checkpoint } from '../../checkpoint/checkpoint.ts'
import { CoordinationError } from '../../errors.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import type { FleetName, LeaseTable, StreamStart } from '../coordination.ts'
import { type CoordinationOptions, CoordinationRequests } from './coordination.ts'
import { absent, type Change, conditionOf } from './expressions.ts'
import { asSeen, isDurable, isGivenUp, isOf, whileHeld, whileHeldBefore } from './held.ts'
import { checkpointChange, gapChange, leaseOf, leaseRow } from './lease-rows.ts'
import {
  doneKey,
  doneRow,
  finishedAtOf,
  leaseKey,
  leasesKey,
  numberOf,
  prefixes,
  startKey,
  startOf,
  startRow,
  wasKey,
} from './rows.ts'
import { type Gap, type HeldLease, type Lease, type LeaseId, leaseIdOf, type NewLease } from '../lease.ts'

/**
 * A fleet's leases in the coordination table. Between acquisition and release a row is written by its owner alone, and
 * every write says owner and epoch; a request that is refused is judged by the row that stood against it.
 *
 * Write units: acquire, save, halt and release one for each KB of the row, so one while the bitmap is small, two with a
 * bitmap of 1 KB (some 8,000 records in flight); create and finish four each, and create reads a row, once in a shard's life.
 */
export class DynamoDBLeaseTable implements LeaseTable {
  readonly #requests: CoordinationRequests
  readonly #fleet: FleetName
  readonly #clock: Clock

  constructor(options: CoordinationOptions) {
    this.#requests = new CoordinationRequests(options)
    this.#fleet = options.fleet
    this.#clock = options.clock
  }

  async list(): Promise<Lease[]> {
    const rows = await this.#requests.query(leasesKey(this.#fleet), prefixes.lease, true)
    return rows.map((row) => this.#leaseOf(row))
  }

  async get(id: LeaseId): Promise<Lease | undefined> {
    const row = await this.#requests.get(leaseKey(this.#fleet, id))
    return row === undefined ? undefined : this.#leaseOf(row)
  }

  async create(lease: NewLease, gap?: Gap): Promise<'created' | 'exists' | 'finished' | 'begun'> {
    const { tableName: TableName } = this.#requests
    const Key = doneKey(this.#fleet, leaseIdOf(lease))
    // Taken back by an operator, to be created anew when its parent is finished again: epochs must never be used twice.
    const was = await this.#requests.get(wasKey(this.#fleet, leaseIdOf(lease)))
    const row = {
      ...leaseRow(this.#fleet, lease, this.#clock.now(), Number(was?.['epoch']?.N ?? 0)),
      ...(gap === undefined ? {} : gapChange(gap).set),
    }
    const refused = await this.#requests.transact([
      // In one transaction: looked at before, the shard could be finished between the look and the put, and run again.
      { ConditionCheck: { TableName, Key, ...conditionOf(absent) } },
      { Put: { TableName, Item: row, ...conditionOf(absent) } },
      ...(lease.startAt === 'LATEST' ? [this.#whileStarting(lease)] : []),
    ])
    if (refused === 'committed') return 'created'
    if (refused[0] === true) return 'finished'
    return refused[1] === true ? 'exists' : 'begun'
  }

  async acquire(seen: Lease, owner: string): Promise<Lease | undefined> {
    const next = { id: seen.id, owner, epoch: seen.epoch + 1 }
    const { status, row } = await this.#requests.update(
      leaseKey(this.#fleet, seen.id),
      // Revisions are counted within an epoch: the first save of this one must not look late.
      { set: { owner: { S: owner }, epoch: numberOf(next.epoch), ...this.#takeOver(seen) }, remove: ['revision'] },
      asSeen(seen),
    )
    // Refused by our own earlier try, the reply to which was lost: nobody else writes this owner with this epoch.
    if (row === undefined || !(status === 'written' || isOf(row, next))) return undefined
    return this.#leaseOf(row)
  }

  save(held: HeldLease, checkpoint: Checkpoint, revision: number): Promise<'saved' | 'lost'> {
    return this.#write(held, checkpointChange(checkpoint), revision)
  }

  async release(held: HeldLease, checkpoint: Checkpoint | undefined): Promise<'released' | 'lost'> {
    const { set, remove = [] } = checkpoint === undefined ? {} : checkpointChange(checkpoint)
    const { status, row } = await this.#requests.update(
      leaseKey(this.#fleet, held.id),
      { ...(set === undefined ? {} : { set }), remove: [...remove, 'owner'] },
      whileHeld(held),
    )
    return status === 'written' || isGivenUp(row, held) ? 'released' : 'lost'
  }

  noteRead(held: HeldLease, revision: number): Promise<'saved' | 'lost'> {
    return this.#write(held, { set: { readAt: numberOf(this.#clock.now()) } }, revision)
  }

  halt(held: HeldLease, gap: Gap, revision: number): Promise<'saved' | 'lost'> {
    return this.#write(held, gapChange(gap), revision)
  }

  passGap(held: HeldLease, checkpoint: Checkpoint, revision: number): Promise<'saved' | 'lost'> {
    const { set = {}, remove = [] } = checkpointChange(checkpoint)
    // Reading begins anew, at what is left: the age of the lease would otherwise tell of the same loss again.
    const anew = { startAt: { S: 'TRIM_HORIZON' }, createdAt: numberOf(this.#clock.now()) }
    return this.#write(held, { set: { ...set, ...anew }, remove: [...remove, 'gap'] }, revision)
  }

  async finish(held: HeldLease): Promise<'finished' | 'lost'> {
    const { tableName: TableName } = this.#requests
    const Key = leaseKey(this.#fleet, held.id)
    const outcome = await this.#requests.transact([
      { Delete: { TableName, Key, ...conditionOf(whileHeld(held)) } },
      { Put: { TableName, Item: doneRow(this.#fleet, held, this.#clock.now()) } },
    ])
    if (outcome === 'committed') return 'finished'
    // An earlier call may have finished it without hearing so: then the row that it left is ours.
    const done = await this.#requests.get(doneKey(this.#fleet, held.id))
    return done !== undefined && isOf(done, held) ? 'finished' : 'lost'
  }

  async finishedAt(id: LeaseId): Promise<number | undefined> {
    const row = await this.#requests.get(doneKey(this.#fleet, id))
    return row === undefined ? undefined : finishedAtOf(row, this.#requests.tableName)
  }

  async starts(): Promise<StreamStart[]> {
    // In the order of their labels, which are the times at which the streams were made.
    const rows = await this.#requests.query(leasesKey(this.#fleet), prefixes.start, true)
    return rows.map((row) => startOf(row, this.#requests.tableName))
  }

  async noteStart(start: StreamStart): Promise<StreamStart> {
    const { status, row } = await this.#requests.putNew(startRow(this.#fleet, start, this.#clock.now()))
    return status === 'written' || row === undefined ? start : startOf(row, this.#requests.tableName)
  }

  async completeStart(streamLabel: string): Promise<void> {
    const { status } = await this.#requests.update(
      startKey(this.#fleet, streamLabel),
      { set: { complete: { BOOL: true } } },
      { expression: 'attribute_exists(pk)', names: [] },
    )
    if (status === 'refused')
      throw new CoordinationError(`the start of stream ${streamLabel} is complete before it was noted`, {
        retryable: false,
      })
  }

  /**
   * Two may start a fleet, by listings of which only the later one shows a shard. Once the first has completed the start,
   * LATEST is promised to be of a moment before: the second must not begin the shard there, behind what was written since.
   */
  #whileStarting({ streamLabel }: NewLease) {
    const { tableName: TableName } = this.#requests
    const isStarting = {
      expression: '#complete = :false',
      names: ['complete'],
      values: { false: { BOOL: false } },
    }
    return { ConditionCheck: { TableName, Key: startKey(this.#fleet, streamLabel), ...conditionOf(isStarting) } }
  }

  /** Told by the row, not by whoever finds it out: who releases the lease before all of it is past can't forget it. */
  #takeOver({ owner }: Lease): Row {
    return owner === undefined ? {} : { takenOverAt: numberOf(this.#clock.now()) }
  }

  async #write(held: HeldLease, change: Change, revision: number): Promise<'saved' | 'lost'> {
    const set = { ...change.set, revision: numberOf(revision) }
    const key = leaseKey(this.#fleet, held.id)
    const written = await this.#requests.update(key, { ...change, set }, whileHeldBefore(held, revision))
    return isDurable(written, held, revision) ? 'saved' : 'lost'
  }

  #leaseOf(row: Row): Lease {
    return leaseOf(row, this.#requests.tableName)
  }
}
