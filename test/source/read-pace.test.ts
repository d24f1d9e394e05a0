import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextReadAt, noReads } from '../../src/source/read-pace.ts'

const options = { maxReadsPerSecond: 5, idlePollMs: 2_000 }

test('the first read is due at once', () => {
  expect(nextReadAt(noReads, options, 0)).toBe(-Infinity)
})

test('whatever happened, two reads are never closer than the rate allows', () => {
  const history = fc.record({ sentAt: fc.nat(), emptyCount: fc.nat(60), failureCount: fc.nat(60) })
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(history, jitter, (seen, drawn) => {
      const waitMs = nextReadAt(seen, options, drawn) - seen.sentAt
      expect(waitMs).toBeGreaterThanOrEqual(200)
      expect(waitMs).toBeLessThanOrEqual(seen.failureCount === 0 ? 2_000 : 10_000)
    }),
  )
})

test('without a limit a read that brought records is followed at once, an empty one is not', () => {
  const unlimited = { ...options, maxReadsPerSecond: Infinity }
  expect(nextReadAt({ sentAt: 7, emptyCount: 0, failureCount: 0 }, unlimited, 0)).toBe(7)
  expect(nextReadAt({ sentAt: 7, emptyCount: 1, failureCount: 0 }, unlimited, 0)).toBe(207)
})

test('after failures the wait is spread over all of a growing interval', () => {
  const waitMs = (failureCount: number, jitter: number) =>
    nextReadAt({ sentAt: 0, emptyCount: 0, failureCount }, { ...options, maxReadsPerSecond: Infinity }, jitter)
  expect([1, 2, 3, 20].map((count) => waitMs(count, 0.5))).toEqual([100, 200, 400, 5_000])
  expect(waitMs(5, 0)).toBe(0)
})
