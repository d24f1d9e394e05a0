import { expect, test } from 'vitest'
import { unplanned } from '../../scripts/fleet/unplanned.ts'

const lapse = { kind: 'lapse', who: 'w1', from: 1_000, to: 4_000 } as const
const stall = { kind: 'stall', who: 'w2', from: 3_000, to: 3_500 } as const

test('a machine that stands still, and a worker that gives up its leases, disturb like what is done on purpose', () => {
  expect(unplanned([lapse, stall], [])).toEqual([
    { worker: 'w1', kind: 'lapse', from: 1_000, to: 4_000 },
    { worker: 'w2', kind: 'stall', from: 3_000, to: 3_500 },
  ])
})

test('the stall of a worker that was paused is its pause', () => {
  const pause = { worker: 'w2', kind: 'pause', from: 2_990, to: 3_490 } as const
  expect(unplanned([stall], [pause])).toEqual([])
})
