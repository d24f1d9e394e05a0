import { expect, test } from 'vitest'
import { parseEntry } from '../../scripts/fleet/journal.ts'
import { isPoison, isRedriven, redrivenFrom, shardOf, staleEnds, unparked } from '../../scripts/fleet/poison.ts'

/** `done k 2 shard 1 40`: version 2 of k took effect under epoch 1 of the shard, at 40 ms. */
function entries(...lines: readonly string[]) {
  return lines.map((line) => {
    const [kind, key, n, shardId, epoch, at] = line.split(' ')
    return parseEntry([kind, key, n, n, shardId, epoch, `w${epoch}`, 1, at].join(' '))
  })
}

test('one version in so many is poison, the same ones each time', () => {
  const poison = () => Array.from({ length: 10_000 }, (_, n) => n).filter((n) => isPoison('k', n, 40))
  expect(poison().length).toBeGreaterThan(150)
  expect(poison().length).toBeLessThan(350)
  expect(poison()).toEqual(poison())
  expect(isPoison('k', 1, 1)).toBe(true)
  expect(isPoison('k', 1, 0)).toBe(false)
})

test('an item that ends at an older version is told of, and one that never took effect', () => {
  const redriven = entries('done k 1 shard 1 10', 'done k 3 shard 1 20', `done k 2 ${redrivenFrom('r9', 'shard')} 1 30`)
  expect(staleEnds(new Map([['k', 3]]), redriven)).toEqual(['k ended with version 2 of 3'])
  expect(staleEnds(new Map([['k', 1]]), [])).toEqual(['k ended with version none of 1'])
  expect(staleEnds(new Map([['k', 2]]), entries('done k 2 shard 1 20', 'done k 1 shard 1 10'))).toEqual([])
})

test('what a worker had begun before it lost the shard does not make an end', () => {
  const overtaken = ['started k 1 shard 1 10', 'started k 1 shard 2 20', 'done k 1 shard 2 30', 'done k 2 shard 2 40']
  expect(staleEnds(new Map([['k', 2]]), entries(...overtaken, 'done k 1 shard 1 50'))).toEqual([])
  expect(staleEnds(new Map([['k', 2]]), entries(...overtaken, 'done k 1 shard 2 50'))).toHaveLength(1)
})

test('poison that took effect in a worker is told of', () => {
  expect(unparked(entries('done k 1 shard 1 10'), 1)).toEqual(['k@1'])
  expect(unparked(entries(`done k 1 ${redrivenFrom('r1', 'shard')} 1 10`), 1)).toEqual([])
})

test('a redriver has no shard, and what it redrives is of one', () => {
  const [redriven, handled] = [redrivenFrom('r1', 'shardId-1'), 'shardId-1'].map((shardId) => ({ shardId }))
  expect([redriven, handled].map((entry) => entry && [isRedriven(entry), shardOf(entry)])).toEqual([
    [true, 'shardId-1'],
    [false, 'shardId-1'],
  ])
})
