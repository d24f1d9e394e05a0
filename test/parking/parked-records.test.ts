import { expect, test } from 'vitest'
import { ConfigurationError } from '../../src/index.ts'
import { MemoryParkingLot } from '../../src/parking/memory-parking-lot.ts'
import { ParkedRecords } from '../../src/parking/parked-records.ts'

test('what it is given is checked before anything is asked of the lot', async () => {
  const lot = new MemoryParkingLot()
  for (const wrong of [
    undefined,
    {},
    { lot },
    { consumer: 'c' },
    { consumer: '', lot },
    { consumer: 'c', lot, name: 'd' },
  ])
    expect(() => new ParkedRecords(wrong as never), JSON.stringify(wrong)).toThrow(ConfigurationError)
  const parked = new ParkedRecords({ consumer: 'c', lot })
  // What DynamoDB refuses as a limit, and takes for a table that is not as it should be.
  for (const limit of [0, -1, 1.5, Number.NaN, Infinity]) {
    await expect(parked.records('a', { limit })).rejects.toThrow(/limit must be a whole number/)
    await expect(parked.past({ tableName: 'orders', laneKey: 'A' }, limit)).rejects.toThrow(
      /limit must be a whole number/,
    )
  }
})
