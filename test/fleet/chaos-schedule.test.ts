import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chaosKinds, type ChaosEvent } from '../../scripts/fleet/chaos-events.ts'
import { workerName } from '../../scripts/fleet/roster.ts'
import { scheduleChaos } from '../../scripts/fleet/chaos-schedule.ts'
import { chaosKindsOf } from '../../scripts/fleet/fleet-options.ts'

const plan = { seed: '1', durationMs: 120_000, workerCount: 4, leaseDurationMs: 3_000, everyMs: 3_600 }
const plans = fc.record({
  seed: fc.string(),
  durationMs: fc.integer({ min: 0, max: 300_000 }),
  workerCount: fc.integer({ min: 1, max: 8 }),
  leaseDurationMs: fc.integer({ min: 1_000, max: 10_000 }),
  everyMs: fc.integer({ min: 500, max: 10_000 }),
})

const endOf = (event: ChaosEvent) => event.atMs + ('forMs' in event ? event.forMs : 0)

test('the seed alone decides', () => {
  expect(scheduleChaos(plan)).toEqual(scheduleChaos(plan))
  expect(scheduleChaos({ ...plan, seed: '2' })).not.toEqual(scheduleChaos(plan))
})

test('two minutes hold every kind, both half-open directions and both ways of healing', () => {
  const events = scheduleChaos(plan)
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['kill', 'stop', 'add', 'pause', 'cut', 'blackHole']))
  const holes = events.filter((event) => event.kind === 'blackHole')
  expect(new Set(holes.map((event) => 'direction' in event && event.direction))).toEqual(
    new Set(['toServer', 'toClient', 'both']),
  )
  expect(new Set(holes.map((event) => 'healing' in event && event.healing))).toEqual(new Set(['deliver', 'reset']))
})

test('a pause is always longer than a lease', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      for (const event of scheduleChaos(plan))
        if (event.kind === 'pause') expect('forMs' in event && event.forMs).toBeGreaterThan(plan.leaseDurationMs)
    }),
  )
})

test('everything is over in time, nothing is done to who is not there, and one is always left in peace', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const live = new Set(Array.from({ length: plan.workerCount }, (_, index) => workerName(index + 1)))
      const events = scheduleChaos(plan)
      for (const event of events) {
        expect(endOf(event)).toBeLessThanOrEqual(plan.durationMs)
        if (event.kind === 'add') live.add(event.worker)
        else expect(live).toContain(event.worker)
        if (event.kind === 'kill' || event.kind === 'stop') live.delete(event.worker)
        const disturbed = events.filter(
          (other) => 'forMs' in other && other.atMs <= event.atMs && event.atMs < endOf(other),
        )
        expect(new Set(disturbed.map(({ worker }) => worker)).size, 'disturbed twice at once').toBe(disturbed.length)
        const calm = [...live].filter((name) => !disturbed.some(({ worker }) => worker === name))
        if (plan.workerCount > 1) expect(calm.length).toBeGreaterThan(0)
      }
    }),
  )
})

test('only the kinds asked for, and what they need', () => {
  const kinds = new Set(scheduleChaos({ ...plan, kinds: ['kill'] }).map(({ kind }) => kind))
  expect(kinds).toEqual(new Set(['kill', 'add']))
  expect(chaosKinds).toContain('kill')
})

test('a replay ends all that are awake, lets who sleeps sleep on, and brings as many as there were', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const live = new Set(Array.from({ length: plan.workerCount }, (_, index) => workerName(index + 1)))
      const sleepsUntil = new Map<string, number>()
      for (const event of scheduleChaos({ ...plan, kinds: chaosKindsOf('bank-postgres') })) {
        if (event.kind === 'add') live.add(event.worker)
        else if (event.kind === 'replay') {
          for (const name of live) if ((sleepsUntil.get(name) ?? -Infinity) <= event.atMs) live.delete(name)
          for (const name of event.joining) live.add(name)
          expect(live.size).toBeGreaterThanOrEqual(Math.min(plan.workerCount, event.joining.length))
          expect(event.untilMs).toBeLessThanOrEqual(plan.durationMs)
        } else if (event.kind !== 'database') expect(live).toContain(event.worker)
        if (event.kind === 'kill' || event.kind === 'stop') live.delete(event.worker)
        if (event.kind === 'pause') sleepsUntil.set(event.worker, event.atMs + event.forMs)
      }
    }),
  )
})

test('replays need a ledger, and kills of a server a server', () => {
  const kinds = (mode: Parameters<typeof chaosKindsOf>[0]) =>
    new Set(scheduleChaos({ ...plan, kinds: chaosKindsOf(mode) }).map(({ kind }) => kind))
  expect(kinds('plain')).not.toContain('replay')
  expect(kinds('bank')).toContain('replay')
  expect(kinds('bank')).not.toContain('database')
  expect(kinds('bank-postgres')).toContain('database')
})
