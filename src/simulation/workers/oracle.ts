import type { HandlerContext } from '../../handler/handler.ts'
import { isTrimmed, type Accounts, type ToldGap } from '../accounts.ts'
import type { Change, History } from '../history.ts'
import type { LeaseWatch } from './lease-watch.ts'
import type { Oracle } from '../oracle.ts'
import { commitsOnce } from '../profile.ts'
import { coveredBy, type SeenLease } from './seen-lease.ts'
import type { StreamTruth, TrueRecord } from '../stream-truth.ts'
import type { Invariant } from '../violation.ts'
import type { WorkerMark } from './marks.ts'

/** What a worker oracle judges with. */
export interface WorkerOracleSetting {
  readonly truth: StreamTruth
  readonly accounts: Accounts
  readonly history: History
  readonly leases: LeaseWatch
  readonly oracle: Oracle
  readonly now: () => number
  readonly violate: (invariant: Invariant, message: string) => void
  readonly mark: (mark: WorkerMark) => void
}

/** A run of a handler, from when it is begun. */
export interface HandlerRun {
  readonly change: Change
  readonly actor: string
  readonly right: NonNullable<HandlerContext['lease']>
}

// A record's time has whole seconds, clocks differ by two, and workers look five seconds further back than they have to.
const latestSlackMs = 10_000

/** Watches the handlers of all workers: who may run what, and when. What one consumer's effects amount to is `Oracle`'s. */
export class WorkerOracle {
  readonly #setting: WorkerOracleSetting
  /** When the first worker was launched. */
  launchedAt = Infinity
  /** Actors that could not make durable what they have handled: it may be handled again. */
  readonly troubled: Set<string> = new Set()
  // By owner and epoch: what was handled under it, and its signal had not aborted
  readonly #returned = new Map<string, Set<string>>()
  readonly #running = new Map<string, HandlerRun>()
  // By shard: the latest epoch in which a handler was begun
  readonly #begunIn = new Map<string, number>()

  constructor(setting: WorkerOracleSetting) {
    this.#setting = setting
  }

  began(run: HandlerRun): void {
    const { change, actor, right } = run
    const { truth, accounts, mark } = this.#setting
    const record = truth.record(change.eventId)
    if (record === undefined || record.shard.shardId !== right.shardId)
      return this.#violate('I6', `${change.eventId} is handled for ${right.shardId}, which does not have it`)
    this.#judgeRight(record, run)
    this.#begunIn.set(right.shardId, Math.max(right.epoch, this.#begunIn.get(right.shardId) ?? 0))
    const undone = accounts.undoneBefore(record.shard)
    if (undone !== undefined)
      this.#violate('I5', `${change.eventId} is handled before ${undone.change.eventId} is done with`)
    const other = this.#running.get(`${actor} ${change.itemKey}`)
    if (other !== undefined) this.#violate('I3', `${actor} handles ${change.eventId} beside ${other.change.eventId}`)
    this.#running.set(`${actor} ${change.itemKey}`, run)
    if (accounts.isBeforeStart(record)) mark('record before LATEST')
  }

  /** Whether a run's lease has gone to another. */
  isStale({ change, right }: HandlerRun): boolean {
    const shard = this.#setting.truth.record(change.eventId)?.shard
    const lease = shard === undefined ? undefined : this.#setting.leases.lease(shard.streamLabel, shard.shardId)
    return lease === undefined || lease.owner !== right.owner || lease.epoch !== right.epoch
  }

  /** A handler's effect, at the moment at which it can't be undone any more. */
  effect(run: HandlerRun): void {
    const { history, oracle, mark } = this.#setting
    if (this.isStale(run)) {
      mark('effect of a worker that had lost its lease')
      // Nothing but a fence keeps it from happening after what its next owner did; with 'park' it must be the only one.
      if (history.of(run.change).effects.length > 0 && history.habits.ledger !== 'park') return
    }
    oracle.effect(this.#setting.truth.record(run.change.eventId)?.ordered ?? run.change)
  }

  /** What a run did is committed, with its mark. */
  committed({ change, right, actor }: HandlerRun): void {
    const { truth, oracle } = this.#setting
    const latest = this.#begunIn.get(right.shardId) ?? 0
    if (right.epoch < latest)
      this.#violate(
        'I6',
        `${actor} commits ${change.eventId} in epoch ${right.epoch}, and handlers have begun in ${latest}`,
      )
    oracle.effect(truth.record(change.eventId)?.ordered ?? change)
    oracle.marked(change.eventId)
  }

  /** A run has ended. `isClean`: the handler returned, and had not been told to stop. */
  ended(run: HandlerRun, isClean: boolean): void {
    this.#running.delete(`${run.actor} ${run.change.itemKey}`)
    if (!isClean) return
    const { habits } = this.#setting.history
    const { eventId } = run.change
    const returned = this.#returnedUnder(run.right)
    if (returned.has(eventId) && habits.ledger === 'none')
      this.#violate('I2', `${eventId} was handled twice in epoch ${run.right.epoch} of its shard`)
    returned.add(eventId)
  }

  /** Whether somebody is at a change just now. */
  isAtWork(idempotencyKey: string, isAlive: (actor: string) => boolean): boolean {
    const deeds = this.#setting.history.ofKey(idempotencyKey)
    return [...this.#running.values()].some(
      ({ change, actor }) => isAlive(actor) && this.#setting.history.of(change) === deeds,
    )
  }

  /** What the owner of a lease has handled, for as far as a checkpoint has to say so. */
  returnedUnder({ owner = '', epoch, shardId }: SeenLease): Iterable<string> {
    const { history, leases } = this.#setting
    if (history.habits.ledger !== 'none' || this.troubled.has(leases.actorOf(owner) ?? '')) return []
    return this.#returnedUnder({ owner, epoch, shardId })
  }

  gapTold(gap: ToldGap): void {
    const { truth, accounts, leases } = this.#setting
    truth.look()
    this.#setting.mark('gap told')
    accounts.gapTold(gap)
    const shard = truth.shard(gap.streamLabel, gap.shardId)
    if (shard === undefined || shard.isGone) return
    const lost = shard.records[shard.trimmedCount - 1]
    // A place that is gone may be the last one before which nothing is lost: who reads can't tell.
    const isTrue = gap.kind === 'trimmed' && lost !== undefined && lost.change.sequenceNumber >= (gap.after ?? 0n)
    const isOld =
      leases.lease(gap.streamLabel, gap.shardId) !== undefined && gap.after === undefined && shard.trimmedCount === 0
    if (gap.after === undefined && accounts.comesOfUnknown(shard)) return
    if (!isTrue && !(isOld && this.#setting.now() - shard.firstSeenAt > 24 * 3_600_000))
      this.#violate('I12', `a gap in ${gap.shardId} is told behind ${String(gap.after)}, and nothing of it is gone`)
  }

  /** At the end, when everything has come to rest. */
  concluded(): void {
    const { truth, accounts, history, oracle, mark } = this.#setting
    const records = [...truth.records]
    for (const record of records) {
      if (accounts.isSettled(record) || !isTrimmed(record)) continue
      mark('records lost unread')
      if (!accounts.isExcused(record) && history.of(record.change).effects.length === 0)
        this.#violate(
          'I12',
          `${record.change.eventId} of ${record.shard.shardId} was trimmed unread, and nobody was told`,
        )
    }
    // What was lost, and told, did not get its turn again behind what was repeated before it.
    for (const record of records)
      if (isTrimmed(record) && accounts.isExcused(record)) history.givenUp.add(record.change.eventId)
    oracle.concluded(records.filter((record) => !accounts.isExcused(record)).map(({ ordered }) => ordered))
  }

  #judgeRight(record: TrueRecord, run: HandlerRun): void {
    const { leases, history, accounts } = this.#setting
    const { change, shard } = record
    const { right, actor } = run
    const lease = leases.lease(shard.streamLabel, shard.shardId)
    if (lease === undefined || this.isStale(run))
      return this.#violate(
        'I6',
        `${actor} begins ${change.eventId} in epoch ${right.epoch}; the lease is ${told(lease)}`,
      )
    if (coveredBy(lease, shard).includes(record))
      this.#violate('I2', `${change.eventId} runs although the checkpoint of ${shard.shardId} has passed it`)
    // A transaction that was refused is run again, and so is what shared it: what counts there is what is committed.
    const returned = commitsOnce(history.habits.ledger) ? [] : [...this.#returnedUnder(right)]
    const isRepeated = returned.some((eventId) => {
      const other = this.#setting.truth.record(eventId)
      return other !== undefined && history.of(other.change) === history.of(change)
    })
    if (isRepeated && !this.troubled.has(actor))
      this.#violate('I2', `${change.eventId} runs again in epoch ${right.epoch}, after it was handled`)
    if (accounts.isBeforeStart(record) && record.at < this.launchedAt - latestSlackMs)
      this.#violate('I2', `${change.eventId} was written long before the start at LATEST`)
  }

  #returnedUnder({
    owner,
    epoch,
    shardId,
  }: {
    readonly owner: string
    readonly epoch: number
    readonly shardId: string
  }) {
    const name = `${owner} ${epoch} ${shardId}`
    const returned = this.#returned.get(name) ?? new Set<string>()
    this.#returned.set(name, returned)
    return returned
  }

  #violate(invariant: Invariant, message: string): void {
    this.#setting.violate(invariant, message)
  }
}

function told(lease: SeenLease | undefined): string {
  return lease === undefined ? 'gone' : `${String(lease.owner)}'s in epoch ${lease.epoch}`
}
