import { assign } from './assignment.ts'
import type { MemberRow } from './coordination.ts'
import type { Lease, LeaseId } from './lease.ts'

/** What one member sees of its fleet. */
export interface FleetView {
  readonly self: string
  readonly leases: readonly Lease[]
  /** All members, from a consistent read that was sent after the leases were read. */
  readonly members: readonly MemberRow[]
  /** Members that this one saw silent for too long. */
  readonly dead: ReadonlySet<string>
  /** Leases that are being worked here, by this incarnation or, until everything of it has ended, by one before. */
  readonly working: ReadonlySet<LeaseId>
  /** Somebody asked the fleet to stand still. */
  readonly isPaused: boolean
}

/** A lease and whose it shall be. */
export interface Assigned {
  readonly lease: Lease
  readonly target: string
}

/** What one member has to do. */
export interface LeasePlan {
  /** Free, and this member's by assignment. */
  readonly acquire: readonly Lease[]
  /** Held by this member, another's by assignment, or nobody's while the fleet is paused. */
  readonly handOver: readonly Assigned[]
  /** This member's by its row but not worked: it was acquired without our hearing so, and is another's by assignment. */
  readonly giveBack: readonly Lease[]
  /** Free, and another's by assignment; or ours, while a run of an earlier incarnation is still ending. */
  readonly waiting: readonly Assigned[]
  /** Another's, and this member's by assignment: its owner is to hand it over. Not while an earlier run of it is still ending. */
  readonly incoming: readonly Lease[]
}

/**
 * Compares what is with what shall be.
 *
 * A lease is free when it has no owner, when its owner was seen dead, or when its owner has no row: a member's row is there
 * before it acquires anything and is removed only after it released everything or was given up for dead. That is why the
 * members have to be read after the leases: the other way round, an owner that joined in between would look like none.
 */
export function planLeases(view: FleetView): LeasePlan {
  return view.isPaused ? planPause(view) : planWork(view)
}

/**
 * A paused fleet gives up all its leases, as one that stops does, and stays: what runs ends and is saved, and the leases are
 * free. So nothing is held that somebody might die with, an operator may move the checkpoints, and the first plan after the
 * pause takes everything up.
 */
function planPause({ self, leases, working }: FleetView): LeasePlan {
  const ours = leases.filter(({ owner }) => owner === self)
  return {
    acquire: [],
    handOver: ours.filter(({ id }) => working.has(id)).map((lease) => ({ lease, target: nobody })),
    giveBack: ours.filter(({ id }) => !working.has(id)),
    waiting: [],
    incoming: [],
  }
}

const nobody = ''

function planWork(view: FleetView): LeasePlan {
  const alive = new Set(view.members.map(({ id }) => id).filter((id) => !view.dead.has(id)))
  const takers = view.members.filter(({ id, leaving }) => alive.has(id) && !leaving).map(({ id }) => id)
  const targets = assign(view.leases, takers)
  const plan = {
    acquire: [] as Lease[],
    handOver: [] as Assigned[],
    giveBack: [] as Lease[],
    waiting: [] as Assigned[],
    incoming: [] as Lease[],
  }
  for (const lease of view.leases) {
    const target = targets.get(lease.id)
    if (target === undefined) continue
    const isOurs = lease.owner === view.self
    const isFree = lease.owner === undefined || !alive.has(lease.owner) || (isOurs && !view.working.has(lease.id))
    if (isOurs && !isFree) {
      if (target !== view.self) plan.handOver.push({ lease, target })
    } else if (isFree) {
      if (target === view.self && !view.working.has(lease.id)) plan.acquire.push(lease)
      else if (isOurs) plan.giveBack.push(lease)
      else plan.waiting.push({ lease, target })
    } else if (target === view.self && !view.working.has(lease.id)) {
      plan.incoming.push(lease)
    }
  }
  return plan
}
