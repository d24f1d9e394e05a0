import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashOfKey, hashSpace } from '../../../src/embedded/streams/key-hash.ts'
import { hour, idOf, numberOf, World } from './world.ts'

function openRanges(world: World): number[][] {
  const { shards } = world.catalog.describe('orders')
  return shards
    .filter((shard) => shard.isOpen)
    .map((shard) => [...shard.range])
    .toSorted(([a = 0], [b = 0]) => a - b)
}

function expectCover(ranges: readonly number[][]): void {
  expect(ranges[0]?.[0]).toBe(0)
  expect(ranges.at(-1)?.[1]).toBe(hashSpace)
  for (const [index, [from]] of ranges.entries()) if (index > 0) expect(from).toBe(ranges[index - 1]?.[1])
}

describe('the shards of a stream', () => {
  test('begin as one, or as many as asked for', () => {
    expect(new World().shardIds()).toEqual([expect.stringMatching(/^shardId-\d{20}-[0-9a-f]{8}$/)])
    const world = new World({ initialShardCount: 3 })
    expect(world.shardIds()).toHaveLength(3)
    expectCover(openRanges(world))
    const other = world.catalog.enable('other', { hash: 'id', range: 'at' }, 'KEYS_ONLY', { initialShardCount: 5 })
    expect(world.describe({}, other.streamArn)).toMatchObject({
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      Shards: { length: 5 },
    })
  })

  test('divide even short, similar keys evenly', () => {
    const world = new World({ initialShardCount: 4 })
    for (let id = 0; id < 400; id += 1) world.put(String(id))
    for (const shard of world.catalog.describe('orders').shards) expect(shard.records).toBeGreaterThan(60)
  })

  test('have ids in the order of their opening, even within a millisecond', () => {
    const world = new World({ initialShardCount: 20 })
    world.catalog.roll('orders')
    const opened = world.catalog.describe('orders').shards.map((shard) => shard.shardId)
    expect(opened).toEqual(opened.toSorted())
    expect(new Set(opened).size).toBe(40)
  })

  test('take the changes of the keys in their range and no others', () => {
    const world = new World({ initialShardCount: 3 })
    world.catalog.split('orders', world.shardId(0))
    for (let id = 0; id < 50; id += 1) world.put(String(id))
    for (const { shardId, range, isOpen } of world.catalog.describe('orders').shards) {
      const hashes = world.readAll(shardId).map((record) => hashOfKey({ S: idOf(record) ?? '' }))
      expect(hashes.length > 0).toBe(isOpen)
      for (const hash of hashes) expect(range[0] <= hash && hash < range[1]).toBe(true)
    }
  })

  test('tell keys of different types apart, and take each value to one place', () => {
    const bytes = new Uint8Array([49])
    const hashes = [{ S: '1' }, { N: '1' }, { B: bytes }].map(hashOfKey)
    expect(new Set(hashes).size).toBe(3)
    expect(hashOfKey({ B: new Uint8Array([49]) })).toBe(hashOfKey({ B: bytes }))
    for (const hash of hashes) expect(hash).toBeGreaterThanOrEqual(0)
    for (const hash of hashes) expect(hash).toBeLessThan(hashSpace)
  })

  test('split into two that name their parent and begin above its end', () => {
    const world = new World()
    world.put('a')
    const children = world.catalog.split('orders')
    const [parent, ...listed] = world.describe().Shards
    expect(listed.map((shard) => shard.ShardId)).toEqual(children)
    expect(listed.map((shard) => shard.ParentShardId)).toEqual([parent?.ShardId, parent?.ShardId])
    expect(parent?.SequenceNumberRange.EndingSequenceNumber).toBe(numberOf(world.read().Records[0]))
    for (const { SequenceNumberRange: range } of listed) {
      expect(range.EndingSequenceNumber).toBeUndefined()
      expect(BigInt(range.StartingSequenceNumber)).toBeGreaterThan(
        BigInt(parent?.SequenceNumberRange.EndingSequenceNumber ?? 0),
      )
    }
    expect(openRanges(world)).toEqual([
      [0, hashSpace / 2],
      [hashSpace / 2, hashSpace],
    ])
  })

  test('split where they are told to, else at the widest', () => {
    const world = new World({ initialShardCount: 2 })
    const [first = '', second = ''] = world.shardIds()
    expect(world.catalog.split(world.streamArn, second)).toHaveLength(2)
    world.catalog.split('orders')
    const parents = world.describe().Shards.map((shard) => shard.ParentShardId)
    expect(parents).toEqual([undefined, undefined, second, second, first, first])
    expect(() => world.catalog.split('orders', first)).toThrow(`The shard ${first} is closed`)
    expect(() => world.catalog.split('orders', 'none')).toThrow('Requested resource not found: Shard does not exist')
    expect(() => world.catalog.split('none')).toThrow('Requested resource not found: Stream: none not found')
  })

  test('roll to one child, all at once or one', () => {
    const world = new World({ initialShardCount: 2 })
    const [first = '', second = ''] = world.shardIds()
    const [child = ''] = world.catalog.roll('orders', first)
    const rolled = world.catalog.roll('orders')
    const parentOf = new Map(world.describe().Shards.map((shard) => [shard.ShardId, shard.ParentShardId]))
    expect(parentOf.get(child)).toBe(first)
    expect(rolled.map((id) => parentOf.get(id))).toEqual([second, child])
    expectCover(openRanges(world))
  })

  test('end an empty shard at the number it began with', () => {
    const world = new World()
    world.catalog.roll('orders')
    const range = world.describe().Shards[0]?.SequenceNumberRange
    expect(range?.EndingSequenceNumber).toBe(range?.StartingSequenceNumber)
  })

  test('follow the schedule, seen at whatever time: rolls each 4 hours by default', async () => {
    const world = new World()
    world.put('a')
    await world.clock.advance(4 * hour - 1)
    expect(world.shardIds()).toHaveLength(1)
    await world.clock.advance(8 * hour + 1)
    expect(world.shardIds()).toHaveLength(4)
    expect(world.changed).toHaveLength(2)
    world.put('b')
    const shards = world.describe().Shards
    expect(shards.map((shard) => shard.ParentShardId)).toEqual([
      undefined,
      ...shards.slice(0, 3).map((shard) => shard.ShardId),
    ])
    expect(shards.map((shard) => world.readAll(shard.ShardId).map(idOf))).toEqual([['a'], [], [], ['b']])
  })

  test('follow a schedule of splits, and a changed one from then on', async () => {
    const world = new World({ rollEveryMs: Infinity, splitEveryMs: hour })
    await world.clock.advance(3 * hour)
    expect(openRanges(world)).toHaveLength(4)
    world.catalog.configure({ splitEveryMs: Infinity, rollEveryMs: hour })
    await world.clock.advance(hour - 1)
    expect(world.shardIds()).toHaveLength(7)
    await world.clock.advance(1)
    expect(world.shardIds()).toHaveLength(11)
    expectCover(openRanges(world))
  })

  test('keep all changes of an item in order along the lineage, whatever happens', () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ put: fc.integer({ min: 0, max: 5 }) }) },
      { weight: 1, arbitrary: fc.constant('split' as const) },
      { weight: 1, arbitrary: fc.constant('roll' as const) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (actions, initialShardCount) => {
        const world = new World({ initialShardCount })
        let count = 0
        for (const action of actions) {
          if (typeof action !== 'string') world.put(`item-${action.put}`, { newItem: { n: { N: String(count++) } } })
          else world.catalog[action]('orders')
        }
        expectCover(openRanges(world))
        expectOrderAlongLineage(world, count)
      }),
      { numRuns: 60 },
    )
  })
})

// Parents first, as a consumer has to read: each item's changes come in the order they were made, and none is missing.
function expectOrderAlongLineage(world: World, count: number): void {
  const seen = new Map<string | undefined, number>()
  let total = 0
  for (const shardId of world.shardIds())
    for (const record of world.readAll(shardId)) {
      const n = record.dynamodb.NewImage?.['n']
      const value = n !== undefined && 'N' in n ? Number(n.N) : -1
      expect(value).toBeGreaterThan(seen.get(idOf(record)) ?? -1)
      seen.set(idOf(record), value)
      total += 1
    }
  expect(total).toBe(count)
}
