import { expect, test } from 'vitest'
import { emptyCheckpoint } from '../../../src/checkpoint/checkpoint.ts'
import { systemRandom } from '../../../src/internal/system.ts'
import { DynamoDBLeaseRewinds } from '../../../src/leases/dynamodb/rewinds.ts'
import { leaseIdOf, type NewLease } from '../../../src/leases/lease.ts'
import { localTables } from '../../support/local-table.ts'
import { acquired, checkpoint, fleet, found, hasty, leaseTable, shard, shardLease } from '../coordination-tables.ts'

const tables = localTables()
const child: NewLease = { ...shard, shardId: 'shardId-2', parentShardId: shard.shardId }
const at = checkpoint('100')

/** A shard that was finished in epoch 1, and its child, which a worker has in epoch 1 and gives up when `isFree`. */
async function consumed({ isFree = true } = {}) {
  const tableName = await tables.create()
  const leases = leaseTable(tables.client, tableName)
  const rewinds = new DynamoDBLeaseRewinds({
    client: tables.client,
    tableName,
    fleet,
    clock: hasty,
    random: systemRandom,
  })
  await leases.create(shard)
  await leases.create(child)
  await leases.finish(await acquired(leases, 'a'))
  const seen = await leases.get(leaseIdOf(child))
  const lease = seen && (await leases.acquire(seen, 'a'))
  if (lease === undefined) throw new Error('not acquired')
  const held = { id: lease.id, owner: 'a', epoch: lease.epoch }
  if (isFree) await leases.release(held, undefined)
  const [finished] = await rewinds.finished()
  const [childSeen] = await leases.list()
  if (finished === undefined || childSeen === undefined) throw new Error('not there')
  const rewind = {
    rewound: [{ seen: { finished }, lease: shard, checkpoint: at }],
    takenBack: [{ lease: childSeen }],
  }
  return { leases, rewinds, held, rewind }
}

test('a finished shard has a lease again, at its place, and what is below it has none until it is finished again', async () => {
  const { leases, rewinds, rewind } = await consumed()
  expect(await rewinds.rewind(rewind)).toBe('rewound')
  expect(await rewinds.finished()).toEqual([])
  expect(await leases.list()).toMatchObject([{ id: shardLease, checkpoint: at, startAt: 'TRIM_HORIZON' }])
})

test('epochs go on rising, of a shard that was finished and of one whose lease was taken back', async () => {
  const { leases, rewinds, rewind } = await consumed()
  await rewinds.rewind(rewind)
  expect((await acquired(leases, 'b')).epoch).toBe(3)
  expect(await leases.create(child)).toBe('created')
  expect((await leases.get(leaseIdOf(child)))?.epoch).toBe(1)
})

test('what an owner from before sends late is refused', async () => {
  const { leases, rewinds, held, rewind } = await consumed()
  await rewinds.rewind(rewind)
  expect(await leases.save(held, checkpoint('900'), 9)).toBe('lost')
  expect(await leases.save({ ...held, id: shardLease }, checkpoint('900'), 9)).toBe('lost')
  expect((await found(leases)).checkpoint).toEqual(at)
})

test('a lease that somebody has taken since it was seen stands against all of it', async () => {
  const { leases, rewinds, rewind } = await consumed()
  const [seen] = await leases.list()
  if (seen !== undefined) await leases.acquire(seen, 'b')
  expect(await rewinds.rewind(rewind)).toBe('changed')
  expect(await leases.list()).toMatchObject([{ id: leaseIdOf(child), owner: 'b' }])
  expect(await leases.finishedAt(shardLease)).toBeDefined()
})

test('the lease of a dead owner goes back as well, and gets another epoch', async () => {
  const { leases, rewinds, held, rewind } = await consumed({ isFree: false })
  const [lease] = rewind.takenBack
  expect(lease?.lease.owner).toBe('a')
  const { rewound, takenBack } = {
    rewound: [{ seen: { lease: rewind.takenBack[0]?.lease ?? never() }, lease: child, checkpoint: emptyCheckpoint }],
    takenBack: [],
  }
  expect(await rewinds.rewind({ rewound, takenBack })).toBe('rewound')
  expect(await leases.get(held.id)).toMatchObject({
    owner: undefined,
    epoch: held.epoch + 1,
    checkpoint: emptyCheckpoint,
  })
})

test('more shards than a transaction takes go back', async () => {
  const { leases, rewinds } = await consumed()
  const ids = Array.from({ length: 120 }, (_, index) => `shardId-many-${index}`)
  for (const shardId of ids) await leases.create({ ...shard, shardId })
  const many = (await leases.list()).filter(({ shardId }) => ids.includes(shardId))
  const rewound = many.slice(0, 60).map((lease) => ({ seen: { lease }, lease, checkpoint: at }))
  expect(await rewinds.rewind({ rewound, takenBack: many.slice(60).map((lease) => ({ lease })) })).toBe('rewound')
  const left = (await leases.list()).filter(({ shardId }) => ids.includes(shardId))
  expect(left.length).toBe(60)
  expect(left.every(({ checkpoint: { after } }) => after?.endsWith('100'))).toBe(true)
})

function never(): never {
  throw new Error('there is one')
}
