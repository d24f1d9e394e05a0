import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { TerminalError } from '../../src/index.ts'
import { DynamoDBLeaseTable } from '../../src/leases/dynamodb/lease-table.ts'
import type { Messages } from '../../src/telemetry/channels.ts'
import type { StreamOptions } from '../../src/testing.ts'
import { awsError, intercept } from '../support/intercept.ts'
import { Fleet } from './fleet.ts'

let ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.toReversed()) await end()
  ends = []
})

async function fleet(streams?: Partial<StreamOptions>): Promise<Fleet> {
  const made = await Fleet.create(streams)
  ends.push(() => made.end())
  return made
}

function heard<Name extends keyof Messages>(name: Name): Messages[Name][] {
  const messages: Messages[Name][] = []
  const listen = (message: unknown) => void messages.push(message as Messages[Name])
  subscribe(name, listen)
  ends.push(() => void unsubscribe(name, listen))
  return messages
}

const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)

describe('one worker', () => {
  test('handles each change once, in order for each item, over splits and rolls', async () => {
    const world = await fleet({ initialShardCount: 2 })
    await world.start(world.worker('a'))
    for (let round = 0; round < 6; round += 1) {
      for (const key of keys) await world.put(key, String(round))
      if (round % 2 === 0) world.table.engine.splitShard('orders')
      else world.table.engine.rollShards('orders')
      await world.pass(1_000)
    }
    await world.pass(10_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  test('a child that is listed later than its sibling is not left to wait for the next full listing', async () => {
    const world = await fleet({ listingLagMs: 3_000 })
    await world.start(world.worker('a'))
    for (let round = 0; round < 5; round += 1) {
      for (const key of keys) await world.put(key, String(round))
      world.table.engine.splitShard('orders')
      await world.pass(5_000)
    }
    await world.pass(40_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['0', '1', '2', '3', '4'])
  })

  test('nor when the worker that finished the parent is gone before it is listed', async () => {
    const world = await fleet({ initialShardCount: 2, listingLagMs: 20_000 })
    const [a, b] = [world.worker('a'), world.worker('b')]
    await world.start(a)
    await world.start(b)
    for (let round = 0; round < 5; round += 1) {
      for (const key of keys) await world.put(key, String(round))
      world.table.engine.splitShard('orders')
      await world.pass(12_000)
      if (round === 3) world.kill('a')
    }
    await world.pass(90_000)
    for (const key of keys) expect([...new Set(world.valuesOf(key))]).toEqual(['0', '1', '2', '3', '4'])
  })

  test('goes on where it was, after a stop, and repeats nothing', async () => {
    const world = await fleet({ initialShardCount: 3 })
    const saves = heard('tidemark:checkpoint:saved')
    const first = world.worker('a')
    await world.start(first)
    for (const key of keys) await world.put(key, '0')
    await world.pass(1_000)
    await world.stop(first)
    const lastOf = (shardId: string) => saves.findLast((saved) => saved.shardId === shardId)?.checkpoint
    expect(
      [...new Set(saves.map(({ shardId }) => shardId))].map((shardId) => lastOf(shardId)?.beyond.length),
      'nothing is left open',
    ).toEqual([0, 0, 0])
    for (const key of keys) await world.put(key, '1')
    await world.start(world.worker('b'))
    await world.pass(5_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['0', '1'])
  })

  test('remembers what is settled beyond a record that is not, also through a crash', async () => {
    const world = await fleet()
    const handler = () => {
      throw new TerminalError('poison')
    }
    const ran: string[] = []
    const consumer = {
      handler: ({ keys: { id } }: { readonly keys: { readonly [name: string]: unknown } }) => {
        if (id === 'poison') handler()
        ran.push(String(id))
      },
    }
    await world.put('poison', '0')
    for (const key of keys) await world.put(key, '0')
    await world.start(world.worker('a', { consumer }))
    await world.pass(3_000)
    world.kill('a')
    expect(ran).toEqual(keys)
    const second = world.worker('b', { consumer: { ...consumer, retry: { maxAttempts: 1 } } })
    await world.start(second)
    await world.pass(30_000)
    expect(ran).toEqual(keys)
    const [shard] = second.status().fleets[0]?.shards ?? []
    expect(shard).toMatchObject({ state: 'reading', settledBeyondCount: 40, unsettledCount: 1, frontier: undefined })
    expect(shard?.stuckLanes).toMatchObject([{ reason: 'poison', attempts: 1 }])
  })

  test('a stuck lane stalls its shard only when the run-ahead is full, and that is said', async () => {
    const world = await fleet()
    const stalls = heard('tidemark:shard:stalled')
    let handled = 0
    const consumer = {
      handler: ({ keys: { id } }: { readonly keys: { readonly [name: string]: unknown } }) => {
        if (id === 'poison') throw new TerminalError('poison')
        handled += 1
      },
    }
    await world.put('poison', '0')
    await world.table.put(3_000)
    await world.start(world.worker('a', { consumer, options: { maxRunAheadRecords: 2_000 } }))
    await world.pass(10_000)
    expect(handled).toBeGreaterThanOrEqual(1_999)
    expect(handled).toBeLessThan(3_000)
    expect(stalls.at(-1)).toMatchObject({ stuckLaneCount: 1, spanCount: 2_000 })
  })

  test('with LATEST it handles what is written once start has resolved, and nothing older', async () => {
    const world = await fleet({ initialShardCount: 2 })
    for (const key of keys) await world.put(key, 'old')
    await world.pass(60_000)
    await world.start(world.worker('a', { options: { startAt: 'LATEST' } }))
    for (const key of keys) await world.put(key, 'new')
    world.table.engine.splitShard('orders')
    for (const key of keys) await world.put(key, 'newer')
    await world.pass(10_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['new', 'newer'])
  })

  test('with LATEST, one that died before its first checkpoint loses nothing that was written since', async () => {
    const world = await fleet()
    await world.put('x', 'old')
    await world.pass(60_000)
    await world.start(world.worker('a', { options: { startAt: 'LATEST' } }))
    world.kill('a')
    for (const key of keys) await world.put(key, 'new')
    await world.start(world.worker('b', { options: { startAt: 'LATEST' } }))
    await world.pass(30_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['new'])
    expect(world.valuesOf('x')).toEqual([])
  })

  test('with LATEST, a worker whose clock is ahead loses nothing', async () => {
    const world = await fleet()
    const { clock } = world.table
    const ahead = { ...clock, now: () => clock.now() + 60_000 }
    await world.start(world.worker('a', { options: { startAt: 'LATEST', clock: ahead } }))
    for (const key of keys) await world.put(key, 'new')
    await world.pass(10_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['new'])
  })

  test('with LATEST, start resolves only when the whole fleet has opened its shards', async () => {
    const world = await fleet({ initialShardCount: 6 })
    const options = { startAt: 'LATEST' } as const
    world.holdUp('b', 3_000) // its iterators come late
    const [a, b] = [world.worker('a', { options }), world.worker('b', { options })]
    await Promise.all([world.start(b), world.start(a)])
    for (const key of keys) await world.put(key, 'new')
    await world.pass(10_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['new'])
  })

  test('with LATEST, one that died before its first checkpoint is not followed by anything older', async () => {
    const world = await fleet()
    await world.put('x', 'before')
    const options = { startAt: 'LATEST', checkpointIntervalMs: 5_000 } as const
    await world.start(world.worker('a', { options }))
    await world.put('x', 'new')
    await world.pass(2_500)
    expect(world.valuesOf('x')).toEqual(['new'])
    world.kill('a')
    await world.start(world.worker('b', { options }))
    await world.pass(30_000)
    expect(new Set(world.valuesOf('x'))).toEqual(new Set(['new']))
  })

  test('with LATEST, what was written to a shard that was closed before it was read comes before its children', async () => {
    const world = await fleet()
    const worker = world.worker('a', { options: { startAt: 'LATEST' } })
    world.holdUp('a', 3_000) // its lease is there, and its iterator comes late
    const started = world.start(worker)
    await world.pass(1_000)
    await world.put('x', 'in the shard')
    world.table.engine.splitShard('orders')
    await world.put('x', 'in its child')
    await started
    await world.pass(20_000)
    expect(world.valuesOf('x')).toEqual(['in the shard', 'in its child'])
  })

  test('with LATEST, what is before the start in a shard whose child is begun is nobody’s', async () => {
    const world = await fleet()
    const { engine, clock, random, streamLabel } = world.table
    await world.put('x', 'before')
    engine.splitShard('orders')
    // Two started the fleet at once, by listings of before and after the shard was closed, and died.
    const about = { consumer: 'receipts', tableName: 'orders' }
    const leases = new DynamoDBLeaseTable({ client: engine, tableName: 'tidemark', fleet: about, clock, random })
    await leases.noteStart({ streamLabel, startAt: 'LATEST', complete: false })
    for (const shardId of world.table.shardIds()) await leases.create({ streamLabel, shardId, startAt: 'LATEST' })
    await world.start(world.worker('a', { options: { startAt: 'LATEST' } }))
    await world.put('x', 'new')
    await world.pass(20_000)
    expect(world.valuesOf('x')).toEqual(['new'])
    expect(await leases.list()).toHaveLength(2) // the shard is finished
  })

  test('what was handled before the stream could not be read is saved when it stops', async () => {
    const world = await fleet()
    const options = { checkpointIntervalMs: 60_000 }
    const first = world.worker('a', { options })
    await world.start(first)
    for (const key of keys) await world.put(key, '0')
    await world.pass(3_000)
    world.deny('a')
    await world.pass(10_000)
    await world.stop(first)
    await world.start(world.worker('b', { options }))
    await world.pass(5_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['0'])
  })

  test('follows a stream that was disabled and enabled again', async () => {
    const world = await fleet()
    await world.start(world.worker('a'))
    await world.put('x', '0')
    await world.table.setStream(false)
    await world.put('x', 'unseen')
    await world.pass(5_000)
    await world.table.setStream(true)
    await world.put('x', '1')
    await world.pass(180_000)
    expect(world.valuesOf('x').length).toBe(2)
  })
})

describe('several workers', () => {
  test('share the shards, and a leaver hands over within a second, with nothing handled twice', async () => {
    const world = await fleet({ initialShardCount: 4 })
    const [a, b] = [world.worker('a'), world.worker('b')]
    await world.start(a)
    await world.start(b)
    await world.pass(3_000)
    const counts = a.status().fleets[0]?.shards.filter(({ state }) => state === 'reading').length
    expect(counts).toBe(2)
    for (const key of keys) await world.put(key, '0')
    await world.stop(a)
    await world.pass(1_000)
    expect(b.status().fleets[0]?.shards.filter(({ state }) => state === 'reading').length).toBe(4)
    for (const key of keys) await world.put(key, '1')
    await world.pass(5_000)
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['0', '1'])
  })

  test('a leaver that can not release at once tries on, and nothing is handled twice', async () => {
    const world = await fleet()
    const a = world.worker('a', { options: { checkpointIntervalMs: 60_000, leaseDurationMs: 60_000 } })
    await world.start(a)
    for (const key of keys) await world.put(key, '0')
    await world.pass(1_000)
    world.cutOff('a', true)
    const stopped = a.stop()
    await world.pass(40_000) // longer than one request is tried, shorter than its right to work
    world.cutOff('a', false)
    await world.pass(40_000)
    await stopped
    await world.start(world.worker('b'))
    for (const key of keys) await world.put(key, '1')
    await world.pass(100_000) // were the lease still the leaver's, it would be free by now
    for (const key of keys) expect(world.valuesOf(key)).toEqual(['0', '1'])
  })

  test('take over from one that died within one and a half lease durations', async () => {
    const world = await fleet({ initialShardCount: 4 })
    const [a, b] = [world.worker('a'), world.worker('b')]
    await world.start(a)
    await world.start(b)
    await world.pass(3_000)
    world.kill('a')
    for (const key of keys) await world.put(key, '0')
    await world.pass(15_000)
    expect(b.status().fleets[0]?.shards.filter(({ state }) => state === 'reading').length).toBe(4)
    await world.pass(3_000)
    for (const key of keys) expect(new Set(world.valuesOf(key))).toEqual(new Set(['0']))
  })
})

describe('data that is gone', () => {
  async function trimmed(onGap: 'halt' | 'continue') {
    const world = await fleet()
    const gaps = heard('tidemark:stream:gap')
    const first = world.worker('a', { options: { onGap } })
    await world.start(first)
    await world.put('x', '0')
    await world.pass(3_000)
    await world.stop(first)
    await world.put('x', 'lost')
    world.table.engine.trimStream('orders')
    await world.put('x', '2')
    const second = world.worker('b', { options: { onGap } })
    await world.start(second)
    await world.pass(10_000)
    return { world, gaps, second }
  }

  test("is told, and the shard halts (onGap: 'halt')", async () => {
    const { world, gaps, second } = await trimmed('halt')
    expect(world.valuesOf('x')).toEqual(['0'])
    expect(gaps).toMatchObject([{ gap: { kind: 'trimmed', after: expect.any(String) }, onGap: 'halt' }])
    expect(second.status().fleets[0]?.shards).toMatchObject([{ state: 'halted' }])
  })

  test("is told, and consumption goes on behind it (onGap: 'continue')", async () => {
    const { world, gaps } = await trimmed('continue')
    expect(world.valuesOf('x')).toEqual(['0', '2'])
    expect(gaps).toMatchObject([{ gap: { kind: 'trimmed' }, onGap: 'continue' }])
  })

  test('a worker that finds a halted shard starts all the same', async () => {
    const { world, second } = await trimmed('halt')
    await world.stop(second)
    const third = world.worker('c')
    await world.start(third)
    expect(third.status().fleets[0]?.shards).toMatchObject([{ state: 'halted' }])
  })

  test('a shard in which nothing happened for days is no gap for its next owner', { timeout: 120_000 }, async () => {
    const world = await fleet({ rollEveryMs: Infinity })
    const gaps = heard('tidemark:stream:gap')
    const first = world.worker('a', { options: { idlePollMs: 60_000, leaseDurationMs: 300_000 } })
    await world.start(first)
    for (let hour = 0; hour < 30; hour += 1) await world.table.clock.advance(3_600_000)
    await world.stop(first)
    await world.put('x', '0')
    await world.start(world.worker('b'))
    await world.pass(5_000)
    expect(gaps).toEqual([])
    expect(world.valuesOf('x')).toEqual(['0'])
  })

  test('a shard that nobody looked at for as long as records live may have lost some, and that is told', async () => {
    const world = await fleet({ rollEveryMs: Infinity })
    const gaps = heard('tidemark:stream:gap')
    const first = world.worker('a')
    await world.start(first)
    await world.pass(2_000)
    await world.stop(first)
    await world.table.clock.advance(25 * 3_600_000)
    await world.start(world.worker('b'))
    expect(gaps).toMatchObject([{ gap: { kind: 'trimmed' } }])
  })

  test('is not read over when it could not be noted: the next try tells it', async () => {
    const world = await fleet({ rollEveryMs: Infinity })
    const gaps = heard('tidemark:stream:gap')
    const first = world.worker('a')
    await world.start(first)
    await world.pass(2_000)
    await world.stop(first)
    await world.table.clock.advance(25 * 3_600_000)
    await world.put('x', '0')
    const downUntil = world.table.clock.now() + 20_000
    const dynamodb = intercept(world.table.engine, async ({ input }, send) => {
      const isNote = String(input['UpdateExpression']).includes('#gap')
      if (isNote && world.table.clock.now() < downUntil) throw awsError('InternalServerError')
      return send()
    })
    await world.start(world.worker('b', { options: { dynamodb } }))
    await world.pass(60_000)
    expect(gaps).toMatchObject([{ gap: { kind: 'trimmed' }, onGap: 'halt' }])
    expect(world.valuesOf('x')).toEqual([])
  })

  test('a halted shard goes on when a worker is told to', async () => {
    const { world, second } = await trimmed('halt')
    await world.stop(second)
    await world.start(world.worker('c', { options: { onGap: 'continue' } }))
    await world.pass(10_000)
    expect(world.valuesOf('x')).toEqual(['0', '2'])
  })
})
