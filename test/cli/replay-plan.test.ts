import { describe, expect, test } from 'vitest'
import { emptyCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import { noneAgain, replayPlan, type ScannedShard } from '../../src/cli/replay/replay-plan.ts'
import { parseSequenceNumber } from '../../src/record/sequence-number.ts'

const number = (text: string) => parseSequenceNumber(text, 'test')
const finished = (shardId: string) => ({ finished: { id: `label#${shardId}` as const, epoch: 1 } })

function shard(shardId: string, parentShardId?: string, more: Partial<ScannedShard> = {}): ScannedShard {
  return {
    ...{ shardId, parentShardId, seen: finished(shardId), first: undefined },
    ...{ again: { ...noneAgain, delivered: 1 }, anew: { ...noneAgain, delivered: 10 } },
    ...more,
  }
}

const first = { at: number('7'), before: number('5') }
const time = { kind: 'time', at: 0 } as const
const planOf = (shards: readonly ScannedShard[], from: Parameters<typeof replayPlan>[2] = time) => {
  const { rewind, lines } = replayPlan('label', shards, from)
  return {
    back: rewind.rewound.map(({ lease: { shardId }, checkpoint }) => ({ shardId, checkpoint })),
    taken: rewind.takenBack.flatMap((seen) => ('finished' in seen ? seen.finished.id : seen.lease.id)),
    again: lines.map(({ again }) => again.delivered),
  }
}

describe('what a replay moves', () => {
  test('in each branch the first shard with such records; all that hangs below it begins anew', () => {
    const shards = [
      shard('a'),
      shard('b', 'a', { first }),
      shard('c', 'b', { first }),
      shard('d', 'c'),
      shard('e', 'a'),
    ]
    expect(planOf(shards)).toEqual({
      ...{ back: [{ shardId: 'b', checkpoint: { ...emptyCheckpoint, after: number('5') } }] },
      ...{ taken: ['label#c', 'label#d'], again: [1, 10, 10] },
    })
  })

  test('a shard that nobody has begun is left to its parent', () => {
    expect(planOf([shard('a', undefined, { first }), shard('b', 'a', { seen: undefined })]).taken).toEqual([])
  })

  test('the first record that the stream still has is named as such; the horizon is not named, for it moves', () => {
    const only = [shard('a', undefined, { first: { at: number('7'), before: undefined } })]
    expect(planOf(only).back[0]?.checkpoint).toEqual({ ...emptyCheckpoint, from: number('7') })
    expect(planOf(only, { kind: 'trim-horizon' }).back[0]?.checkpoint).toEqual(emptyCheckpoint)
  })

  test('nothing, where nothing is settled from there on', () => {
    expect(planOf([shard('a'), shard('b', 'a')])).toEqual({ back: [], taken: [], again: [] })
  })
})
