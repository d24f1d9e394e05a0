import type { Lease, LeaseId } from './lease.ts'
import { hashOf, rendezvousWeight } from './rendezvous.ts'

/**
 * Which member shall own which lease. There is no leader: each member computes this for itself, and all who see the same
 * leases and members, in whatever order, find the same answer.
 *
 * Everybody gets n/m leases, rounded down or up. An owner keeps what it has up to that; what it has too much, those leases
 * that prefer it least, and what has no owner, goes to members that have too little. So a member that joins is given its
 * share and nothing else moves, and of one that leaves only its own leases move. Between members with room a lease goes to
 * the one that it prefers (rendezvous hashing, Thaler and Ravishankar 1998; the bound on everybody's load is in the spirit
 * of Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", 2018).
 *
 * @param leases An owner that is none of `memberIds` counts as none.
 * @param memberIds Those that may own leases: alive and not leaving. Without any the answer is empty.
 */
export function assign(
  leases: readonly Pick<Lease, 'id' | 'owner'>[],
  memberIds: readonly string[],
): Map<LeaseId, string> {
  const seats = seatsOf(memberIds)
  const free: Key[] = []
  for (const { id, owner } of leases) {
    const seat = owner === undefined ? undefined : seats.get(owner)
    ;(seat?.keys ?? free).push({ id, hash: hashOf(id) })
  }
  const quota = quotasOf([...seats.values()], leases.length)
  const targets = new Map<LeaseId, string>()
  for (const seat of seats.values()) free.push(...excessOf(seat, quota.get(seat) ?? 0))
  for (const seat of seats.values()) for (const { id } of seat.keys) targets.set(id, seat.id)
  // In one order for all: whose turn comes first takes room that another would have preferred too.
  for (const key of free.toSorted(byId)) {
    const seat = preferred(key, seats.values(), quota)
    if (seat === undefined) continue
    seat.keys.push(key)
    targets.set(key.id, seat.id)
  }
  return targets
}

interface Key {
  readonly id: LeaseId
  readonly hash: number
}

interface Seat {
  readonly id: string
  readonly hash: number
  readonly keys: Key[]
}

function seatsOf(memberIds: readonly string[]): Map<string, Seat> {
  return new Map(memberIds.map((id) => [id, { id, hash: hashOf(id), keys: [] }]))
}

// Who has more now is rounded up first: otherwise a lease would move for nothing, and back at the next change.
function quotasOf(seats: readonly Seat[], leaseCount: number): Map<Seat, number> {
  const roundedDown = Math.floor(leaseCount / seats.length)
  const roundedUpCount = leaseCount % seats.length
  const order = seats.toSorted((a, b) => b.keys.length - a.keys.length || b.hash - a.hash || byId(a, b))
  return new Map(order.map((seat, index) => [seat, index < roundedUpCount ? roundedDown + 1 : roundedDown]))
}

// Takes from the seat what is above its quota.
function excessOf(seat: Seat, quota: number): Key[] {
  if (seat.keys.length <= quota) return []
  const weight = (key: Key) => rendezvousWeight(key.hash, seat.hash)
  seat.keys.sort((a, b) => weight(b) - weight(a) || byId(a, b))
  return seat.keys.splice(quota)
}

function preferred(key: Key, seats: Iterable<Seat>, quota: ReadonlyMap<Seat, number>): Seat | undefined {
  let best: { readonly seat: Seat; readonly weight: number } | undefined
  for (const seat of seats) {
    if (seat.keys.length >= (quota.get(seat) ?? 0)) continue
    const weight = rendezvousWeight(key.hash, seat.hash)
    if (best === undefined || weight > best.weight || (weight === best.weight && seat.id < best.seat.id))
      best = { seat, weight }
  }
  return best?.seat
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : Number(a.id > b.id)
}
