import { expect, test } from 'vitest'
import { LaneHold } from '../../src/parking/lane-hold.ts'
import { MemoryParkingLot } from '../../src/parking/memory-parking-lot.ts'
import { systemRandom } from '../../src/internal/system.ts'
import { TwoClocks } from '../support/two-clocks.ts'
import { lane, letter } from './parking-lot-promises.ts'

/** A lane that is held, by a process of which nothing runs but what the test asks for. */
async function held() {
  const clock = new TwoClocks()
  clock.sleep = () => new Promise(() => {})
  const lot = new MemoryParkingLot(clock)
  await lot.park(letter(5), { onlyBehind: false, maxPerLane: 2, fence: undefined })
  const hold = await LaneHold.take(lot, lane, { clock, random: systemRandom })
  if (typeof hold === 'string') throw new Error(`the lane is ${hold}`)
  return { clock, lot, hold }
}

test('a lane is held for less than others believe it to be', async () => {
  const { clock, hold } = await held()
  clock.pass(23_999)
  hold.assertHeld()
  clock.pass(1)
  expect(() => hold.assertHeld()).toThrow(/held by somebody else/)
})

test('a lane is lost in the time in which the machine is suspended: another may have it by then', async () => {
  const { clock, lot, hold } = await held()
  clock.suspend(31_000)
  expect(await lot.hold(lane, 'another', clock.now() + 30_000)).toBe('held')
  expect(() => hold.assertHeld()).toThrow(/held by somebody else/)
  expect(hold.signal.aborted).toBe(true)
})
