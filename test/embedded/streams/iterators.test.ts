import { describe, expect, test } from 'vitest'
import { hour, numberOf, World } from './world.ts'

const invalid = { name: 'ValidationException', message: 'Invalid ShardIterator' }
const trimmed = { name: 'TrimmedDataAccessException', message: 'The data you are trying to access has been trimmed' }

function failure(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('It went through')
}

describe('a shard iterator', () => {
  test('begins at the start, at the end, at or after a number', () => {
    const world = new World()
    for (const id of ['a', 'b', 'c']) world.put(id)
    const [a, b, c] = world.read().Records.map(numberOf)
    const latest = world.iterator('LATEST')
    expect(world.ids()).toEqual(['a', 'b', 'c'])
    expect(world.ids(world.iterator('AT_SEQUENCE_NUMBER', { SequenceNumber: b }))).toEqual(['b', 'c'])
    expect(world.ids(world.iterator('AFTER_SEQUENCE_NUMBER', { SequenceNumber: b }))).toEqual(['c'])
    expect(world.ids(world.iterator('AFTER_SEQUENCE_NUMBER', { SequenceNumber: c }))).toEqual([])
    expect(world.ids(world.iterator('AFTER_SEQUENCE_NUMBER', { SequenceNumber: `00${a}` }))).toEqual(['b', 'c'])
    expect(world.ids(latest)).toEqual([])
    world.put('d')
    expect(world.ids(latest)).toEqual(['d'])
  })

  test('takes the number a shard starts with, and numbers between those of records', () => {
    const world = new World()
    for (let id = 0; id < 4; id += 1) world.put(String(id))
    const start = world.describe().Shards[0]?.SequenceNumberRange.StartingSequenceNumber
    expect(world.ids(world.iterator('AT_SEQUENCE_NUMBER', { SequenceNumber: start }))).toHaveLength(4)
    expect(world.ids(world.iterator('AFTER_SEQUENCE_NUMBER', { SequenceNumber: start }))).toHaveLength(4)
    const numbers = world.read().Records.map((record) => BigInt(numberOf(record)))
    const [before = 0n] = numbers.filter((number, index) => (numbers[index + 1] ?? 0n) > number + 1n)
    const gap = { SequenceNumber: String(before + 1n) }
    const rest = world.ids(world.iterator('AT_SEQUENCE_NUMBER', gap))
    expect(rest).toHaveLength(3 - numbers.indexOf(before))
    expect(world.ids(world.iterator('AFTER_SEQUENCE_NUMBER', gap))).toEqual(rest)
  })

  test('refuses numbers outside of the shard', () => {
    const world = new World()
    world.put('a')
    const [child] = world.catalog.roll('orders')
    const { lastSequenceNumber, startingSequenceNumber } = world.catalog.describe('orders').shards[0] ?? {}
    const below = { SequenceNumber: String(BigInt(startingSequenceNumber ?? 0) - 1n) }
    const beyond = { SequenceNumber: String(BigInt(lastSequenceNumber ?? 0) + 1n) }
    const wrong = { name: 'ValidationException', message: 'Invalid SequenceNumber for the shard' }
    expect(failure(() => world.iterator('AT_SEQUENCE_NUMBER', below))).toMatchObject(wrong)
    expect(failure(() => world.iterator('AFTER_SEQUENCE_NUMBER', beyond))).toMatchObject(wrong)
    const ofParent = { ShardId: child, SequenceNumber: lastSequenceNumber }
    expect(failure(() => world.iterator('AFTER_SEQUENCE_NUMBER', ofParent))).toMatchObject(wrong)
  })

  test('refuses numbers of records that are gone', () => {
    const world = new World()
    for (const id of ['a', 'b', 'c']) world.put(id)
    const [a, b, c] = world.read().Records.map(numberOf)
    const start = world.describe().Shards[0]?.SequenceNumberRange.StartingSequenceNumber
    expect(world.catalog.trim('orders', { before: c ?? '' })).toBe(2)
    for (const SequenceNumber of [start, a, b])
      for (const type of ['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'])
        expect(failure(() => world.iterator(type, { SequenceNumber }))).toMatchObject(trimmed)
    expect(world.ids(world.iterator('AT_SEQUENCE_NUMBER', { SequenceNumber: c }))).toEqual(['c'])
    expect(world.ids()).toEqual(['c'])
  })

  test('says so when its place was trimmed before it was used', () => {
    const world = new World()
    const [atStart, atEnd] = [world.iterator(), world.iterator('LATEST')]
    world.put('a')
    world.catalog.trim('orders')
    expect(failure(() => world.read(atStart))).toMatchObject(trimmed)
    expect(failure(() => world.read(atEnd))).toMatchObject(trimmed)
    expect(world.ids()).toEqual([])
  })

  test('lives for 15 minutes', async () => {
    const world = new World()
    const iterator = world.iterator()
    await world.clock.advance(15 * 60_000)
    expect(world.ids(iterator)).toEqual([])
    await world.clock.advance(1)
    expect(failure(() => world.read(iterator))).toMatchObject({ name: 'ExpiredIteratorException' })
  })

  test('is refused when a character of it was changed', () => {
    const world = new World()
    const iterator = world.iterator()
    for (let index = 0; index < iterator.length; index += 1) {
      const other = iterator[index] === 'A' ? 'B' : 'A'
      const forged = iterator.slice(0, index) + other + iterator.slice(index + 1)
      expect(
        failure(() => world.read(forged)),
        forged,
      ).toMatchObject(invalid)
    }
    for (const forged of [`${iterator}x`, iterator.slice(0, -1), `${iterator}=`, 'nope', `${world.streamArn}|1|AAAA`])
      expect(
        failure(() => world.read(forged)),
        forged,
      ).toMatchObject(invalid)
  })

  test('ends with its shard', async () => {
    const world = new World({ trimmedShardLingerMs: 0, rollEveryMs: Infinity })
    const iterator = world.iterator()
    world.catalog.roll('orders')
    world.catalog.trim('orders')
    const gone = { name: 'ResourceNotFoundException', message: 'Requested resource not found: Shard does not exist' }
    expect(failure(() => world.read(iterator))).toMatchObject(gone)
    await world.clock.advance(26 * hour)
    world.catalog.remove('orders')
    await world.clock.advance(25 * hour)
    const noStream = `Requested resource not found: Stream: ${world.streamArn} not found`
    expect(failure(() => world.read(iterator))).toMatchObject({ message: noStream })
  })
})
