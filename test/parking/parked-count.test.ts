import { describe, expect, test } from 'vitest'
import { MemoryParkingLot } from '../../src/parking/memory-parking-lot.ts'
import { ParkedCount } from '../../src/parking/parked-count.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'

describe('the count of what is parked', () => {
  test('has a place for each of so many, and one again when it is given back', async () => {
    const { take } = world()
    const places = [await take(2), await take(2)]
    expect(await take(2)).toBeUndefined()
    places[0]?.giveBack()
    expect(await take(2)).toBeDefined()
    expect(await take(2)).toBeUndefined()
  })

  test('counts a place whose record is under way while it is made again', async () => {
    const { take, clock } = world()
    const place = await take(2)
    await clock.advance(10_000)
    expect(await take(2)).toBeDefined()
    expect(await take(2)).toBeUndefined()
    place?.giveBack()
    expect(await take(2)).toBeDefined()
  })

  test('forgets with the next listing a place that a record has, and that is given back no more', async () => {
    const { take, clock } = world()
    const place = await take(1)
    place?.keep()
    place?.giveBack()
    expect(await take(1)).toBeUndefined()
    await clock.advance(10_000)
    expect(await take(1)).toBeDefined()
  })
})

/** A count over a lot in which nothing is. */
function world() {
  const clock = createManualClock()
  const [lot, count] = [new MemoryParkingLot(clock), new ParkedCount('c', clock)]
  return { clock, take: (max: number) => count.take(lot, max) }
}
