import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { CoordinationError } from '../errors.ts'
import type { Gap, HeldLease, Lease, LeaseId, NewLease, StartPosition } from './lease.ts'

/** A fleet: the workers that consume one table for one consumer. Everything below is within one. */
export interface FleetName {
  readonly consumer: string
  readonly tableName: string
}

/** A member of a fleet as its row says. */
export interface MemberRow {
  /** One incarnation of a worker: a worker that was given up for dead comes back under another id. */
  readonly id: string
  /** Raised with every heartbeat. */
  readonly beat: number
  /** Raised whenever this member released, created or finished leases: a reason for the others to look at the leases. */
  readonly changes: number
  /** It releases its leases and takes no more. */
  readonly leaving: boolean
  /** Where it runs, for people: host name and process id. */
  readonly host: string
  /** Epoch ms by its own wall clock, for people; never compared. */
  readonly joinedAt: number
  /** When it beat last, epoch ms by its own wall clock and to the second, for people; never compared by a member. */
  readonly beatAt?: number
  /** How long it may be silent before the others take its leases; where the row does not say, as long as oneself. */
  readonly leaseDurationMs?: number
  /** Why the row can't be read: something else wrote to it. It stands for a member that takes nothing, until its silence. */
  readonly unreadable?: CoordinationError
}

/** That a fleet is to stand still: an operator's word, which holds until it is taken back. */
export interface Pause {
  /** Epoch ms by the clock of whoever asked for it; for people. */
  readonly pausedAt: number
  /** Who asked for it, for people. */
  readonly by: string
}

/** A fleet's members, and whether it is paused, in one read. */
export interface FleetLook {
  readonly members: readonly MemberRow[]
  readonly pause: Pause | undefined
}

/** How a fleet started consuming a stream (one ARN). Written once, by whoever is first. */
export interface StreamStart {
  readonly streamLabel: string
  readonly startAt: StartPosition
  /** Whether all leases of the first listing exist. From then on every new shard starts at TRIM_HORIZON. */
  readonly complete: boolean
  /** When it was noted, epoch ms by the clock of whoever did; absent in one that is yet to be. */
  readonly notedAt?: number
}

/**
 * The rows of a fleet's members. Apart from the leases' partition, so that checkpoints that are throttled never keep a
 * heartbeat from being written. Methods throw a `CoordinationError` when the table can't be reached.
 */
export interface MemberTable {
  /** Writes the row of a new incarnation. */
  join(member: MemberRow): Promise<void>
  /** Writes the heartbeat; `gone` when the row was removed, as that of one given up for dead, or can't be read any more. */
  beat(member: Pick<MemberRow, 'id' | 'beat' | 'changes' | 'leaving'>): Promise<'alive' | 'gone'>
  /** All members; see {@link MemberRow.unreadable}. A consistent read sees every member that joined before it was sent. */
  list(options: { readonly consistent: boolean }): Promise<MemberRow[]>
  /** The same with the fleet's pause, which is a row among theirs: to see it costs no request more. */
  look(options: { readonly consistent: boolean }): Promise<FleetLook>
  /** Asks the fleet to stand still; what is said of a pause that is there already stays. */
  pause(pause: Pause): Promise<'paused' | 'paused-before'>
  /** Takes that back. */
  resume(): Promise<'resumed' | 'not-paused'>
  /** Gives a member up for dead, unless it has beaten since `beat` was seen. */
  remove(id: string, beat: number): Promise<'removed' | 'beaten'>
  /** Removes one's own row. */
  leave(id: string): Promise<void>
}

/**
 * The rows of a fleet's leases. Every write is conditional; a lost reply is resolved by what the row says, so that each
 * answer is true. Methods throw a `CoordinationError` when the table can't be reached.
 */
export interface LeaseTable {
  /** All leases that are not finished; strongly consistent. */
  list(): Promise<Lease[]>
  get(id: LeaseId): Promise<Lease | undefined>
  /**
   * Creates a lease unless it exists or its shard was finished, in one transaction with that check; at LATEST only while
   * the start of its stream is not complete, for afterwards (`begun`) what is found late is read from its beginning.
   *
   * @param gap What of the shard is lost already, for its first owner to tell.
   */
  create(lease: NewLease, gap?: Gap): Promise<'created' | 'exists' | 'finished' | 'begun'>
  /** Takes a free or orphaned lease as it was seen, raising its epoch; `undefined` when it has changed since. */
  acquire(seen: Lease, owner: string): Promise<Lease | undefined>
  /** Saves progress. `revision` rises with every save of one epoch, so that a late duplicate can't undo a newer one. */
  save(held: HeldLease, checkpoint: Checkpoint, revision: number): Promise<'saved' | 'lost'>
  /** Saves progress, when there is some to save, and gives the lease up in the same write. */
  release(held: HeldLease, checkpoint: Checkpoint | undefined): Promise<'released' | 'lost'>
  /** Notes that the shard is being read, and that there is no place in it to name yet. `revision` as for `save`. */
  noteRead(held: HeldLease, revision: number): Promise<'saved' | 'lost'>
  /** Notes lost data before which consumption halts. `revision` as for `save`. */
  halt(held: HeldLease, gap: Gap, revision: number): Promise<'saved' | 'lost'>
  /** Forgets the gap and goes on behind it, with the checkpoint given. `revision` as for `save`. */
  passGap(held: HeldLease, checkpoint: Checkpoint, revision: number): Promise<'saved' | 'lost'>
  /** The shard was consumed to its end: deletes the lease and leaves a row that says so, in one transaction. */
  finish(held: HeldLease): Promise<'finished' | 'lost'>
  /**
   * When the shard was consumed to its end, epoch ms; `undefined` when it was not. For a week after; no shard is listed for
   * as long. Strongly consistent.
   */
  finishedAt(id: LeaseId): Promise<number | undefined>
  /** How streams were started; oldest first. */
  starts(): Promise<StreamStart[]>
  /** Notes the start of a stream unless one is noted; returns what is noted. */
  noteStart(start: StreamStart): Promise<StreamStart>
  /** Marks a start as complete. */
  completeStart(streamLabel: string): Promise<void>
}

/** What a handler's own transaction can check so that a worker that lost its lease commits nothing. */
export interface LeaseCondition {
  readonly TableName: string
  readonly Key: { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } }
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: { readonly [name: string]: string }
  readonly ExpressionAttributeValues: { readonly [name: string]: { readonly S: string } | { readonly N: string } }
}
