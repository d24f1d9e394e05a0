import { expect, test } from 'vitest'
import { excusesOf } from '../../scripts/fleet/excuses.ts'

const lapse = { kind: 'lapse', who: 'w1', from: 1_000, to: 4_000 } as const
const stall = { kind: 'stall', who: 'w2', from: 3_000, to: 3_500 } as const

test('a lapse while everything gets on is no excuse', () => {
  expect(excusesOf([lapse], [], 3_000)).toEqual([])
})

test('a lapse on a busy machine is', () => {
  expect(excusesOf([lapse, stall], [], 3_000)).toEqual([
    { worker: 'w2', kind: 'stall', from: 3_000, to: 3_500 },
    { worker: 'w1', kind: 'lapse', from: 1_000, to: 4_000 },
  ])
})

test('so is one of a worker that was cut off, but not when another was', () => {
  const cut = { worker: 'w1', kind: 'cut', from: 500, to: 2_000 } as const
  expect(excusesOf([lapse], [cut], 3_000)).toHaveLength(1)
  expect(excusesOf([lapse], [{ ...cut, worker: 'w3' }], 3_000)).toEqual([])
})

test('the stall of a worker that was paused is its pause', () => {
  const pause = { worker: 'w2', kind: 'pause', from: 2_990, to: 3_490 } as const
  expect(excusesOf([stall], [pause], 3_000)).toEqual([])
})
