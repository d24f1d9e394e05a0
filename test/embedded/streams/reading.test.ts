import { describe, expect, test } from 'vitest'
import { idOf, seededRandom, World } from './world.ts'

describe('reading a shard', () => {
  test('goes on page by page, and never ends an open one', () => {
    const world = new World()
    for (const id of ['a', 'b', 'c']) world.put(id)
    const first = world.read(undefined, { Limit: 2 })
    expect(first.Records.map(idOf)).toEqual(['a', 'b'])
    const second = world.read(first.NextShardIterator)
    expect(second.Records.map(idOf)).toEqual(['c'])
    expect(world.read(second.NextShardIterator)).toEqual({
      Records: [],
      NextShardIterator: expect.any(String) as unknown,
    })
  })

  test('ends a closed one with its last record', () => {
    const world = new World()
    world.put('a')
    world.put('b')
    world.catalog.roll('orders')
    const first = world.read(undefined, { Limit: 1 })
    expect(first.NextShardIterator).toBeDefined()
    expect(world.read(first.NextShardIterator)).not.toHaveProperty('NextShardIterator')
    expect(world.read(world.iterator('LATEST'))).toEqual({ Records: [] })
  })

  test('returns 1,000 records at most, and 1 MB', () => {
    const world = new World()
    for (let id = 0; id < 1_001; id += 1) world.put(String(id))
    expect(world.read().Records).toHaveLength(1_000)
    const large = new World()
    const newItem = { blob: { B: new Uint8Array(400_000) } }
    for (const id of ['a', 'b', 'c', 'd']) large.put(id, { newItem })
    const page = large.read()
    expect(page.Records.map(idOf)).toEqual(['a', 'b'])
    expect(large.ids(page.NextShardIterator)).toEqual(['c', 'd'])
    large.put('huge', { newItem: { blob: { B: new Uint8Array(2_000_000) } } })
    expect(large.read(large.read(page.NextShardIterator).NextShardIterator).Records.map(idOf)).toEqual(['huge'])
  })

  test('may return nothing though records follow, with an iterator that differs', () => {
    const world = new World({ emptyPageChance: 0.5 })
    for (let id = 0; id < 20; id += 1) world.put(String(id))
    world.catalog.roll('orders')
    const seen: (string | undefined)[] = []
    let empty = 0
    for (let iterator: string | undefined = world.iterator(); iterator !== undefined;) {
      const page = world.read(iterator, { Limit: 1 })
      seen.push(...page.Records.map(idOf))
      if (page.Records.length === 0) empty += 1
      expect(page.NextShardIterator).not.toBe(iterator)
      iterator = page.NextShardIterator
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, id) => String(id)))
    expect(empty).toBeGreaterThan(3)
    world.catalog.configure({ emptyPageChance: 0 })
    expect(world.ids()).toHaveLength(20)
  })

  test('may end a closed one with its last record or with an empty page after it', () => {
    const endsLater = Array.from({ length: 20 }, (_, seed) => {
      const world = new World({ emptyPageChance: 0.5, random: seededRandom(seed * 7_919) })
      world.put('a')
      world.catalog.roll('orders')
      let page = world.read()
      while (page.Records.length === 0) page = world.read(page.NextShardIterator)
      return page.NextShardIterator !== undefined && world.ids(page.NextShardIterator).length === 0
    })
    expect(new Set(endsLater)).toEqual(new Set([true, false]))
  })

  test('is refused above 5 reads a second and shard, if asked for', async () => {
    const world = new World({ initialShardCount: 2 })
    const iterator = world.iterator()
    const other = world.iterator('TRIM_HORIZON', { ShardId: world.shardId(1) })
    for (let call = 0; call < 20; call += 1) world.read(iterator)
    world.catalog.configure({ enforceReadLimits: true })
    for (let call = 0; call < 5; call += 1) world.read(iterator)
    expect(() => world.read(iterator)).toThrow(expect.objectContaining({ name: 'LimitExceededException' }))
    world.read(other)
    await world.clock.advance(900)
    expect(() => world.read(iterator)).toThrow('Rate exceeded')
    await world.clock.advance(100)
    for (let call = 0; call < 5; call += 1) world.read(iterator)
    for (let call = 0; call < 10; call += 1) world.describe()
    expect(() => world.describe()).toThrow(expect.objectContaining({ name: 'ThrottlingException' }))
  })
})
