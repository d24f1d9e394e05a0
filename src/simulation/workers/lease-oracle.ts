import type { Accounts } from '../accounts.ts'
import type { LeaseListener } from './lease-watch.ts'
import { coveredBy, type SeenLease } from './seen-lease.ts'
import type { StreamTruth, TrueRecord, TrueShard } from '../stream-truth.ts'
import type { Invariant } from '../violation.ts'
import type { WorkerMark } from './marks.ts'

/** What a lease oracle judges with. */
export interface LeaseOracleSetting {
  readonly truth: () => StreamTruth
  readonly accounts: () => Accounts
  /** The actor that an incarnation is of. */
  readonly actorOf: (owner: string | undefined) => string | undefined
  /** Told of each acquisition. */
  readonly acquired: (before: SeenLease, lease: SeenLease) => void
  readonly isLeasedOrFinished: (shard: TrueShard) => boolean
  /** What an owner's handlers have brought to a good end in this epoch. */
  readonly returned: (lease: SeenLease) => Iterable<string>
  readonly listingLagMs: number
  readonly violate: (invariant: Invariant, message: string) => void
  readonly mark: (mark: WorkerMark) => void
  readonly note: (actor: string, what: string) => void
}

/** Judges what is written to the rows of leases by what has really happened with their shards' records. */
export class LeaseOracle implements LeaseListener {
  readonly #setting: LeaseOracleSetting

  constructor(setting: LeaseOracleSetting) {
    this.#setting = setting
  }

  created(lease: SeenLease, sender: string): void {
    const { accounts, violate, note } = this.#setting
    note(sender, `LEASE ${lease.shardId} is created, at ${lease.startAt}`)
    const shard = this.#shardOf(lease)
    if (shard === undefined) return
    accounts().leaseCreated(shard)
    const undone = accounts().undoneBefore(shard)
    if (undone !== undefined)
      violate('I5', `${lease.shardId} has a lease, and ${nameOf(undone)} before it is not done with`)
    if (lease.startAt === 'LATEST' && shard.firstSeenAt > accounts().startedAt)
      violate('I1', `${lease.shardId} was opened after the start and begins at LATEST`)
  }

  acquired(before: SeenLease, lease: SeenLease, sender: string): void {
    const { violate, actorOf, mark, note } = this.#setting
    note(sender, `LEASE ${lease.shardId} is acquired, epoch ${lease.epoch}`)
    if (lease.epoch !== before.epoch + 1)
      violate('I7', `${lease.shardId} went from epoch ${before.epoch} to ${lease.epoch}`)
    if (actorOf(lease.owner) !== sender) violate('I6', `${sender} acquired ${lease.shardId} for somebody else`)
    if (before.owner !== undefined) mark('lease taken from a dead worker')
    this.#setting.acquired(before, lease)
    this.#judgeProgress(before, lease)
  }

  written(before: SeenLease, lease: SeenLease, sender: string): void {
    this.#judgeWriter(before, sender)
    this.#judgeProgress(before, lease)
    if (before.owner === lease.owner) return
    if (lease.owner !== undefined) {
      const change = `${String(before.owner)} to ${lease.owner}`
      return this.#setting.violate('I7', `${lease.shardId} went from ${change} within epoch ${lease.epoch}`)
    }
    this.#setting.note(sender, `LEASE ${lease.shardId} is released`)
    this.#judgeRelease(before, lease)
  }

  finished(before: SeenLease, isNoted: boolean, sender: string): void {
    const { accounts, violate, isLeasedOrFinished, listingLagMs, note } = this.#setting
    this.#judgeWriter(before, sender)
    const { shardId } = before
    note(sender, `LEASE ${shardId} is finished`)
    if (!isNoted) violate('I1', `the lease of ${shardId} is gone, and nothing says that it was finished`)
    const shard = this.#shardOf(before)
    if (shard === undefined || shard.isGone) return
    const undone = accounts().unreadIn(shard)
    if (undone !== undefined) violate('I4', `${shardId} is finished, and ${nameOf(undone)} is not done with`)
    if (shard.isOpen) violate('I1', `${shardId} is finished, and more may be written to it`)
    const started = shard.children.filter((child) => isLeasedOrFinished(child)).length
    // One that is listed late is found later; that none is, a closed shard's owner must not believe.
    if (started < (listingLagMs === 0 ? shard.children.length : Math.min(1, shard.children.length)))
      violate('I1', `${shardId} is finished before its children have leases`)
  }

  #judgeWriter({ owner, shardId, epoch }: SeenLease, sender: string): void {
    if (this.#setting.actorOf(owner) !== sender)
      this.#setting.violate('I6', `${sender} writes to ${shardId}, whose owner in epoch ${epoch} is ${String(owner)}`)
  }

  #judgeProgress(before: SeenLease, lease: SeenLease): void {
    const shard = this.#shardOf(lease)
    if (shard === undefined || isSame(before, lease)) return
    const { violate, accounts, mark } = this.#setting
    const covered = coveredBy(lease, shard)
    if (lease.beyond.some((byte) => byte > 0)) mark('settled beyond the frontier')
    for (const record of covered) {
      if (record === undefined) violate('I4', `the checkpoint of ${lease.shardId} names a record that it does not have`)
      else if (!accounts().isDone(record)) violate('I4', `the checkpoint of ${lease.shardId} passes ${nameOf(record)}`)
    }
    const now = new Set(covered)
    const forgotten = coveredBy(before, shard).find((record) => record !== undefined && !now.has(record))
    // Behind a gap it begins anew.
    if (forgotten !== undefined && shard.trimmedCount === 0)
      violate('I7', `the checkpoint of ${lease.shardId} went back behind ${nameOf(forgotten)}`)
  }

  #judgeRelease(before: SeenLease, lease: SeenLease): void {
    const shard = this.#shardOf(lease)
    this.#setting.mark('lease handed over')
    if (shard === undefined || shard.trimmedCount > 0) return
    const covered = new Set(coveredBy(lease, shard).map((record) => record?.change.eventId))
    for (const eventId of this.#setting.returned(before))
      if (!covered.has(eventId))
        this.#setting.violate('I2', `${lease.shardId} is handed over, and ${eventId}, which was handled, will be again`)
  }

  #shardOf({ streamLabel, shardId }: SeenLease): TrueShard | undefined {
    return this.#setting.truth().shard(streamLabel, shardId)
  }
}

function isSame(one: SeenLease, other: SeenLease): boolean {
  if (one.after !== other.after || one.from !== other.from || one.beyond.length !== other.beyond.length) return false
  return one.beyond.every((byte, place) => byte === other.beyond[place])
}

function nameOf({ change, shard }: TrueRecord): string {
  return `${change.eventId} (${change.itemKey}, ${shard.shardId} ${shard.records.findIndex((record) => record.change === change)})`
}
