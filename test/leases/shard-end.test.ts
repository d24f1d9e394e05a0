import { expect, test } from 'vitest'
import { CoordinationError } from '../../src/errors.ts'
import type { LeaseTable } from '../../src/leases/coordination.ts'
import { StreamFleet, watched } from './stream-fleet.ts'

async function started(streams: Parameters<typeof StreamFleet.create>[0] = {}): Promise<StreamFleet> {
  const fleet = await StreamFleet.create(streams)
  await fleet.during(fleet.discovery().discovery.bootstrap())
  return fleet
}

test('the children of a shard that ends get leases from their beginning, and it is finished', async () => {
  const fleet = await started()
  fleet.table.engine.splitShard('orders')
  const end = await fleet.finish(fleet.table.shardId())
  expect(await fleet.during(end.outcome)).toBe('finished')
  expect(await fleet.leased()).toEqual(['1', '2'])
  expect(await fleet.leases.list()).toMatchObject([
    { startAt: 'TRIM_HORIZON', parentShardId: fleet.table.shardId() },
    { startAt: 'TRIM_HORIZON' },
  ])
  expect(end.childlessCount()).toBe(0)
})

test('the children exist before the shard is finished', async () => {
  const fleet = await started()
  fleet.table.engine.splitShard('orders')
  const steps: string[] = []
  const { leases } = fleet
  const noting = {
    create: async (lease) => {
      steps.push('create')
      return await leases.create(lease)
    },
    finish: async (held) => {
      steps.push('finish')
      return await leases.finish(held)
    },
  } satisfies Partial<LeaseTable>
  const end = await fleet.finish(fleet.table.shardId(), { leases: noting as Partial<LeaseTable> as LeaseTable })
  await fleet.during(end.outcome)
  expect(steps).toEqual(['create', 'create', 'finish'])
})

test('an owner that died between the two is followed by one that ends the shard again', async () => {
  const fleet = await started()
  fleet.table.engine.splitShard('orders')
  const died = new Error('died')
  const dying = { create: fleet.leases.create.bind(fleet.leases), finish: () => Promise.reject(died) }
  const first = await fleet.finish(fleet.table.shardId(), { leases: dying as Partial<LeaseTable> as LeaseTable })
  await expect(fleet.during(first.outcome)).rejects.toBe(died)
  expect(await fleet.leased()).toEqual(['0', '1', '2'])
  const second = await fleet.finish(fleet.table.shardId())
  expect(await fleet.during(second.outcome)).toBe('finished')
  expect(await fleet.leased()).toEqual(['1', '2'])
})

test('an owner that lost the lease is told, and finishes nothing', async () => {
  const fleet = await started()
  fleet.table.engine.splitShard('orders')
  const end = await fleet.finish(fleet.table.shardId(), { held: { id: 'label#shard', owner: 'nobody', epoch: 1 } })
  expect(await fleet.during(end.outcome)).toBe('lost')
  expect(await fleet.leased()).toContain('0')
})

test('children that are listed late are waited for', async () => {
  const fleet = await started()
  fleet.table.engine.configureStreams({ listingLagMs: 20_000 })
  fleet.table.engine.rollShards('orders')
  const end = await fleet.finish(fleet.table.shardId())
  expect(await fleet.during(end.outcome)).toBe('finished')
  expect(await fleet.leased()).toEqual(['1'])
})

test('without children a shard of an enabled stream is not finished', async () => {
  const fleet = await started()
  const end = await fleet.finish(fleet.table.shardId())
  await fleet.table.clock.advance(600_000)
  end.stop()
  expect(await fleet.during(end.outcome)).toBe('stopped')
  expect(await fleet.leased()).toEqual(['0'])
})

test('without children a shard of a disabled stream is finished, and that is said', async () => {
  const fleet = await started()
  await fleet.table.setStream(false)
  const end = await fleet.finish(fleet.table.shardId())
  expect(await fleet.during(end.outcome)).toBe('finished')
  expect(await fleet.leased()).toEqual([])
  expect(end.childlessCount()).toBe(1)
})

test('a stream that is being disabled may still have children to list', async () => {
  const fleet = await started()
  fleet.table.engine.configureStreams({ listingLagMs: 20_000 })
  fleet.table.engine.splitShard('orders')
  await fleet.table.setStream(false)
  const end = await fleet.finish(fleet.table.shardId())
  expect(await fleet.during(end.outcome)).toBe('finished')
  expect((await fleet.leased()).length).toBeGreaterThan(0)
})

test('a shard that is no longer listed is finished without children', async () => {
  const fleet = await started({ retentionMs: 1_000, trimmedShardLingerMs: 1_000 })
  const [shardId = ''] = fleet.table.shardIds()
  fleet.table.engine.rollShards('orders')
  fleet.table.engine.rollShards('orders')
  await fleet.table.clock.advance(10_000)
  expect(fleet.table.shardIds()).not.toContain(shardId)
  const end = await fleet.finish(shardId)
  expect(await fleet.during(end.outcome)).toBe('finished')
  expect(end.childlessCount()).toBe(1)
})

test('what passes is waited out and told; what does not is thrown', async () => {
  const fleet = await started()
  fleet.table.engine.rollShards('orders')
  const reading = watched(fleet.table.reading)
  reading.failure = Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
  const end = await fleet.finish(fleet.table.shardId(), { reading })
  await fleet.table.clock.advance(1_000)
  expect(end.trouble).toContain(reading.failure)
  reading.failure = undefined
  expect(await fleet.during(end.outcome)).toBe('finished')
  const broken = new CoordinationError('no permission', { retryable: false })
  const failing = { create: () => Promise.reject(broken) } as Partial<LeaseTable> as LeaseTable
  fleet.table.engine.rollShards('orders')
  const second = await fleet.finish(fleet.table.shardId(1), { leases: failing })
  await expect(fleet.during(second.outcome)).rejects.toBe(broken)
})
