import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countBits, hasBit, highestBit } from '../../src/checkpoint/bitmap.ts'
import { emptyCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import { ShardProgress } from '../../src/checkpoint/shard-progress.ts'
import { compareSequenceNumbers, parseSequenceNumber } from '../../src/record/sequence-number.ts'

/** The shard of these tests: its n-th record has the number 100 + 3n, and lengths differ. */
const recordAt = (index: number) => parseSequenceNumber(String(100 + 3 * index), 'test')
const indexOf = (sequenceNumber: string | undefined) =>
  sequenceNumber === undefined ? -1 : (Number(sequenceNumber) - 100) / 3

function admitted(progress: ShardProgress, count: number): ShardProgress {
  for (let index = 0; index < count; index += 1) progress.admit(recordAt(index), 10)
  return progress
}

/** What a checkpoint says, as the indices of the settled records. */
function settledIn({ after, beyond }: { after?: string; beyond: Uint8Array }): Set<number> {
  const first = indexOf(after) + 1
  const settled = new Set(Array.from({ length: first }, (_, index) => index))
  for (let bit = 0; bit <= highestBit(beyond); bit += 1) if (hasBit(beyond, bit)) settled.add(first + bit)
  return settled
}

describe('bits', () => {
  test('are counted as the sums of powers they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bitmap) => {
        const set = Array.from({ length: bitmap.length * 8 + 9 }, (_, bit) => bit).filter((bit) => hasBit(bitmap, bit))
        expect(countBits(bitmap)).toBe(set.length)
        expect(highestBit(bitmap)).toBe(set.at(-1) ?? -1)
        expect(set.reduce((sum, bit) => sum + 2n ** BigInt(bit), 0n)).toBe(
          bitmap.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n),
        )
      }),
    )
  })
})

describe('progress', () => {
  test('the frontier stands before the first record that is not settled; what is settled beyond is remembered', () => {
    const progress = admitted(new ShardProgress(emptyCheckpoint), 5)
    for (const ordinal of [0, 2, 4]) progress.settle(ordinal)
    expect(progress.checkpoint()).toEqual({
      after: recordAt(0),
      beyond: Uint8Array.of(0b1010),
      through: recordAt(4),
    })
    expect(progress).toMatchObject({
      unsettledCount: 2,
      spanCount: 4,
      spanBytes: 40,
      frontier: recordAt(0),
      revision: 3,
    })
    expect(progress.firstUnsettled).toEqual({ sequenceNumber: recordAt(1) })
  })

  test('nothing settled, and all settled, are checkpoints without bits', () => {
    const progress = admitted(new ShardProgress(emptyCheckpoint), 2)
    expect(progress.checkpoint()).toEqual({ from: '100', beyond: new Uint8Array() })
    progress.settle(1)
    progress.settle(0)
    expect(progress.checkpoint()).toEqual({ after: recordAt(1), beyond: new Uint8Array() })
    expect(progress.firstUnsettled).toBeUndefined()
    expect(progress.spanBytes).toBe(0)
  })

  test('settling twice is settling once, also when the frontier has passed', () => {
    const progress = admitted(new ShardProgress(emptyCheckpoint), 3)
    for (const ordinal of [0, 0, 2, 2, 0]) progress.settle(ordinal)
    expect(progress).toMatchObject({ unsettledCount: 1, revision: 2, frontier: recordAt(0) })
  })

  test('a record that was never read is not settled', () => {
    expect(() => admitted(new ShardProgress(emptyCheckpoint), 3).settle(3)).toThrow('must not go on')
  })

  test('bits of records not read again yet survive any number of restarts', () => {
    const first = admitted(new ShardProgress(emptyCheckpoint), 30)
    for (const ordinal of [3, 11, 29]) first.settle(ordinal)
    const second = admitted(new ShardProgress(first.checkpoint()), 2)
    second.settle(0)
    const third = new ShardProgress(second.checkpoint())
    expect(settledIn(third.checkpoint())).toEqual(new Set([0, 3, 11, 29]))
    expect(third.checkpoint().through).toBe(recordAt(29))
  })

  test('a checkpoint is a picture: what happens later does not change it, nor does changing it change anything', () => {
    const progress = admitted(new ShardProgress(emptyCheckpoint), 9)
    progress.settle(8)
    const picture = progress.checkpoint()
    progress.settle(1)
    expect(settledIn(picture)).toEqual(new Set([8]))
    const resumed = new ShardProgress(picture)
    picture.beyond.fill(255)
    expect(settledIn(resumed.checkpoint())).toEqual(new Set([8]))
  })

  test('numbers are compared as numbers: an engine may pad what another does not', () => {
    const through = parseSequenceNumber('000000000000000000103', 'test')
    const progress = new ShardProgress({ beyond: Uint8Array.of(0b10), through })
    progress.admit(recordAt(0), 1)
    expect(progress.admit(recordAt(1), 1)).toEqual({ ordinal: 1, settled: true })
  })
})

describe('a miscount', () => {
  const resumed = () => new ShardProgress({ after: recordAt(0), beyond: Uint8Array.of(0b110), through: recordAt(3) })

  test('is found at the last record that an earlier reader settled', () => {
    const progress = resumed()
    progress.admit(recordAt(1), 1)
    progress.admit(recordAt(2), 1)
    expect(() => progress.admit(recordAt(4), 1)).toThrow(
      expect.objectContaining({ code: 'ERR_COORDINATION', retryable: false }),
    )
    expect(progress.spanCount).toBe(2)
  })

  test.each([0, 1])('is found when a record comes again (%i)', (again) => {
    const progress = resumed()
    progress.admit(recordAt(1), 1)
    expect(() => progress.admit(recordAt(again), 1)).toThrow('must not go on')
  })

  test('is found when the shard ends too early', () => {
    const progress = resumed()
    for (const index of [1, 2]) progress.admit(recordAt(index), 1)
    expect(() => progress.checkEnd()).toThrow('must not go on')
    progress.admit(recordAt(3), 1)
    expect(() => progress.checkEnd()).not.toThrow()
  })

  test('can not be excluded without the name of the last settled record', () => {
    expect(() => new ShardProgress({ beyond: Uint8Array.of(2) })).toThrow('must not go on')
  })
})

type Step = { readonly do: 'admit' | 'settle' | 'save' | 'restart'; readonly which: number }
const step = fc.record<Step>({
  do: fc.constantFrom('admit', 'admit', 'admit', 'settle', 'settle', 'save', 'restart'),
  which: fc.nat(),
})

describe('in any order of admitting, settling, saving and restarting', () => {
  test('nothing saved as settled runs again, nothing unsettled is skipped, and no checkpoint moves back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.boolean(), (steps, fromFront) => {
        // The model: sets of indices. `durable` is what the last save said; a restart forgets whatever came after.
        let durable = emptyCheckpoint
        let durableSet = new Set<number>()
        let settled = new Set<number>()
        let open: { index: number; ordinal: number }[] = []
        let read = 0
        let progress = new ShardProgress(durable)
        for (const { do: what, which } of steps) {
          if (what === 'admit') {
            const { ordinal, settled: known } = progress.admit(recordAt(read), read)
            expect(known).toBe(durableSet.has(read))
            if (!known) open.push({ index: read, ordinal })
            read += 1
          } else if (what === 'settle' && open.length > 0) {
            const [one] = open.splice(fromFront ? which % Math.min(open.length, 4) : which % open.length, 1)
            if (one === undefined) continue
            progress.settle(one.ordinal)
            settled.add(one.index)
          } else if (what === 'save') {
            const before = durable.after
            durable = progress.checkpoint()
            durableSet = new Set(settled)
            expect(indexOf(durable.after)).toBeGreaterThanOrEqual(indexOf(before))
          } else if (what === 'restart') {
            progress = new ShardProgress(durable)
            settled = new Set(durableSet)
            open = []
            read = indexOf(durable.after) + 1
          }
          const now = progress.checkpoint()
          expect(settledIn(now)).toEqual(settled)
          expect(now.beyond.at(-1)).not.toBe(0)
          const first = indexOf(now.after) + 1
          expect(settled.has(first) && first < read).toBe(false)
          expect(indexOf(now.through)).toBe(now.beyond.length === 0 ? -1 : Math.max(...settled))
          expect(progress.unsettledCount).toBe(open.length)
          expect(progress.spanCount).toBe(read - first)
          expect(progress.spanBytes).toBe(
            Array.from({ length: read - first }, (_, n) => first + n).reduce((a, b) => a + b, 0),
          )
          expect(indexOf(progress.firstUnsettled?.sequenceNumber)).toBe(first < read ? first : -1)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a span wider than any ring is kept', () => {
    const progress = admitted(new ShardProgress(emptyCheckpoint), 5_000)
    for (let ordinal = 4_999; ordinal > 0; ordinal -= 1) if (ordinal % 3 !== 0) progress.settle(ordinal)
    const again = admitted(new ShardProgress(progress.checkpoint()), 5_000)
    expect(again.unsettledCount).toBe(1_667)
    for (let ordinal = 0; ordinal < 5_000; ordinal += 3) again.settle(ordinal)
    expect(again.checkpoint()).toEqual({ after: recordAt(4_999), beyond: new Uint8Array() })
    expect(compareSequenceNumbers(recordAt(4_999), recordAt(0))).toBeGreaterThan(0)
  })

  test('a span that grows while its records wrap around keeps each record, its size and its settlement', () => {
    const progress = new ShardProgress(emptyCheckpoint)
    for (let index = 0; index < 6_000; index += 1) {
      progress.admit(recordAt(index), index)
      if (index < 700) progress.settle(index)
    }
    for (let index = 700; index < 6_000; index += 1) {
      expect(indexOf(progress.firstUnsettled?.sequenceNumber)).toBe(index)
      progress.settle(index)
      expect(indexOf(progress.frontier)).toBe(index)
      expect(progress.spanBytes).toBe(((5_999 - index) * (6_000 + index)) / 2)
    }
  })
})
