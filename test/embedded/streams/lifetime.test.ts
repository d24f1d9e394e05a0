import { describe, expect, test } from 'vitest'
import { hour, seededRandom, World } from './world.ts'

describe('a table’s stream', () => {
  test('has an ARN with its time, and one of its own for each enabling', () => {
    const world = new World()
    expect(world.streamArn).toBe(
      'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
    )
    expect(() => world.catalog.enable('orders', { hash: 'id' }, 'KEYS_ONLY')).toThrow(
      'Table already has an enabled stream: TableName: orders',
    )
    world.put('a')
    world.catalog.disable('orders')
    const again = world.catalog.enable('orders', { hash: 'id' }, 'KEYS_ONLY')
    expect(again.streamLabel).toBe('2026-01-01T00:00:00.001')
    world.put('b')
    expect(world.ids()).toEqual(['a'])
    expect(world.describe({}, again.streamArn)).toMatchObject({
      StreamArn: again.streamArn,
      StreamLabel: again.streamLabel,
      StreamStatus: 'ENABLED',
      StreamViewType: 'KEYS_ONLY',
      CreationRequestDateTime: new Date('2026-01-01T00:00:00.000Z'),
      TableName: 'orders',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    })
    expect(world.catalog.describe('orders').streamArn).toBe(again.streamArn)
  })

  test('once disabled can be read to its end, and is gone a day later', async () => {
    const world = new World()
    world.put('a')
    world.catalog.disable('orders')
    expect(() => world.catalog.disable('orders')).toThrow('Table has no stream to disable: TableName: orders')
    expect(world.describe()).toMatchObject({ StreamStatus: 'DISABLED', Shards: { length: 1 } })
    expect(world.describe().Shards[0]?.SequenceNumberRange.EndingSequenceNumber).toBeDefined()
    expect(world.read()).not.toHaveProperty('NextShardIterator')
    await world.clock.advance(24 * hour - 1)
    expect(world.ids()).toEqual(['a'])
    await world.clock.advance(1)
    expect(world.ids()).toEqual([])
    await world.clock.advance(hour)
    expect(() => world.describe()).toThrow('not found')
    expect(world.catalog.execute('ListStreams', {})).toEqual({ Streams: [] })
  })

  test('outlives its table', () => {
    const world = new World()
    world.put('a')
    world.catalog.remove('orders')
    world.catalog.remove('orders')
    expect(world.describe().StreamStatus).toBe('DISABLED')
    expect(world.ids()).toEqual(['a'])
    expect(() => world.catalog.describe('orders')).toThrow('not found')
  })

  test('forgets records after a day, and closed shards a while after their last record', async () => {
    const world = new World({ rollEveryMs: Infinity })
    world.put('a')
    await world.clock.advance(hour)
    world.put('b')
    await world.clock.advance(23 * hour - 1)
    expect(world.ids()).toEqual(['a', 'b'])
    await world.clock.advance(1)
    expect(world.ids()).toEqual(['b'])
    const [child] = world.catalog.roll('orders')
    await world.clock.advance(25 * hour - 1)
    expect(world.shardIds()).toHaveLength(2)
    await world.clock.advance(1)
    expect(world.describe().Shards).toMatchObject([{ ShardId: child, ParentShardId: expect.any(String) as unknown }])
  })

  test('forgets on command: a shard, or below a number, or all', async () => {
    const world = new World({ initialShardCount: 2 })
    for (let id = 0; id < 40; id += 1) world.put(String(id))
    const [first, second] = world.catalog.describe('orders').shards
    expect(world.catalog.trim('orders', { shardId: first?.shardId ?? '' })).toBe(first?.records)
    expect(world.catalog.trim(world.streamArn, { before: second?.lastSequenceNumber ?? '' })).toBe(
      (second?.records ?? 0) - 1,
    )
    expect(world.catalog.trim('orders')).toBe(1)
    expect(world.catalog.describe('orders').shards.map((shard) => shard.records)).toEqual([0, 0])
    world.catalog.roll('orders')
    world.catalog.trim('orders')
    expect(world.shardIds()).toHaveLength(4)
    await world.clock.advance(hour)
    expect(world.shardIds()).toHaveLength(2)
  })

  test('lets go of records that nobody asks for', async () => {
    const world = new World()
    world.put('a')
    world.catalog.disable('orders')
    world.catalog.enable('other', { hash: 'id' }, 'KEYS_ONLY')
    await world.clock.advance(26 * hour)
    const keys = { id: { S: 'x' } }
    world.catalog.record('other', { keys, oldItem: undefined, newItem: keys, at: 0, byTimeToLive: false })
    await world.clock.advance(-26 * hour) // no access may find what is gone, even at the time when it was there
    expect(() => world.describe()).toThrow('not found')
  })

  test.each([1, 2, 3, 4, 5])('shows its shards late, a child never before its parent (seed %i)', async (seed) => {
    const world = new World({ listingLagMs: 10_000, random: seededRandom(seed) })
    expect(world.describe()).toMatchObject({ StreamStatus: 'ENABLING', Shards: [] })
    const children = world.catalog.split('orders')
    let [seen, late] = [0, 0]
    for (let second = 0; second < 10; second += 1) {
      await world.clock.advance(1_000)
      const shards = world.describe().Shards
      expect(shards.length).toBeGreaterThanOrEqual(seen)
      seen = shards.length
      if (seen > 0 && shards[0]?.SequenceNumberRange.EndingSequenceNumber === undefined) late += 1
      for (const child of shards)
        if (child.ParentShardId !== undefined) expect(shards[0]?.ShardId).toBe(child.ParentShardId)
    }
    expect(late).toBeLessThan(10)
    expect(world.shardIds()).toEqual([world.shardId(), ...children])
    world.catalog.disable('orders')
    expect(world.describe().StreamStatus).toBe('DISABLING')
    await world.clock.advance(10_000)
    expect(world.describe().StreamStatus).toBe('DISABLED')
    expect(world.describe().Shards.every((shard) => shard.SequenceNumberRange.EndingSequenceNumber)).toBe(true)
  })

  test.each([
    [{ initialShardCount: 0 }, 'initialShardCount must be a whole number from 1 to 10000; got 0'],
    [{ rollEveryMs: 0 }, 'rollEveryMs must be milliseconds, 1 or more; got 0'],
    [{ listingLagMs: Number.NaN }, 'listingLagMs must be milliseconds, 0 or more; got null'],
    [{ emptyPageChance: 1 }, 'emptyPageChance must be a number from 0 to below 1; got 1'],
  ])('refuses %o', (options, message) => {
    expect(() => new World(options)).toThrow(message)
  })
})
