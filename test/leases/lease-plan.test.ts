import { expect, test } from 'vitest'
import { emptyCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import type { MemberRow } from '../../src/leases/coordination.ts'
import { type FleetView, planLeases } from '../../src/leases/lease-plan.ts'
import { type Lease, leaseIdOf } from '../../src/leases/lease.ts'
import { UntakenLeases } from '../../src/leases/untaken-leases.ts'

const member = (id: string, leaving = false): MemberRow => ({ id, beat: 1, changes: 0, leaving, host: '', joinedAt: 0 })

function lease(shardId: string, owner?: string): Lease {
  const place = { streamLabel: '2026', shardId, startAt: 'TRIM_HORIZON' } as const
  return {
    ...place,
    id: leaseIdOf(place),
    createdAt: 0,
    readAt: undefined,
    epoch: 1,
    owner,
    checkpoint: emptyCheckpoint,
    gap: undefined,
  }
}

function plan(view: Partial<FleetView>) {
  const made = planLeases({
    self: 'me',
    leases: [],
    members: [member('me')],
    dead: new Set(),
    working: new Set(),
    isPaused: false,
    ...view,
  })
  return {
    acquire: made.acquire.map(({ shardId }) => shardId),
    handOver: made.handOver.map(({ lease: { shardId }, target }) => `${shardId} to ${target}`),
    giveBack: made.giveBack.map(({ shardId }) => shardId),
    waiting: made.waiting.map(({ lease: { shardId }, target }) => `${shardId} for ${target}`),
    incoming: made.incoming.map(({ shardId }) => shardId),
  }
}

const nothing = { acquire: [], handOver: [], giveBack: [], waiting: [], incoming: [] }

test('a lease is free without an owner, with one that has no row, and with one that was seen dead', () => {
  const others = ['d', 'e', 'f'].map((shardId) => lease(shardId, 'other'))
  const leases = [lease('a'), lease('b', 'gone'), lease('c', 'dead'), ...others]
  const members = [member('me'), member('other'), member('dead')]
  expect(plan({ leases, members, dead: new Set(['dead']) })).toEqual({ ...nothing, acquire: ['a', 'b', 'c'] })
})

test('what a leaving member holds is its own until it is released, and expected by whoever is to have it', () => {
  const leases = [lease('a', 'leaver'), lease('b')]
  expect(plan({ leases, members: [member('me'), member('leaver', true)] })).toEqual({
    ...nothing,
    acquire: ['b'],
    incoming: ['a'],
  })
})

test('what an earlier run here has not let go of is not expected', () => {
  const view = { leases: [lease('a', 'leaver')], members: [member('me'), member('leaver', true)] }
  expect(plan(view).incoming).toEqual(['a'])
  expect(plan({ ...view, working: new Set([lease('a').id]) }).incoming).toEqual([])
})

test('what another holds above its share is expected by whoever is to have it', () => {
  const leases = [lease('a', 'other'), lease('b', 'other'), lease('c', 'other')]
  const { incoming, ...rest } = plan({ leases, members: [member('me'), member('other')] })
  expect(incoming.length).toBe(1)
  expect({ ...rest, incoming: [] }).toEqual(nothing)
})

test('a leaving member is given nothing', () => {
  const leases = [lease('a', 'me'), lease('b')]
  const members = [member('me'), member('leaver', true)]
  expect(plan({ leases, members, working: new Set([lease('a').id]) })).toEqual({ ...nothing, acquire: ['b'] })
})

test('what is held above the share is handed over; what is free and of another is left to it', () => {
  const leases = [lease('a', 'me'), lease('b', 'me')]
  const working = new Set(leases.map(({ id }) => id))
  const { handOver, ...rest } = plan({ leases, members: [member('me'), member('other')], working })
  expect(handOver).toEqual([expect.stringMatching(/^[ab] to other$/)])
  expect(rest).toEqual({ acquire: [], giveBack: [], waiting: [], incoming: [] })
  const more = [lease('a', 'me'), lease('b')]
  expect(plan({ leases: more, members: [member('me'), member('other')], working })).toEqual({
    ...nothing,
    waiting: ['b for other'],
  })
})

test('what is ours by its row and not worked is acquired anew, or given back when it shall be another’s', () => {
  expect(plan({ leases: [lease('a', 'me')] })).toEqual({ ...nothing, acquire: ['a'] })
  const leases = [lease('a', 'me'), lease('b', 'me')]
  const { giveBack, acquire } = plan({ leases, members: [member('me'), member('other')] })
  expect([...giveBack, ...acquire].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['a', 'b'])
  expect(giveBack.length).toBe(1)
})

test('a lease that an earlier incarnation’s run has not let go of waits', () => {
  const leases = [lease('a', 'former')]
  expect(plan({ leases, working: new Set([lease('a').id]) })).toEqual({ ...nothing, waiting: ['a for me'] })
})

test('what waited for its target for a lease duration is anyone’s, and the target is given nothing for five', () => {
  const untaken = new UntakenLeases({ leaseDurationOf: () => 10 })
  const waiting = [{ lease: lease('a'), target: 'other' }]
  expect(untaken.overdue(waiting, 0)).toEqual([])
  expect(untaken.overdue(waiting, 9)).toEqual([])
  expect(untaken.isDistrusted('other', 9)).toBe(false)
  expect(untaken.overdue(waiting, 10)).toEqual(waiting)
  expect(untaken.isDistrusted('other', 59)).toBe(true)
  expect(untaken.isDistrusted('other', 60)).toBe(false)
})

test('a wait begins anew with another target, or when somebody had the lease in between', () => {
  const untaken = new UntakenLeases({ leaseDurationOf: () => 10 })
  untaken.overdue([{ lease: lease('a'), target: 'other' }], 0)
  expect(untaken.overdue([{ lease: lease('a'), target: 'third' }], 10)).toEqual([])
  expect(untaken.overdue([{ lease: { ...lease('a'), epoch: 2 }, target: 'third' }], 20)).toEqual([])
})

test('each target is given the time of its own lease', () => {
  const untaken = new UntakenLeases({ leaseDurationOf: (id) => (id === 'slow' ? 100 : 10) })
  const waiting = ['slow', 'quick'].map((target) => ({ lease: lease(target), target }))
  untaken.overdue(waiting, 0)
  expect(untaken.overdue(waiting, 10).map(({ target }) => target)).toEqual(['quick'])
  expect(untaken.overdue(waiting, 99).map(({ target }) => target)).toEqual(['quick'])
  expect(untaken.overdue(waiting, 100).map(({ target }) => target)).toEqual(['slow', 'quick'])
  expect([untaken.isDistrusted('slow', 599), untaken.isDistrusted('slow', 600)]).toEqual([true, false])
})

test('a paused fleet takes nothing, hands over what is worked, and gives back what is its own by the row alone', () => {
  const leases = [lease('a', 'me'), lease('b', 'me'), lease('c'), lease('d', 'gone'), lease('e', 'other')]
  const members = [member('me'), member('other')]
  expect(plan({ isPaused: true, leases, members, working: new Set([lease('a').id]) })).toEqual({
    ...{ acquire: [], handOver: ['a to '], giveBack: ['b'], waiting: [], incoming: [] },
  })
})
