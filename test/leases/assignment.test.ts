import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assign } from '../../src/leases/assignment.ts'
import type { LeaseId } from '../../src/leases/lease.ts'

interface Owned {
  readonly id: LeaseId
  readonly owner: string | undefined
}

const lease = (index: number, owner?: string): Owned => ({ id: `2026#shardId-${index}`, owner })
const member = (index: number) => `member-${index}`
const numbered = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, k) => make(k))

/** Any fleet, however unbalanced; some owners are not members (any more). */
const fleets = fc
  .record({ leaseCount: fc.nat({ max: 60 }), memberCount: fc.integer({ min: 1, max: 12 }) })
  .chain(({ leaseCount, memberCount }) =>
    fc.record({
      members: fc.constant(numbered(memberCount, member)),
      owners: fc.array(fc.option(fc.nat({ max: memberCount + 2 })), { minLength: leaseCount, maxLength: leaseCount }),
    }),
  )
  .map(({ members, owners }) => ({
    members,
    leases: owners.map((owner, index) => lease(index, owner === null ? undefined : member(owner))),
  }))

function apply(leases: readonly Owned[], targets: ReadonlyMap<LeaseId, string>): Owned[] {
  return leases.map(({ id }) => ({ id, owner: targets.get(id) }))
}

/** The fleet as it is when every target has been reached. */
function settled(leaseCount: number, members: readonly string[]): Owned[] {
  const leases = numbered(leaseCount, (index) => lease(index))
  return apply(leases, assign(leases, members))
}

function countsOf(targets: ReadonlyMap<LeaseId, string>, members: readonly string[]): number[] {
  const owners = [...targets.values()]
  return members.map((id) => owners.filter((owner) => owner === id).length)
}

function moved(leases: readonly Owned[], targets: ReadonlyMap<LeaseId, string>): Owned[] {
  return leases.filter(({ id, owner }) => targets.get(id) !== owner)
}

describe('every assignment', () => {
  test('gives each lease to a member, and to none more than one lease more than to another', () => {
    fc.assert(
      fc.property(fleets, ({ leases, members }) => {
        const targets = assign(leases, members)
        const counts = countsOf(targets, members)
        expect(targets.size).toBe(leases.length)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(leases.length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 300 },
    )
  })

  test('is the same for all who see the same, in whatever order', () => {
    const shuffled = fleets.chain(({ leases, members }) =>
      fc.record({
        fleet: fc.constant({ leases, members }),
        leases: fc.shuffledSubarray(leases, { minLength: leases.length }),
        members: fc.shuffledSubarray(members, { minLength: members.length }),
      }),
    )
    const sorted = (targets: ReadonlyMap<LeaseId, string>) => [...targets].toSorted(([a], [b]) => (a < b ? -1 : 1))
    fc.assert(
      fc.property(shuffled, ({ fleet, leases, members }) => {
        expect(sorted(assign(leases, members))).toEqual(sorted(assign(fleet.leases, fleet.members)))
      }),
      { numRuns: 200 },
    )
  })

  test('is stable: once everybody has what is theirs, nothing moves', () => {
    fc.assert(
      fc.property(fleets, ({ leases, members }) => {
        const reached = apply(leases, assign(leases, members))
        expect(moved(reached, assign(reached, members))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('takes from an owner only what it has above its share', () => {
    fc.assert(
      fc.property(fleets, ({ leases, members }) => {
        const targets = assign(leases, members)
        const counts = countsOf(targets, members)
        for (const [index, id] of members.entries()) {
          const owned = leases.filter(({ owner }) => owner === id)
          const kept = owned.filter((one) => targets.get(one.id) === id).length
          expect(kept).toBe(Math.min(owned.length, counts[index] ?? 0))
        }
      }),
      { numRuns: 200 },
    )
  })
})

const sizes = fc.record({ leaseCount: fc.nat({ max: 120 }), memberCount: fc.integer({ min: 1, max: 15 }) })

test('a member that joins is given its share, and nothing else moves', () => {
  fc.assert(
    fc.property(sizes, ({ leaseCount, memberCount }) => {
      const leases = settled(leaseCount, numbered(memberCount, member))
      const targets = assign(leases, [...numbered(memberCount, member), 'newcomer'])
      const moves = moved(leases, targets)
      expect(moves.map(({ id }) => targets.get(id))).toEqual(moves.map(() => 'newcomer'))
      expect(moves.length).toBe(Math.floor(leaseCount / (memberCount + 1)))
    }),
    { numRuns: 300 },
  )
  const leases = settled(100, numbered(9, member))
  expect(moved(leases, assign(leases, numbered(10, member))).length).toBe(10)
})

test('of a member that leaves only its own leases move', () => {
  fc.assert(
    fc.property(sizes, ({ leaseCount, memberCount }) => {
      const leases = settled(leaseCount, [...numbered(memberCount, member), 'leaver'])
      const targets = assign(leases, numbered(memberCount, member))
      expect(moved(leases, targets)).toEqual(leases.filter(({ owner }) => owner === 'leaver'))
    }),
    { numRuns: 300 },
  )
})

test('while leases change hands one by one, in any order, none moves that need not', () => {
  const walks = fc.record({ fleet: fleets, steps: fc.infiniteStream(fc.nat()) })
  fc.assert(
    fc.property(walks, ({ fleet: { leases, members }, steps }) => {
      const state = new Map(leases.map(({ id, owner }) => [id, owner]))
      const now = () => [...state].map(([id, owner]) => ({ id, owner }))
      const planned = moved(now(), assign(now(), members)).length
      const releases = leases.filter(({ owner }) => owner !== undefined && members.includes(owner)).length
      let count = 0
      for (const step of steps) {
        const targets = assign(now(), members)
        const left = moved(now(), targets)
        const next = left[step % Math.max(left.length, 1)]
        if (next === undefined) break
        const isHeld = next.owner !== undefined && members.includes(next.owner)
        if (!isHeld) count += 1
        state.set(next.id, isHeld ? undefined : targets.get(next.id)) // released first, then acquired
        expect(count).toBeLessThanOrEqual(planned + releases)
      }
      expect(count).toBe(planned)
    }),
    { numRuns: 300 },
  )
})

test('without members nobody is assigned anything', () => {
  expect(assign([lease(1, 'gone')], [])).toEqual(new Map())
})

test('a large fleet takes no more work than its weights: 1,000 leases, 50 members', () => {
  const leases = numbered(1000, (index) => lease(index))
  const targets = assign(leases, numbered(50, member))
  expect(new Set(countsOf(targets, numbered(50, member)))).toEqual(new Set([20]))
})
