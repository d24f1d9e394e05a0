import { describe, expect, test } from 'vitest'
import type { Settlement } from '../../src/checkpoint/settlement.ts'
import { createConsumer, memoryLedger, silentLogger, type ConsumerOptions } from '../../src/index.ts'
import { positionOf } from '../../src/parking/lane-name.ts'
import { MemoryParkingLot } from '../../src/parking/memory-parking-lot.ts'
import { parseSequenceNumber } from '../../src/record/sequence-number.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { deferred, turns } from '../support/deferred.ts'
import { changes, lambdaEvent, streamArn } from '../support/events.ts'

// A minute and a half after the events' own time: late, to a process that is young.
const lateAt = Date.parse('2026-01-01T00:01:30Z')
const limits = { startWithinMs: 1_000, handleWithinMs: 1_100, answerWithinMs: 1_200, goneWithinMs: 1_300 }
const laneA = { consumer: 'c', tableName: 'orders', laneKey: 'S2:pk1:A' }

/** A process that parks in a lot which may outlive it. */
function born(lot: MemoryParkingLot, options: Partial<ConsumerOptions> = {}) {
  const clock = createManualClock(lateAt)
  const consumer = createConsumer({
    ...{ name: 'c', logger: silentLogger, retry: { maxAttempts: 2, baseDelayMs: 0 }, clock, onFailure: 'park' },
    ...{ parking: { lot }, handler: () => {} },
    ...options,
  })
  const deliver = async (...texts: string[]): Promise<readonly (Settlement | undefined)[]> =>
    (await consumer.process(batchOfEvent(lambdaEvent(...changes(...texts))), limits)).settlements
  return { clock, consumer, deliver }
}

function positionAt(sequence: string): string {
  return positionOf(streamArn.split('/stream/')[1] ?? '', parseSequenceNumber(sequence, 'sequence'))
}

describe('attempts that were noted', () => {
  test('are taken back by a process that lives to see them fail: throttling never looks like a death', async () => {
    const lot = new MemoryParkingLot()
    let isThrottled = true
    const { deliver, clock } = born(lot, {
      handler: () => {
        if (isThrottled) throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
      },
    })
    for (let delivery = 0; delivery < 3; delivery += 1) {
      const outcome = deliver('A:1')
      await turns()
      await clock.advance(10)
      expect(await outcome).toEqual([undefined])
    }
    isThrottled = false
    expect(await deliver('A:1')).toEqual(['handled'])
    expect(await lot.list('c')).toEqual([])
  })

  test('are kept while an earlier record of the item runs again: that one was survived', async () => {
    const lot = new MemoryParkingLot()
    await lot.note(laneA, { position: positionAt('2'), count: 2 })
    const ran: string[] = []
    const { deliver } = born(lot, { handler: ({ sequenceNumber }) => void ran.push(sequenceNumber) })
    expect(await deliver('A:1', 'A:2')).toEqual(['handled', 'parked'])
    expect(ran).toEqual(['1'])
  })

  test('of one record are forgotten before the next one’s begin: its death is not theirs', async () => {
    const lot = new MemoryParkingLot()
    for (const [lane, at] of [
      [laneA, '1'],
      [{ ...laneA, laneKey: 'S2:pk1:B' }, '2'],
    ] as const)
      await lot.note(lane, { position: positionAt(at), count: 1 })
    const forgetting = deferred()
    const { forgetNote } = lot
    lot.forgetNote = async (lane, position) => {
      await forgetting.promise
      return forgetNote.call(lot, lane, position)
    }
    const ran: string[] = []
    const { deliver } = born(lot, {
      retry: { maxAttempts: 3 },
      handler: ({ sequenceNumber }) => void ran.push(sequenceNumber),
    })
    const outcome = deliver('A:1', 'B:2')
    await turns()
    expect(ran).toEqual(['1'])
    forgetting.resolve()
    expect(await outcome).toEqual(['handled', 'handled'])
    expect(ran).toEqual(['1', '2'])
  })

  test('do not begin when the note took longer than the batch had time', async () => {
    const lot = new MemoryParkingLot()
    const noting = deferred()
    lot.note = () => noting.promise
    const attempts: number[] = []
    const { deliver, clock } = born(lot, {
      handler: (_, { attempt }) => {
        attempts.push(attempt)
        throw new Error('again')
      },
    })
    const outcome = deliver('A:1')
    await turns()
    await clock.advance(1_300)
    expect(await outcome).toEqual([undefined])
    noting.resolve()
    await turns()
    expect(attempts).toEqual([])
  })
})

describe('a record that fails as the time of its batch runs out', () => {
  test('is not parked any more: another delivery may have handled it by then', async () => {
    const lot = new MemoryParkingLot()
    const counting = deferred()
    const { list } = lot
    lot.list = async (consumer) => {
      await counting.promise
      return list.call(lot, consumer)
    }
    const { deliver, clock } = born(lot, {
      retry: { maxAttempts: 1 },
      handler: () => {
        throw new Error('sick')
      },
    })
    const outcome = deliver('A:1')
    await turns()
    await clock.advance(1_300)
    expect(await outcome).toEqual([undefined])
    counting.resolve()
    await turns()
    expect(await list.call(lot, 'c')).toEqual([])
  })

  test('and is in the lot all the same: the next delivery in the process finds it there', async () => {
    const lot = new MemoryParkingLot()
    const parking = deferred()
    const { park } = lot
    lot.park = async (letter, condition) => {
      await parking.promise
      return park.call(lot, letter, condition)
    }
    const ran: string[] = []
    const { deliver, clock } = born(lot, {
      retry: { maxAttempts: 1 },
      handler: ({ sequenceNumber }) => {
        ran.push(sequenceNumber)
        throw new Error('sick')
      },
    })
    const first = deliver('A:1')
    await turns()
    await clock.advance(1_300)
    expect(await first).toEqual([undefined])
    const second = deliver('A:1', 'A:2')
    await turns()
    parking.resolve()
    expect(await second).toEqual(['parked', 'parked'])
    expect(ran).toEqual(['1'])
  })
})

describe('a lane that a redrive opens while a batch runs', () => {
  test('opens with what was in it known: nothing of that runs again', async () => {
    const lot = new MemoryParkingLot()
    const sick = new Set(['2'])
    const ran: string[] = []
    const options: Partial<ConsumerOptions> = {
      retry: { maxAttempts: 1 },
      // What it knew when the batch began
      ledger: { open: (batch) => memoryLedger().open(batch) },
      handler: ({ sequenceNumber }) => {
        if (sick.has(sequenceNumber)) throw new Error('sick')
        ran.push(sequenceNumber)
      },
    }
    await born(lot, options).deliver('A:2', 'A:3')
    const { deliver } = born(lot, options)
    const looked = deferred()
    const { read } = lot
    lot.read = async (lanes) => {
      lot.read = read
      const states = await read.call(lot, lanes)
      await looked.promise
      return states
    }
    // The batch has looked, and finds the lane parked; by the time it comes to it, all is redriven.
    const outcome = deliver('A:1', 'A:2', 'A:3')
    await turns()
    sick.clear()
    await born(lot, options).consumer.redrive()
    looked.resolve()
    expect(await outcome).toEqual(['handled', 'duplicate', 'duplicate'])
    expect(ran).toEqual(['2', '3', '1'])
  })
})

describe('while most items fail alike', () => {
  test('one that is tried and outlives its batch keeps nobody else from being tried', async () => {
    const twelve = Array.from({ length: 12 }, (_, index) => `item-${index}:${100 + index}`)
    let state: 'down' | 'hanging' | 'up' = 'down'
    const ran: string[] = []
    const { deliver, clock } = born(new MemoryParkingLot(), {
      retry: { maxAttempts: 1 },
      handler: async ({ sequenceNumber }) => {
        ran.push(sequenceNumber)
        if (state === 'down') throw new TypeError('the database is away')
        if (state === 'hanging') await new Promise(() => {})
      },
    })
    const deliverFor = async (ms: number, ...texts: string[]) => {
      const outcome = deliver(...texts)
      await turns()
      await clock.advance(ms)
      return await outcome
    }
    await deliverFor(1_300, ...twelve)
    await clock.advance(10_000)
    state = 'hanging'
    expect(await deliverFor(1_300, 'item-10:110')).toEqual([undefined])
    await clock.advance(10_000)
    state = 'up'
    expect(await deliverFor(1_300, 'item-11:111')).toEqual(['handled'])
    expect(ran.slice(-2)).toEqual(['110', '111'])
  })
})

describe('without a ledger', () => {
  test.each([
    ['with it', [['A:1', 'A:2', 'A:3', 'A:4']]],
    ['to another process', [['A:1'], ['A:2', 'A:3', 'A:4']]],
  ])(
    'behind what is repeated, what was redriven and is delivered %s runs again: no old state stays',
    async (_how, again) => {
      const lot = new MemoryParkingLot()
      const sick = new Set(['2'])
      const ran: string[] = []
      const options: Partial<ConsumerOptions> = {
        retry: { maxAttempts: 1 },
        handler: ({ sequenceNumber }) => {
          if (sick.has(sequenceNumber)) throw new Error('sick')
          ran.push(sequenceNumber)
        },
      }
      await born(lot, options).deliver('A:1', 'A:2', 'A:3', 'A:4')
      const [lane] = await born(lot, options).consumer.parked.lanes()
      await born(lot, options).consumer.parked.drop(lane?.laneId ?? '', 'event-4', { reason: 'not wanted' })
      sick.clear()
      await born(lot, options).consumer.redrive()
      // The answer was lost, or its process died before it.
      const outcomes: (Settlement | undefined)[] = []
      for (const texts of again) outcomes.push(...(await born(lot, options).deliver(...texts)))
      expect(outcomes, 'what was dropped stays so').toEqual(['handled', 'handled', 'handled', 'duplicate'])
      expect(ran).toEqual(['1', '2', '3', '1', '2', '3'])
    },
  )
})

describe('marks and the lot', () => {
  test('what an item did before a record of it is parked is durable first', async () => {
    const lot = new MemoryParkingLot()
    const order: string[] = []
    const { park } = lot
    lot.park = (letter, condition) => {
      order.push('parked')
      return park.call(lot, letter, condition)
    }
    const ledger = memoryLedger()
    const marking = deferred()
    const { deliver } = born(lot, {
      retry: { maxAttempts: 1 },
      ledger: {
        open: async (batch) => {
          const session = await ledger.open(batch)
          return {
            laneWaits: false,
            claim: (entry) => session.claim(entry),
            release: (claim) => session.release(claim),
            complete: async (claim) => {
              await marking.promise
              await session.complete(claim)
              order.push('marked')
            },
            flush: async () => marking.resolve(),
            close: () => session.close(),
          }
        },
      },
      handler: ({ sequenceNumber }) => {
        if (sequenceNumber === '2') throw new Error('sick')
      },
    })
    expect(await deliver('A:1', 'A:2')).toEqual(['handled', 'parked'])
    expect(order).toEqual(['marked', 'parked'])
  })
})
