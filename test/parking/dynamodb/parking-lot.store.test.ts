import { randomBytes } from 'node:crypto'
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { systemRandom } from '../../../src/internal/system.ts'
import { DynamoDBParkingLot } from '../../../src/parking/dynamodb/parking-lot.ts'
import { partKey } from '../../../src/parking/dynamodb/rows.ts'
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

describe('a record in parts', () => {
  /** One that needs three rows, of bytes that nothing compresses. */
  const large = (sequence: number, more = {}) => {
    const { record } = letter(sequence)
    const filler = { S: randomBytes(600_000).toString('base64') }
    return letter(sequence, { record: { ...record, dynamodb: { ...record.dynamodb, NewImage: { filler } } }, ...more })
  }

  /** A lot, and how it is seen by somebody who reads the parts of a record only after `meanwhile`. */
  async function readWhile(meanwhile: (lot: DynamoDBParkingLot, tableName: string) => Promise<unknown>) {
    const clock = createManualClock()
    const tableName = await tables.create()
    const lot = new DynamoDBParkingLot(tables.client, tableName, hasty(clock), systemRandom)
    let isFirst = true
    const client = intercept(tables.client, async ({ name }, send) => {
      if (name === 'BatchGetItemCommand' && isFirst) {
        isFirst = false
        await meanwhile(lot, tableName)
      }
      return send()
    })
    await lot.park(large(5), { onlyBehind: false, maxPerLane: 2, fence: undefined })
    await lot.hold(lane, 't', clock.now() + 60_000)
    return new DynamoDBParkingLot(client, tableName, hasty(clock), systemRandom).records(lane, { limit: 10 })
  }

  const held = { lane, token: 't' }

  test('is read as it is by then, when it is written anew while it is read', async () => {
    const again = { ...large(5, { attempts: 4 }), position: at(5) }
    expect(await readWhile((lot) => lot.rewrite(held, again))).toEqual([again])
    const smaller = { ...letter(5, { attempts: 5 }), position: at(5) }
    expect(await readWhile((lot) => lot.rewrite(held, smaller))).toEqual([smaller])
  })

  test('is no more there, when it is taken out while it is read', async () => {
    expect(await readWhile((lot) => lot.settle(held, at(5), { outcome: 'handled', at: 1, by: 'me' }))).toEqual([])
  })

  test('of which somebody has deleted a row is told as damaged', async () => {
    const reading = readWhile((_lot, TableName) =>
      tables.client.send(new DeleteItemCommand({ TableName, Key: partKey(lane, at(5), 1) })),
    )
    await expect(reading).rejects.toThrow(/don't belong together/)
  })
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
