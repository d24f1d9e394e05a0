import { expect, test } from 'vitest'
import { parseSequenceNumber } from '../../src/record/sequence-number.ts'
import type { DeadLetter } from '../../src/parking/dead-letter.ts'
import { positionOf } from '../../src/parking/lane-name.ts'
import type { Fate, ParkCondition, ParkingLot, ShardFence } from '../../src/parking/parking-lot.ts'
import { createManualClock, type ManualClock } from '../../src/testing/manual-clock.ts'
import { changes, lambdaEvent, streamArn } from '../support/events.ts'

const label = '2026-01-01T00:00:00.000'

export const lane = { consumer: 'c', tableName: 'orders', laneKey: 'A' }

export function letter(sequence: number, more: Partial<DeadLetter> = {}): DeadLetter {
  const [record] = lambdaEvent(...changes(`A:${sequence}`)).Records
  return {
    consumer: 'c',
    idempotencyKey: `key-${sequence}`,
    laneKey: 'A',
    eventId: `event-${sequence}`,
    sequenceNumber: parseSequenceNumber(String(sequence), 'test'),
    streamArn,
    record: record as DeadLetter['record'],
    attempts: 3,
    parkedAt: 1_000,
    host: 'test',
    ...more,
  }
}

export const at = (sequence: number) => positionOf(label, parseSequenceNumber(String(sequence), 'test'))

const first: ParkCondition = { onlyBehind: false, maxPerLane: 100, fence: undefined }
const behind: ParkCondition = { ...first, onlyBehind: true }
const fate: Fate = { outcome: 'handled', at: createManualClock().now(), by: 'me' }
const shard: ShardFence = { ...lane, streamLabel: label, shardId: 's', leaseCreatedAt: 1, epoch: 1 }
const error = { name: 'TypeError', message: 'no', causes: [] }

const sequencesOf = async (lot: ParkingLot) =>
  (await lot.records(lane, { limit: 100 })).map(({ sequenceNumber }) => Number(sequenceNumber))

/** What every parking lot promises; each case gets a lot over an empty store. */
export function parkingLotPromises(createLot: (clock: ManualClock) => Promise<ParkingLot> | ParkingLot): void {
  const promise = (name: string, prove: (lot: ParkingLot, clock: ManualClock) => Promise<void>) =>
    test(name, async () => {
      const clock = createManualClock()
      await prove(await createLot(clock), clock)
    })
  const inAnHour = (clock: ManualClock) => clock.now() + 3_600_000

  promise('a record is parked whole, and its lane with it', async (lot) => {
    expect(await lot.read([lane])).toEqual([])
    expect(await lot.park(letter(5, { error, firstFailedAt: 900, shardId: 's' }), first)).toBe('parked')
    const parked = { since: 1_000, recordCount: 1, error: { name: 'TypeError', message: 'no' } }
    expect(await lot.read([lane, { ...lane, laneKey: 'B' }])).toMatchObject([{ lane, parked }])
    expect(await lot.list('c')).toMatchObject([{ lane, parked }])
    expect(await lot.list('other')).toEqual([])
    expect(await lot.records(lane, { limit: 10 })).toEqual([
      { ...letter(5, { error, firstFailedAt: 900, shardId: 's' }), position: at(5) },
    ])
  })

  promise(
    'records of a lane come in stream order, whatever the order in which they were parked, by pages',
    async (lot) => {
      for (const sequence of [5, 100, 20, 3]) await lot.park(letter(sequence), first)
      expect(await sequencesOf(lot)).toEqual([3, 5, 20, 100])
      const page = await lot.records(lane, { after: at(5), limit: 1 })
      expect(page.map(({ eventId }) => eventId)).toEqual(['event-20'])
    },
  )

  promise('a record that is in the lot is not stored twice', async (lot) => {
    await lot.park(letter(5, { error }), first)
    expect(await lot.park(letter(5), behind)).toBe('parked')
    expect((await lot.read([lane]))[0]?.parked?.recordCount).toBe(1)
    expect((await lot.records(lane, { limit: 1 }))[0]?.error).toEqual(error)
  })

  promise('nothing is queued in a lane that is not parked', async (lot) => {
    expect(await lot.park(letter(6), behind)).toBe('open')
    expect(await sequencesOf(lot)).toEqual([])
    await lot.park(letter(5), first)
    expect(await lot.park(letter(6), behind)).toBe('parked')
    expect(await sequencesOf(lot)).toEqual([5, 6])
  })

  promise('a lane takes no more than it may, and what is in it already is no more', async (lot) => {
    const two = { ...behind, maxPerLane: 2 }
    await lot.park(letter(5), { ...first, maxPerLane: 2 })
    expect(await lot.park(letter(6), two)).toBe('parked')
    expect(await lot.park(letter(7), two)).toBe('full')
    expect(await lot.park(letter(6), two)).toBe('parked')
    expect(await sequencesOf(lot)).toEqual([5, 6])
  })

  promise('a lane opens when it is let go empty, and remembers for a while what was in it', async (lot, clock) => {
    await lot.park(letter(5), first)
    const held = { lane, token: 't' }
    expect(await lot.hold(lane, 't', inAnHour(clock))).toBe('held')
    expect(await lot.settle(held, at(5), fate)).toBe('settled')
    expect((await lot.read([lane]))[0]?.parked).toMatchObject({ recordCount: 0 })
    expect(await lot.letGo(held)).toBe('open')
    const [state] = await lot.read([lane])
    expect(state).toMatchObject({ lane, clearedThrough: at(5) })
    expect(state?.parked).toBeUndefined()
    expect(await lot.wasSettled(lane, at(5))).toBe(true)
    expect(await lot.wasSettled(lane, at(4))).toBe(false)
    expect(await lot.park(letter(5), first)).toBe('settled')
    expect(await lot.past(lane, 5)).toEqual([
      { ...fate, position: at(5), eventId: 'event-5', sequenceNumber: '5', attempts: 3 },
    ])
    expect(await lot.park(letter(6), behind)).toBe('open')
  })

  promise(
    'that a record runs again from before those that left the lot is known until the lane is parked',
    async (lot, clock) => {
      const repeatedFrom = async () => (await lot.read([lane]))[0]?.repeatedFrom
      await lot.park(letter(5), first)
      await lot.noteRepetition(lane, at(3))
      expect(await repeatedFrom(), 'while it is parked, all that comes is queued').toBeUndefined()
      const held = { lane, token: 't' }
      await lot.hold(lane, 't', inAnHour(clock))
      await lot.settle(held, at(5), fate)
      await lot.letGo(held)
      for (const [sequence, known] of [
        [3, 3],
        [4, 3],
        [2, 2],
      ] as const) {
        await lot.noteRepetition(lane, at(sequence))
        expect(await repeatedFrom()).toBe(at(known))
      }
      expect(await lot.read([lane])).toEqual([expect.objectContaining({ clearedThrough: at(5) })])
      await lot.park(letter(6), first)
      expect(await repeatedFrom()).toBeUndefined()
    },
  )

  promise('a lane in which a record was queued at the last moment stays parked', async (lot, clock) => {
    await lot.park(letter(5), first)
    const held = { lane, token: 't' }
    await lot.hold(lane, 't', inAnHour(clock))
    await lot.settle(held, at(5), fate)
    expect(await lot.park(letter(6), behind)).toBe('parked')
    expect(await lot.letGo(held)).toBe('parked')
    expect(await lot.park(letter(7), behind)).toBe('parked')
    expect(await sequencesOf(lot)).toEqual([6, 7])
  })

  promise('one holds a lane at a time, until its time is over', async (lot, clock) => {
    expect(await lot.hold(lane, 'a', inAnHour(clock))).toBe('open')
    await lot.park(letter(5), first)
    expect(await lot.hold(lane, 'a', clock.now() + 1_000)).toBe('held')
    expect(await lot.hold(lane, 'b', clock.now() + 1_000)).toBe('busy')
    expect(await lot.hold(lane, 'a', clock.now() + 1_000)).toBe('held')
    await clock.advance(900)
    expect(await lot.extend({ lane, token: 'a' }, clock.now() + 1_000)).toBe('held')
    await clock.advance(900)
    expect(await lot.hold(lane, 'b', clock.now() + 1_000)).toBe('busy')
    await clock.advance(200)
    expect(await lot.hold(lane, 'b', clock.now() + 1_000)).toBe('held')
  })

  promise('who held a lane too long changes nothing any more', async (lot, clock) => {
    await lot.park(letter(5), first)
    const late = { lane, token: 'a' }
    await lot.hold(lane, 'a', clock.now() + 1_000)
    await clock.advance(2_000)
    await lot.hold(lane, 'b', clock.now() + 1_000)
    const [record] = await lot.records(lane, { limit: 1 })
    expect(await lot.extend(late, inAnHour(clock))).toBe('lost')
    expect(await lot.settle(late, at(5), fate)).toBe('lost')
    expect(await lot.rewrite(late, { ...letter(5), position: at(5), attempts: 9 })).toBe('lost')
    expect(await lot.letGo(late)).toBe('lost')
    expect(await lot.records(lane, { limit: 1 })).toEqual([record])
    expect(await lot.settle({ lane, token: 'b' }, at(5), fate)).toBe('settled')
  })

  promise('a record that fails again is written anew', async (lot, clock) => {
    await lot.park(letter(5), first)
    const held = { lane, token: 't' }
    await lot.hold(lane, 't', inAnHour(clock))
    const again = { ...letter(5, { error, attempts: 4 }), position: at(5) }
    expect(await lot.rewrite(held, again)).toBe('written')
    expect(await lot.records(lane, { limit: 1 })).toEqual([again])
    expect(await lot.letGo(held)).toBe('parked')
    expect((await lot.list('c'))[0]?.parked).toMatchObject({ recordCount: 1, error: { name: 'TypeError' } })
  })

  promise('settling twice is settling once', async (lot, clock) => {
    await lot.park(letter(5), first)
    await lot.park(letter(6), behind)
    await lot.hold(lane, 't', inAnHour(clock))
    expect(await lot.settle({ lane, token: 't' }, at(5), fate)).toBe('settled')
    expect(await lot.settle({ lane, token: 't' }, at(5), fate)).toBe('settled')
    expect((await lot.read([lane]))[0]?.parked?.recordCount).toBe(1)
  })

  promise('who has lost a shard parks nothing, neither first nor behind others', async (lot) => {
    await lot.openShard(shard)
    expect(await lot.park(letter(5), { ...first, fence: shard })).toBe('parked')
    await lot.openShard(shard)
    await lot.openShard({ ...shard, epoch: 2 })
    const late = { ...behind, fence: shard }
    await expect(lot.park(letter(6), late)).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await expect(lot.openShard(shard)).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(await sequencesOf(lot)).toEqual([5])
    expect(await lot.park(letter(6), { ...behind, fence: { ...shard, epoch: 2 } })).toBe('parked')
    const anew = { ...shard, leaseCreatedAt: 2, epoch: 1 }
    await lot.openShard(anew)
    expect(await lot.park(letter(7), { ...behind, fence: anew })).toBe('parked')
  })

  promise('a lease that was taken back by somebody whose clock was behind goes on with its epochs', async (lot) => {
    await lot.openShard({ ...shard, leaseCreatedAt: 10, epoch: 3 })
    const replayed = { ...shard, leaseCreatedAt: 5, epoch: 4 }
    await lot.openShard(replayed)
    expect(await lot.park(letter(5), { ...first, fence: replayed })).toBe('parked')
    const late = { ...behind, fence: { ...shard, leaseCreatedAt: 10, epoch: 3 } }
    await expect(lot.park(letter(6), late)).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
  })

  promise('an attempt is noted until its record is settled or parked', async (lot) => {
    await lot.note(lane, { position: at(5), count: 2 })
    expect(await lot.list('c')).toMatchObject([{ lane, noted: { position: at(5), count: 2 } }])
    await lot.forgetNote(lane, at(4))
    expect((await lot.read([lane]))[0]?.noted?.count).toBe(2)
    await lot.forgetNote(lane, at(5))
    expect(await lot.read([lane])).toEqual([])
    await lot.note(lane, { position: at(5), count: 3 })
    await lot.park(letter(5), first)
    await lot.note(lane, { position: at(6), count: 1 })
    const [state] = await lot.read([lane])
    expect(state?.noted).toBeUndefined()
    expect(state?.parked?.recordCount).toBe(1)
  })

  promise('a note that arrives late takes the place of none of a later record, nor of more attempts', async (lot) => {
    const noted = async () => (await lot.read([lane]))[0]?.noted
    await lot.note(lane, { position: at(5), count: 1 })
    await lot.note(lane, { position: at(5), count: 2 })
    await lot.note(lane, { position: at(5), count: 1 })
    expect(await noted()).toEqual({ position: at(5), count: 2 })
    await lot.note(lane, { position: at(6), count: 1 })
    await lot.note(lane, { position: at(5), count: 3 })
    expect(await noted()).toEqual({ position: at(6), count: 1 })
  })

  promise(
    'the largest record there can be is kept to the last byte, and rewritten, and dropped',
    async (lot, clock) => {
      // What zip makes nothing of: two images of nearly 400 KB of random bytes, as base64.
      let seed = 1
      const noise = Uint8Array.from({ length: 399_000 }, () => (seed = (seed * 48_271) % 2_147_483_647) & 255)
      const image = { pk: { S: 'A' }, blob: { B: Buffer.from(noise).toString('base64') as never } }
      const base = letter(5).record
      const record = { ...base, dynamodb: { ...base.dynamodb, NewImage: image, OldImage: image } }
      const stack = '\u0001'.repeat(8_000)
      const huge = letter(5, { record, error: { ...error, stack } })
      expect(await lot.park(huge, first)).toBe('parked')
      await lot.park(letter(6), behind)
      expect(await lot.records(lane, { limit: 1 })).toEqual([{ ...huge, position: at(5) }])
      await lot.hold(lane, 't', inAnHour(clock))
      const edited = { ...letter(5), position: at(5), original: record }
      expect(await lot.rewrite({ lane, token: 't' }, edited)).toBe('written')
      const page = await lot.records(lane, { limit: 5 })
      expect(page).toEqual([edited, { ...letter(6), position: at(6) }])
      const dropped: Fate = { ...fate, outcome: 'dropped', reason: 'a test order' }
      expect(await lot.settle({ lane, token: 't' }, at(5), dropped)).toBe('settled')
      expect(await lot.past(lane, 1)).toMatchObject([{ ...dropped, eventId: 'event-5' }])
    },
  )
}
