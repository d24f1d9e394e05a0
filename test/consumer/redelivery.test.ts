import { describe, expect, test } from 'vitest'
import { createConsumer, memoryLedger, silentLogger, type ConsumerOptions } from '../../src/index.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../support/events.ts'

function world(options: Partial<ConsumerOptions> = {}) {
  const sick = new Set<string>()
  const consumer = createConsumer({
    ...{ name: 'c', logger: silentLogger, retry: { maxAttempts: 1 }, ledger: memoryLedger() },
    handler({ sequenceNumber }) {
      if (sick.has(sequenceNumber)) throw new Error('sick')
    },
    ...options,
  })
  const batch = (...texts: string[]) => batchOfEvent(lambdaEvent(...changes(...texts)))
  return {
    ...{ consumer, sick },
    deliver: (...texts: string[]) => consumer.process(batch(...texts)),
    again: (...texts: string[]) => consumer.redelivery({ ...batch(...texts), shardId: 's' }),
  }
}

describe('records that are handed out again', () => {
  test('are absorbed, parked, or left out, as far as ledger, lot and patterns say; nothing is done with them', async () => {
    const { consumer, sick, deliver, again } = world({ onFailure: 'park' })
    sick.add('2').add('5')
    await deliver('A:1', 'B:2', 'B:3', 'C:5')
    sick.clear()
    expect(await again('A:1', 'B:2', 'B:3', 'B:4', 'C:5', 'D:6')).toEqual({
      filteredCount: 0,
      absorbedCount: 1,
      parkedCount: 4,
    })
    const lanes = await consumer.parked.lanes()
    const c = lanes.find(({ recordCount }) => recordCount === 1)
    await consumer.parked.drop(c?.laneId ?? '', 'event-5', { reason: 'a test' })
    await consumer.redrive()
    // Dropped ones have no mark: the lot knows them. Those of the other lane were handled in the redrive.
    expect(await again('A:1', 'B:2', 'B:3', 'B:4', 'C:5', 'D:6')).toEqual({
      filteredCount: 0,
      absorbedCount: 4,
      parkedCount: 0,
    })
  })

  test('all run where there is no ledger, and nobody can tell where it does not say', async () => {
    const forgetful = world({ select: { eventName: ['REMOVE'] } })
    expect(await forgetful.again('A:1')).toEqual({ filteredCount: 1, absorbedCount: 0, parkedCount: 0 })
    const { open } = memoryLedger()
    const silent = world({ ledger: { open } })
    expect(await silent.again('A:1')).toEqual({ filteredCount: 0, absorbedCount: undefined, parkedCount: 0 })
  })
})
