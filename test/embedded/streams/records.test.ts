import { describe, expect, test } from 'vitest'
import { numberOf, World } from './world.ts'

const before = { id: { S: 'a' }, n: { N: '1' } }
const after = { id: { S: 'a' }, n: { N: '2' } }
const keys = { id: { S: 'a' } }

describe('the record of a change', () => {
  test('has the shape that the SDK gives it', async () => {
    const world = new World()
    await world.clock.advance(1_234)
    world.put('a', { keys, oldItem: before, newItem: after })
    expect(world.read().Records).toEqual([
      {
        eventID: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
        eventName: 'MODIFY',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'eu-central-1',
        dynamodb: {
          ApproximateCreationDateTime: new Date('2026-01-01T00:00:01.000Z'),
          Keys: keys,
          NewImage: after,
          OldImage: before,
          SequenceNumber: expect.stringMatching(/^[1-9]\d{20,}$/) as unknown,
          SizeBytes: 3 + 6 + 6,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
      },
    ])
  })

  test.each([
    ['KEYS_ONLY', undefined, undefined, 3],
    ['NEW_IMAGE', after, undefined, 9],
    ['OLD_IMAGE', undefined, before, 9],
    ['NEW_AND_OLD_IMAGES', after, before, 15],
  ] as const)('shows and counts what a view of %s has', (viewType, newImage, oldImage, size) => {
    const world = new World({}, viewType)
    world.put('a', { keys, oldItem: before, newItem: after })
    const shown = world.read().Records[0]?.dynamodb
    expect(shown).toMatchObject({ Keys: keys, SizeBytes: size, StreamViewType: viewType })
    expect([shown?.NewImage, shown?.OldImage]).toEqual([newImage, oldImage])
  })

  test('names what happened, and who deleted', () => {
    const world = new World()
    world.put('a')
    world.put('a', { keys, oldItem: before, newItem: undefined })
    world.put('a', { keys, oldItem: before, newItem: undefined, byTimeToLive: true })
    const service = { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }
    expect(world.read().Records.map((record) => [record.eventName, record.userIdentity])).toEqual([
      ['INSERT', undefined],
      ['REMOVE', undefined],
      ['REMOVE', service],
    ])
  })

  test('has a number above that of the record before, which is no longer in the order of text after a while', () => {
    const world = new World()
    for (let count = 0; count < 3_000; count += 1) world.put(`item-${count}`)
    const numbers = world.readAll(world.shardId()).map(numberOf)
    expect(numbers).toHaveLength(3_000)
    for (const [index, number] of numbers.entries())
      if (index > 0) expect(BigInt(number)).toBeGreaterThan(BigInt(numbers[index - 1] ?? 0))
    expect(numbers.toSorted()).not.toEqual(numbers)
  })

  test('is each reader’s own', () => {
    const world = new World()
    world.put('a')
    const [record] = world.read().Records
    Object.assign(record?.dynamodb ?? {}, { SequenceNumber: '0' })
    expect(numberOf(world.read().Records[0])).not.toBe('0')
  })

  test('is told to whoever waits for it; nothing is recorded without an enabled stream', () => {
    const world = new World()
    world.put('a')
    expect(world.changed).toEqual([world.streamArn])
    world.catalog.record('customers', { keys, oldItem: undefined, newItem: after, at: 0, byTimeToLive: false })
    world.catalog.disable('orders')
    world.put('b')
    expect(world.ids()).toEqual(['a'])
  })
})
