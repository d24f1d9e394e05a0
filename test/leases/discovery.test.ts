import { afterEach, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import type { LeaseTable, StreamStart } from '../../src/leases/coordination.ts'
import { deferred } from '../support/deferred.ts'
import { type Member, StreamFleet, watched } from './stream-fleet.ts'

let fleet: StreamFleet
afterEach(() => fleet.stop())

async function running(member: Member): Promise<Member> {
  void member.discovery.run()
  await fleet.table.clock.advance(1)
  return member
}

async function consume(shardId: string): Promise<void> {
  const end = await fleet.finish(shardId)
  await fleet.during(end.outcome)
}

test('from the trim horizon a fleet starts with the oldest shards', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 2 })
  fleet.table.engine.splitShard('orders')
  const member = fleet.discovery()
  await fleet.during(member.discovery.bootstrap())
  expect(await fleet.leased()).toEqual(['0', '1'])
  expect(await fleet.leases.starts()).toMatchObject([{ startAt: 'TRIM_HORIZON', complete: true }])
  expect(member.createdCount).toBeGreaterThan(0)
})

test('at LATEST it starts with the youngest, and their children begin at their beginning', async () => {
  fleet = await StreamFleet.create()
  fleet.table.engine.splitShard('orders')
  await fleet.during(fleet.discovery({ startAt: 'LATEST' }).discovery.bootstrap())
  expect(await fleet.leased()).toEqual(['1!', '2!'])
  fleet.table.engine.rollShards('orders')
  await consume(fleet.table.shardId(1))
  expect(await fleet.leased()).toEqual(['2!', '3'])
})

test('a fleet that has started does not start again', async () => {
  fleet = await StreamFleet.create()
  await fleet.during(fleet.discovery().discovery.bootstrap())
  const reading = watched(fleet.table.reading)
  await fleet.during(fleet.discovery({ startAt: 'LATEST', reading }).discovery.bootstrap())
  expect(reading.describeCount).toBe(0)
  expect(await fleet.leases.starts()).toMatchObject([{ startAt: 'TRIM_HORIZON' }])
})

test('two that start a fleet at once create each lease once', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 40 })
  const members = [fleet.discovery(), fleet.discovery({ startAt: 'LATEST' })]
  await fleet.during(Promise.all(members.map(({ discovery }) => discovery.bootstrap())))
  expect(await fleet.leases.starts()).toHaveLength(1)
  expect(await fleet.leases.list()).toHaveLength(40)
})

test('a start whose author died is completed by the next, with the position that was noted', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 5 })
  const { leases } = fleet
  let left = 2
  const dying = Object.assign(Object.create(leases) as LeaseTable, {
    ...{ list: () => leases.list(), starts: () => leases.starts(), noteStart: leases.noteStart.bind(leases) },
    ...{ finishedAt: leases.finishedAt.bind(leases) },
    create: (lease: Parameters<LeaseTable['create']>[0]) =>
      (left -= 1) < 0 ? Promise.reject(new Error('died')) : leases.create(lease),
  })
  const first = fleet.discovery({ startAt: 'LATEST', leases: dying })
  await expect(fleet.during(first.discovery.bootstrap())).rejects.toThrow('died')
  expect(await leases.list()).toHaveLength(2)
  expect(first.createdCount).toBe(3) // what exists is to be worked, whatever became of the rest
  await fleet.during(fleet.discovery().discovery.bootstrap())
  expect(await fleet.leased()).toEqual(['0!', '1!', '2!', '3!', '4!'])
  expect(await leases.starts()).toMatchObject([{ startAt: 'LATEST', complete: true }])
})

test('a lease whose creation ended in an error is told of: it may be there, and would be nobody’s', async () => {
  fleet = await StreamFleet.create()
  const { leases } = fleet
  const unheard = Object.assign(Object.create(leases) as LeaseTable, {
    ...{ list: () => leases.list(), starts: () => leases.starts(), noteStart: leases.noteStart.bind(leases) },
    ...{ finishedAt: leases.finishedAt.bind(leases) },
    create: async (lease: Parameters<LeaseTable['create']>[0]) => {
      await leases.create(lease)
      throw new Error('no reply')
    },
  })
  const member = fleet.discovery({ leases: unheard })
  await expect(fleet.during(member.discovery.bootstrap())).rejects.toThrow('no reply')
  expect(await leases.list()).toHaveLength(1)
  expect(member.createdCount).toBe(1)
})

test('nor is a lease that was not there when it was looked, and is when it is to be created', async () => {
  fleet = await StreamFleet.create()
  const { leases } = fleet
  const late = Object.assign(Object.create(leases) as LeaseTable, {
    ...{ list: () => leases.list(), starts: () => leases.starts(), noteStart: leases.noteStart.bind(leases) },
    ...{ finishedAt: leases.finishedAt.bind(leases), completeStart: leases.completeStart.bind(leases) },
    create: async (lease: Parameters<LeaseTable['create']>[0]) => {
      await leases.create(lease) // an earlier request of ours, long given up and told of, arrives
      return leases.create(lease)
    },
  })
  const member = fleet.discovery({ leases: late })
  await fleet.during(member.discovery.bootstrap())
  expect(member.createdCount).toBe(1)
})

test('nor is one that arrives when its creation was given up, before the next look', async () => {
  fleet = await StreamFleet.create()
  const { leases } = fleet
  let isDown = true
  const late = Object.assign(Object.create(leases) as LeaseTable, {
    ...{ list: () => leases.list(), starts: () => leases.starts(), noteStart: leases.noteStart.bind(leases) },
    ...{ finishedAt: leases.finishedAt.bind(leases), completeStart: leases.completeStart.bind(leases) },
    create: (lease: Parameters<LeaseTable['create']>[0]) =>
      isDown ? Promise.reject(new Error('no reply')) : leases.create(lease),
  })
  const member = fleet.discovery({ leases: late })
  await expect(fleet.during(member.discovery.bootstrap())).rejects.toThrow('no reply')
  isDown = false
  const [shardId = ''] = fleet.table.shardIds()
  const [start] = await leases.starts()
  await leases.create({ streamLabel: start?.streamLabel ?? '', shardId, startAt: 'TRIM_HORIZON' })
  const toldBefore = member.createdCount
  await fleet.during(member.discovery.bootstrap())
  expect(member.createdCount).toBeGreaterThan(toldBefore)
})

test('a shard that was not listed at the start, and that nothing leads to, is found within half a minute', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 2 })
  const { reading } = fleet.table
  const late = new Set([fleet.table.shardId(1)])
  const hiding = {
    ...watched(reading),
    describe: async (arn: string) => {
      const listing = await reading.describe(arn)
      return listing && { ...listing, shards: listing.shards.filter(({ shardId }) => !late.has(shardId)) }
    },
  }
  const member = fleet.discovery({ startAt: 'LATEST', reading: hiding })
  await fleet.during(member.discovery.bootstrap())
  await running(member)
  await fleet.table.clock.advance(10_000)
  expect(await fleet.leased()).toEqual(['0!'])
  late.clear()
  await fleet.table.clock.advance(25_000)
  expect(await fleet.leased()).toEqual(['0!', '1'])
})

test('a table without a stream is an error that says what to do', async () => {
  fleet = await StreamFleet.create()
  const member = fleet.discovery({ latestStream: () => Promise.resolve(undefined) })
  await expect(fleet.during(member.discovery.bootstrap())).rejects.toThrow(ConfigurationError)
})

test('clients of two regions are an error that says so, and nothing is started', async () => {
  fleet = await StreamFleet.create()
  const reading = { ...watched(fleet.table.reading), describe: () => Promise.resolve(undefined) }
  await expect(fleet.during(fleet.discovery({ reading }).discovery.bootstrap())).rejects.toThrow(/same region/)
  expect(await fleet.leases.starts()).toMatchObject([{ complete: false }])
})

test('a child that was listed later than its sibling is found', async () => {
  fleet = await StreamFleet.create()
  const member = await running(fleet.discovery())
  const late = new Set<string>()
  const [, sibling = ''] = fleet.table.engine.splitShard('orders')
  late.add(sibling)
  const { reading } = fleet.table
  const hiding = {
    ...watched(reading),
    children: async (arn: string, id: string) =>
      (await reading.children(arn, id)).filter((one) => !late.has(one.shardId)),
  }
  const end = await fleet.finish(fleet.table.shardId(), { reading: hiding })
  await fleet.during(end.outcome)
  expect(await fleet.leased()).toEqual(['1'])
  await fleet.table.clock.advance(600_000)
  expect(await fleet.leased()).toEqual(['1', '2'])
  expect(member.createdCount).toBe(2)
})

test('shards that hang by nothing are found when a shard that was trimmed with its children is given up', async () => {
  fleet = await StreamFleet.create({ retentionMs: 1_000, trimmedShardLingerMs: 1_000 })
  const member = await running(fleet.discovery())
  const [lost = ''] = fleet.table.shardIds()
  for (let roll = 0; roll < 3; roll += 1) fleet.table.engine.rollShards('orders')
  await fleet.table.clock.advance(10_000)
  const end = await fleet.finish(lost, { onNoChildren: () => member.discovery.hurry() })
  await fleet.during(end.outcome)
  await fleet.table.clock.advance(2_000)
  expect(await fleet.leased()).toEqual(['0']) // of those that are left
})

test('a quiet fleet costs a DescribeStream each ten minutes, by the discoverer alone', async () => {
  fleet = await StreamFleet.create()
  const [mine, others] = [watched(fleet.table.reading), watched(fleet.table.reading)]
  await running(fleet.discovery({ reading: mine }))
  await running(fleet.discovery({ reading: others, isDiscoverer: () => false }))
  await fleet.table.clock.advance(120_000)
  const before = mine.describeCount
  await fleet.table.clock.advance(3_600_000)
  expect(mine.describeCount - before).toBe(6)
  expect(others.describeCount).toBe(0)
})

test('who becomes the discoverer begins with a look at everything', async () => {
  fleet = await StreamFleet.create()
  let isDiscoverer = false
  await running(fleet.discovery({ isDiscoverer: () => isDiscoverer }))
  await fleet.table.clock.advance(5_000)
  expect(await fleet.leased()).toEqual([])
  isDiscoverer = true
  await fleet.table.clock.advance(2_000)
  expect(await fleet.leased()).toEqual(['0'])
})

test('a re-enabled stream is followed from its beginning once the one before is drained, and not before', async () => {
  fleet = await StreamFleet.create()
  await running(fleet.discovery({ startAt: 'LATEST' }))
  const first = fleet.table.shardId()
  await fleet.table.setStream(false)
  await fleet.table.clock.advance(1_000)
  await fleet.table.setStream(true)
  await fleet.table.clock.advance(300_000)
  const [start] = await fleet.leases.starts()
  expect((await fleet.leases.list()).map(({ streamLabel }) => streamLabel)).toEqual([start?.streamLabel])
  await consume(first)
  await fleet.table.clock.advance(61_000)
  expect(await fleet.leased()).toEqual(['0'])
  expect(await fleet.leases.list()).toMatchObject([{ streamLabel: fleet.table.streamLabel }])
})

test('a stream that came and went while the one before was drained is consumed too, in its turn', async () => {
  fleet = await StreamFleet.create()
  await running(fleet.discovery())
  const labels = [fleet.table.streamLabel]
  const shardIds = [fleet.table.shardId()]
  for (let turn = 0; turn < 2; turn += 1) {
    await fleet.table.setStream(false)
    await fleet.table.clock.advance(1_000)
    await fleet.table.setStream(true)
    labels.push(fleet.table.streamLabel)
    shardIds.push(fleet.table.shardId())
    await fleet.table.clock.advance(120_000)
  }
  const consumed: string[] = []
  for (const shardId of shardIds) {
    const [lease] = await fleet.leases.list()
    consumed.push(lease?.streamLabel ?? 'none')
    expect(await fleet.leases.list()).toHaveLength(1)
    if (consumed.length < shardIds.length) await consume(shardId)
    await fleet.table.clock.advance(61_000)
  }
  expect(consumed).toEqual(labels)
})

test('a disabled stream that was started at LATEST and drained is left alone, with all that is older', async () => {
  fleet = await StreamFleet.create()
  fleet.table.engine.splitShard('orders')
  await running(fleet.discovery({ startAt: 'LATEST' }))
  await fleet.table.setStream(false)
  for (const index of [1, 2]) await consume(fleet.table.shardId(index))
  // A discoverer that knows nothing from before.
  const member = await running(fleet.discovery())
  await fleet.table.clock.advance(1_800_000)
  expect(await fleet.leased()).toEqual([])
  expect(member.createdCount).toBe(0)
})

test.each([
  ['was begun', false],
  ['was begun by one who died before all of it was', true],
])('a stream whose note arrives after a later one %s is not consumed behind it', async (_how, dies) => {
  fleet = await StreamFleet.create()
  const { table, leases } = fleet
  const late = deferred()
  const held = new Proxy(leases, {
    get: (target, name: keyof LeaseTable) =>
      name === 'noteStart'
        ? (start: StreamStart) => late.promise.then(() => target.noteStart(start))
        : target[name].bind(target),
  })
  const slow = fleet.discovery({ leases: held }).discovery.bootstrap()
  await table.clock.advance(1_000)
  await table.setStream(false)
  await table.clock.advance(1_000)
  await table.setStream(true)
  const mortal = new Proxy(leases, {
    get: (target, name: keyof LeaseTable) =>
      name === 'completeStart' && dies ? () => Promise.reject(new Error('died')) : target[name].bind(target),
  })
  await fleet.during(Promise.allSettled([fleet.discovery({ leases: mortal }).discovery.bootstrap()]))
  const begun = [{ streamLabel: table.streamLabel }]
  expect(await leases.list()).toMatchObject(begun)
  late.resolve()
  await fleet.during(slow)
  await running(fleet.discovery()) // which knows nothing but the rows
  await table.clock.advance(1_800_000)
  expect(await leases.list()).toMatchObject(begun)
  expect(await leases.list()).toHaveLength(1)
})

test('trouble is told once, waited out, and told to be over', async () => {
  fleet = await StreamFleet.create()
  const reading = watched(fleet.table.reading)
  reading.failure = Object.assign(new Error('denied'), { name: 'AccessDeniedException' })
  const member = await running(fleet.discovery({ reading }))
  await fleet.table.clock.advance(600_000)
  expect(member.lines.filter((line) => line.includes('can not be discovered'))).toHaveLength(1)
  expect(reading.describeCount).toBeLessThan(60)
  reading.failure = undefined
  await fleet.table.clock.advance(61_000)
  expect(await fleet.leased()).toEqual(['0'])
  expect(member.lines).toContain('shards are discovered again')
})

test('a process that was stopped in the middle of a start does not go on by an old listing', async () => {
  fleet = await StreamFleet.create()
  const { table } = fleet
  const slow = {
    ...watched(table.reading),
    describe: async (arn: string) => {
      const listing = await table.reading.describe(arn)
      await table.clock.sleep(120_000) // the listing was good when it was made
      return listing
    },
  }
  const stale = fleet.discovery({ startAt: 'LATEST', reading: slow })
  const bootstrap = stale.discovery.bootstrap()
  await table.clock.advance(1_000)
  table.engine.rollShards('orders')
  await fleet.during(fleet.discovery().discovery.bootstrap())
  expect(await fleet.leased()).toEqual(['1!'])
  await table.clock.advance(120_000)
  await bootstrap
  expect(await fleet.leased()).toEqual(['1!'])
})

test('what the listing of a start at LATEST did not show is not begun at LATEST by another who starts at once', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 2 })
  const { table } = fleet
  const hiding = {
    ...watched(table.reading),
    describe: async (arn: string) => {
      const listing = await table.reading.describe(arn)
      return listing && { ...listing, shards: listing.shards.slice(0, 1) }
    },
  }
  const slow = {
    ...watched(table.reading),
    describe: async (arn: string) => {
      await table.clock.sleep(2_000)
      return await table.reading.describe(arn)
    },
  }
  const second = fleet.discovery({ startAt: 'LATEST', reading: slow }).discovery.bootstrap()
  await fleet.during(fleet.discovery({ startAt: 'LATEST', reading: hiding }).discovery.bootstrap())
  expect(await fleet.leased()).toEqual(['0!'])
  await fleet.during(second) // and what was written to the other shard in between is promised
  expect(await fleet.leased()).toEqual(['0!', '1'])
})

test('nor is what a stale listing shows begun at all beside what another has begun with meanwhile', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 1 })
  const { table, leases } = fleet
  const slow = Object.assign(Object.create(leases) as LeaseTable, {
    ...{ list: () => leases.list(), starts: () => leases.starts(), noteStart: leases.noteStart.bind(leases) },
    ...{ finishedAt: leases.finishedAt.bind(leases), completeStart: leases.completeStart.bind(leases) },
    create: async (lease: Parameters<LeaseTable['create']>[0]) => {
      await table.clock.sleep(5_000) // it has looked at the leases when there were none
      return await leases.create(lease)
    },
  })
  const second = fleet.discovery({ startAt: 'LATEST', leases: slow }).discovery.bootstrap()
  await table.clock.advance(3_000)
  table.engine.rollShards('orders')
  await fleet.during(fleet.discovery({ startAt: 'LATEST' }).discovery.bootstrap())
  expect(await fleet.leased()).toEqual(['1!'])
  await fleet.during(second)
  expect(await fleet.leased()).toEqual(['1!']) // of the shard before it nothing is wanted
})

test('a shard that is found a day after its parent was consumed has lost records, and its lease says so', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 1 })
  const { table } = fleet
  await fleet.during(fleet.discovery().discovery.bootstrap())
  const [parent] = table.shardIds()
  table.engine.splitShard('orders', parent)
  const [, sibling] = table.shardIds()
  const { reading } = table
  const first = {
    ...reading,
    children: async (arn: string, id: string) => (await reading.children(arn, id)).slice(0, 1),
  }
  const { outcome } = await fleet.finish(parent ?? '', { reading: first })
  expect(await fleet.during(outcome)).toBe('finished')
  await table.clock.advance(25 * 3_600_000)
  const member = fleet.discovery()
  await running(member)
  const gaps = new Map((await fleet.leases.list()).map(({ shardId, gap }) => [shardId, gap?.kind]))
  expect(gaps.get(sibling ?? '')).toBeUndefined() // its own age tells
  expect([...gaps.values()]).toContain('trimmed')
})

test('a shard that comes of one that nobody saw has lost what was before it, once the stream was followed for a day', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 1 })
  const { table, leases } = fleet
  await fleet.during(fleet.discovery().discovery.bootstrap())
  const [parent = ''] = table.shardIds()
  table.engine.splitShard('orders', parent)
  const [, seen = '', unseen = ''] = table.shardIds()
  const { reading } = table
  const hiding = {
    ...reading,
    children: async (arn: string, id: string) =>
      (await reading.children(arn, id)).filter(({ shardId }) => shardId !== unseen),
  }
  expect(await fleet.during((await fleet.finish(parent, { reading: hiding })).outcome)).toBe('finished')
  await table.clock.advance(40 * 3_600_000) // both have gone, and what came of them
  expect(table.shardIds()).not.toContain(unseen)
  await running(fleet.discovery())
  await table.clock.advance(1_000)
  const found = (await leases.list()).filter(({ shardId }) => shardId !== seen)
  expect(found.map(({ gap }) => gap?.kind)).toEqual(['trimmed', 'trimmed'])
})

test('what is left when a stream is started has lost nothing, also where it is listed late', async () => {
  fleet = await StreamFleet.create({ initialShardCount: 2 })
  const { table, leases } = fleet
  await table.clock.advance(40 * 3_600_000)
  const hiding = {
    ...table.reading,
    describe: async (arn: string) => {
      const listing = await table.reading.describe(arn)
      return listing && { ...listing, shards: listing.shards.filter((_, index) => index % 2 === 0) }
    },
  }
  await fleet.during(fleet.discovery({ reading: hiding }).discovery.bootstrap())
  await running(fleet.discovery())
  await table.clock.advance(1_000)
  const found = await leases.list()
  expect(found.map(({ parentShardId, gap }) => [parentShardId === undefined, gap])).toEqual([
    [false, undefined],
    [false, undefined],
  ])
})

test('run ends when the signal aborts', async () => {
  fleet = await StreamFleet.create()
  const member = fleet.discovery()
  const run = member.discovery.run()
  await fleet.table.clock.advance(5_000)
  member.stop()
  await run
})
