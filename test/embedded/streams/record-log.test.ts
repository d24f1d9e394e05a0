import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordLog } from '../../../src/embedded/streams/record-log.ts'
import { createEntry } from '../../../src/embedded/streams/stream-entry.ts'

const keys = { id: { S: 'a' } }
const change = { keys, oldItem: undefined, newItem: keys, at: 0, byTimeToLive: false }
const entry = (number: number) => createEntry(change, 'KEYS_ONLY', String(number), '')

test('a log keeps every record at its position while the oldest are forgotten', () => {
  const steps = fc.array(fc.record({ push: fc.integer({ min: 0, max: 900 }), shift: fc.integer({ min: 0, max: 900 }) }))
  fc.assert(
    fc.property(steps, (steps) => {
      const log = new RecordLog()
      let [start, end] = [0, 0]
      for (const { push, shift } of steps) {
        for (let count = 0; count < push; count += 1) log.push(entry(end++))
        for (let count = 0; count < shift; count += 1) {
          const oldest = log.shift()
          expect(oldest?.sequenceNumber).toBe(start < end ? String(start) : undefined)
          if (start < end) start += 1
        }
        expect([log.start, log.end]).toEqual([start, end])
        expect(log.oldest).toBe(log.at(start))
        expect(log.at(end)).toBeUndefined()
        const middle = Math.floor((start + end) / 2)
        if (start < end) expect(log.at(middle)?.sequenceNumber).toBe(String(middle))
        expect(log.search(({ sequenceNumber }) => Number(sequenceNumber) >= middle)).toBe(middle)
        expect(log.search(() => false)).toBe(end)
      }
    }),
    { numRuns: 30 },
  )
})
