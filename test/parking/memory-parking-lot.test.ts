import { describe } from 'vitest'
import { MemoryParkingLot } from '../../src/parking/memory-parking-lot.ts'
import { parkingLotPromises } from './parking-lot-promises.ts'

describe('a parking lot in memory', () => {
  parkingLotPromises((clock) => new MemoryParkingLot(clock))
})
