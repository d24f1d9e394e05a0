import { expect, test } from 'vitest'
import { handoversOf, inPeace, quantile } from '../../scripts/fleet/handovers.ts'
import type { JournalEntry } from '../../scripts/fleet/journal.ts'

function entry(shardId: string, worker: string, epoch: number, at: number): JournalEntry {
  return { kind: 'started', key: 'k', n: 1, sequenceNumber: '1', shardId, epoch, worker, attempt: 1, at }
}

test('a takeover lasts from the departure to the first handler of the next, on shards that were worked on', () => {
  const entries = [
    entry('busy', 'w1', 1, 990),
    entry('busy', 'w2', 2, 4_000),
    entry('quiet', 'w1', 1, 100),
    entry('quiet', 'w2', 2, 3_900),
    entry('handed over before', 'w1', 1, 980),
    entry('handed over before', 'w2', 2, 995),
    entry('ended', 'w1', 1, 999),
  ]
  expect(handoversOf([{ worker: 'w1', how: 'kill', at: 1_000 }], entries, 500)).toEqual([
    { how: 'kill', worker: 'w1', at: 1_000, shardId: 'busy', afterMs: 3_000, idleMs: 3_010 },
  ])
})

test('a graceful handover is idle from the last handler of the one to the first of the other', () => {
  const entries = [entry('s', 'w1', 1, 990), entry('s', 'w1', 1, 1_050), entry('s', 'w2', 2, 1_100)]
  expect(handoversOf([{ worker: 'w1', how: 'stop', at: 1_000 }], entries, 500)).toMatchObject([
    { afterMs: 100, idleMs: 50 },
  ])
})

test('in peace is what nobody else was disturbed in', () => {
  const handover = { how: 'kill', worker: 'w1', at: 1_000, shardId: 's', afterMs: 300, idleMs: 300 } as const
  const kill = { worker: 'w1', kind: 'kill', from: 1_000, to: Infinity } as const
  expect(inPeace([handover], [kill], 500)).toEqual([handover])
  for (const from of [600, 1_200])
    expect(inPeace([handover], [kill, { worker: 'w2', kind: 'pause', from, to: from + 50 }], 500)).toEqual([])
  const longAgo = { worker: 'w2', kind: 'kill', from: 499, to: Infinity } as const
  expect(inPeace([handover], [kill, longAgo], 500), 'the dead are dead').toEqual([handover])
})

test('quantiles', () => {
  expect([0, 0.5, 1].map((share) => quantile([3, 1, 2], share))).toEqual([1, 2, 3])
  expect(quantile([], 0.5)).toBe(0)
})
