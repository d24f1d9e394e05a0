import { describe, expect, test } from 'vitest'
import { systemRandom } from '../../../src/internal/system.ts'
import { DynamoDBParkingLot } from '../../../src/parking/dynamodb/parking-lot.ts'
import { createManualClock, type ManualClock } from '../../../src/testing/manual-clock.ts'
import { intercept, lostReply } from '../../support/intercept.ts'
import { localTables } from '../../support/local-table.ts'
import { at, lane, letter, parkingLotPromises } from '../parking-lot-promises.ts'

const tables = localTables()

// The clock of a lot says what time it is; what is tried again need not wait for it.
const hasty = (clock: ManualClock) => ({ ...clock, sleep: () => Promise.resolve() })

describe('a parking lot in a DynamoDB table', () => {
  parkingLotPromises(
    async (clock) => new DynamoDBParkingLot(tables.client, await tables.create(), hasty(clock), systemRandom),
  )
})

describe('a reply that is lost', () => {
  test('changes nothing of what any method says or does', async () => {
    const clock = createManualClock()
    let isLost = true
    // Every request is done and not answered, and then done again.
    const client = intercept(tables.client, (command, send) => {
      isLost = !isLost
      return isLost ? send() : lostReply(command, send)
    })
    const lot = new DynamoDBParkingLot(client, await tables.create(), hasty(clock), systemRandom)
    const condition = { onlyBehind: false, maxPerLane: 2, fence: undefined }
    const until = clock.now() + 60_000
    const held = { lane, token: 't' }
    const fate = { outcome: 'handled', at: 1, by: 'me' } as const
    expect(await lot.park(letter(5), condition)).toBe('parked')
    expect(await lot.park(letter(6), { ...condition, onlyBehind: true })).toBe('parked')
    expect(await lot.hold(lane, 't', until)).toBe('held')
    expect(await lot.rewrite(held, { ...letter(5, { attempts: 4 }), position: at(5) })).toBe('written')
    expect(await lot.settle(held, at(5), fate)).toBe('settled')
    expect((await lot.read([lane]))[0]?.parked?.recordCount).toBe(1)
    expect(await lot.letGo(held)).toBe('parked')
    expect(await lot.hold(lane, 'u', until)).toBe('held')
    expect(await lot.settle({ lane, token: 'u' }, at(6), fate)).toBe('settled')
    expect(await lot.letGo({ lane, token: 'u' })).toBe('open')
  })
})
