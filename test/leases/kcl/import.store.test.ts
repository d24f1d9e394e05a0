import { describe, expect, test } from 'vitest'
import { importKclLeases } from '../../../src/leases/kcl/dynamodb-import-kcl-leases.ts'
import { localTables } from '../../support/local-table.ts'
import {
  createKclTable,
  kclRow,
  type KclRowFacts,
  otherEntities,
  putRows,
  rowsOf,
  shard,
  streamArn,
  streamLabel,
} from './kcl-table.ts'
import { fleetOf, hastyClock } from './world.ts'

const tables = localTables()
let count = 0

async function world(...facts: KclRowFacts[]) {
  const kclTableName = `kcl-import-${(count += 1)}`
  await createKclTable(tables.client, kclTableName)
  await putRows(tables.client, kclTableName, [...facts.map(kclRow), ...otherEntities])
  const ourTable = await tables.create()
  const fleet = fleetOf(tables.client, ourTable)
  const run = (more: Partial<Parameters<typeof importKclLeases>[0]> = {}) =>
    importKclLeases({ dynamodb: tables.client, kclTableName, streamArn, fleet, clock: hastyClock(), ...more })
  return { kclTableName, ourTable, fleet, run }
}

/**
 * A fleet that was stopped in the middle: `aa` is finished and its children are `ba`, at work, and `bb`, not begun; below
 * `ba` the syncer has made a row already. KCL evicted the owners when it stopped, save of one worker that crashed.
 */
const stopped = (multi = false): KclRowFacts[] => [
  { shardId: shard('aa'), checkpoint: 'SHARD_END', children: [shard('ba'), shard('bb')], multi },
  { shardId: shard('ba'), parent: shard('aa'), checkpoint: '4200000000010000000001', owner: 'crashed-worker', multi },
  { shardId: shard('bb'), parent: shard('aa'), checkpoint: 'TRIM_HORIZON', multi },
  { shardId: shard('ca'), parent: shard('ba'), checkpoint: 'TRIM_HORIZON', counter: 0, multi },
  { shardId: shard('zz'), checkpoint: 'LATEST', counter: 0, multi },
]

describe.each([
  ['one stream', false],
  ['several streams', true],
])('from a table of %s', (_name, multi) => {
  test('each shard goes on where KCL was, and none before its parent is finished', async () => {
    const { fleet, run } = await world(...stopped(multi))
    const report = await run({ dryRun: false })
    expect(report).toMatchObject({ status: 'applied', refusals: [], writtenCount: 4 })
    const leases = await fleet.leases.list()
    expect(
      leases.map(({ shardId, parentShardId, startAt, checkpoint, owner, epoch }) => ({
        shardId,
        parentShardId,
        startAt,
        after: checkpoint.after,
        owner,
        epoch,
      })),
    ).toEqual([
      {
        shardId: shard('ba'),
        parentShardId: shard('aa'),
        startAt: 'TRIM_HORIZON',
        after: '4200000000010000000001',
        owner: undefined,
        epoch: 0,
      },
      {
        shardId: shard('bb'),
        parentShardId: shard('aa'),
        startAt: 'TRIM_HORIZON',
        after: undefined,
        owner: undefined,
        epoch: 0,
      },
      {
        shardId: shard('zz'),
        parentShardId: undefined,
        startAt: 'LATEST',
        after: undefined,
        owner: undefined,
        epoch: 0,
      },
    ])
    expect(await fleet.transfers.finished()).toEqual([{ streamLabel, shardId: shard('aa') }])
    expect(await fleet.leases.finishedAt(`${streamLabel}#${shard('aa')}`)).toBeDefined()
    expect(await fleet.leases.starts()).toMatchObject([{ streamLabel, startAt: 'TRIM_HORIZON', complete: true }])
  })
})

test('a dry run tells the plan and changes nothing, on neither side', async () => {
  const { fleet, run, kclTableName } = await world(...stopped())
  const before = await rowsOf(tables.client, kclTableName)
  const { status, lines, writtenCount } = await run()
  expect({ status, writtenCount }).toEqual({ status: 'planned', writtenCount: 0 })
  expect(lines.map(({ shardId, action }) => [shardId, action])).toEqual([
    [shard('aa'), 'finish'],
    [shard('ba'), 'create'],
    [shard('bb'), 'create'],
    [shard('ca'), 'wait'],
    [shard('zz'), 'create'],
  ])
  expect(await fleet.leases.list()).toEqual([])
  expect(await fleet.leases.starts()).toEqual([])
  expect(await rowsOf(tables.client, kclTableName)).toEqual(before)
})

test('rows of another stream, and what is no lease, are left out', async () => {
  const { kclTableName, fleet, run } = await world({ shardId: shard('aa'), checkpoint: '7', multi: true })
  const foreign = kclRow({ shardId: shard('xx'), checkpoint: '8', multi: true })
  const streamName = { S: '123456789012:eu-central-1$123456789012$invoices$2026-01-01T00_00_00.000:1' }
  await putRows(tables.client, kclTableName, [
    { ...foreign, leaseKey: { S: `${streamName.S}:${shard('xx')}` }, streamName },
  ])
  await run({ dryRun: false })
  expect((await fleet.leases.list()).map(({ shardId }) => shardId)).toEqual([shard('aa')])
})

test('an import that broke off is completed by the next', async () => {
  const { fleet, run } = await world(...stopped())
  await fleet.transfers.createFinished({ streamLabel, shardId: shard('aa') })
  await fleet.leases.create({ streamLabel, shardId: shard('bb'), startAt: 'TRIM_HORIZON', parentShardId: shard('aa') })
  expect(await run({ dryRun: false })).toMatchObject({ status: 'applied', writtenCount: 2 })
  expect(await run({ dryRun: false })).toMatchObject({ status: 'applied', writtenCount: 0 })
})

describe('is refused, and nothing is changed,', () => {
  const refused = async ({ fleet, run }: Awaited<ReturnType<typeof world>>, more = {}) => {
    const before = await fleet.leases.list()
    const report = await run({ dryRun: false, ...more })
    expect(report).toMatchObject({ status: 'refused', writtenCount: 0 })
    expect(await fleet.leases.list()).toEqual(before)
    expect(await fleet.leases.starts()).toEqual([])
    return report.refusals.join('\n')
  }

  test('while a KCL worker raises a counter', async () => {
    const facts = { shardId: shard('ba'), checkpoint: '5', owner: 'worker-7' }
    const here = await world(facts)
    let counter = 41
    const clock = hastyClock(() =>
      putRows(tables.client, here.kclTableName, [kclRow({ ...facts, counter: (counter += 1) })]),
    )
    expect(await refused(here, { clock })).toContain("KCL worker 'worker-7' is alive")
  })

  test('while a lease is handed over: the old owner still works', async () => {
    const facts = {
      shardId: shard('ba'),
      checkpoint: '5',
      owner: 'next',
      extra: { checkpointOwner: { S: 'previous' } },
    }
    const here = await world(facts)
    let counter = 41
    const clock = hastyClock(() =>
      putRows(tables.client, here.kclTableName, [kclRow({ ...facts, counter: (counter += 1) })]),
    )
    expect(await refused(here, { clock })).toContain("KCL worker 'previous' is alive")
  })

  test('also when the worker shows itself only at the end of the time', async () => {
    const facts = { shardId: shard('ba'), checkpoint: '5', owner: 'slow' }
    const here = await world(facts)
    let sleeps = 0
    const clock = hastyClock(async () => {
      sleeps += 1
      if (clock.monotonic() >= 15_000)
        await putRows(tables.client, here.kclTableName, [kclRow({ ...facts, counter: 42 })])
    })
    expect(await refused(here, { clock })).toContain("KCL worker 'slow' is alive")
    expect(sleeps).toBeGreaterThan(1)
  })

  test('while a worker of our own beats', async () => {
    const here = await world(...stopped())
    let beat = 0
    await here.fleet.members.join({ id: 'm', beat, changes: 0, leaving: false, host: 'box/1', joinedAt: 0 })
    const clock = hastyClock(async () => {
      await here.fleet.members.beat({ id: 'm', beat: (beat += 1), changes: 0, leaving: false })
    })
    expect(await refused(here, { clock })).toContain('worker m on box/1 is alive')
  })

  test('when this consumer went on by itself since', async () => {
    const here = await world(...stopped())
    await here.run({ dryRun: false, observeMs: 10 })
    const lease = (await here.fleet.leases.list()).find(({ shardId }) => shardId === shard('bb'))
    if (lease === undefined) throw new Error('no lease')
    const held = await here.fleet.leases.acquire(lease, 'm')
    if (held === undefined) throw new Error('not acquired')
    await here.fleet.leases.finish({ id: lease.id, owner: 'm', epoch: held.epoch })
    const report = await here.run({ dryRun: false })
    expect(report).toMatchObject({ status: 'refused', writtenCount: 0 })
    expect(report.refusals.join()).toContain('differ from KCL')
  })

  test('when a shard was begun before its parent was finished', async () => {
    const here = await world(
      { shardId: shard('aa'), checkpoint: '5' },
      { shardId: shard('ba'), parent: shard('aa'), checkpoint: 'TRIM_HORIZON' },
      { shardId: shard('ca'), parent: shard('ba'), checkpoint: '9' },
    )
    expect(await refused(here)).toContain("their order can't be kept")
  })

  test.each([
    ['AT_TIMESTAMP', {}, "checkpoint is 'AT_TIMESTAMP'"],
    ['5', { checkpointSubSequenceNumber: { N: '3' } }, 'sub-sequence'],
  ])('when a row says %s %j', async (checkpoint, extra, complaint) => {
    expect(await refused(await world({ shardId: shard('aa'), checkpoint, extra }))).toContain(complaint)
  })

  test('when the leases are of another stream', async () => {
    const here = await world({ shardId: shard('aa'), checkpoint: '5' })
    const listing = { status: 'ENABLED', shards: [{ shardId: shard('qq'), parentShardId: undefined, closed: false }] }
    expect(await refused(here, { listing })).toContain('none of the shards')
    expect(await refused(await world())).toContain('has no leases of the stream')
  })
})

test('the listing tells of parents that no row names', async () => {
  const { fleet, run } = await world(
    { shardId: shard('aa'), checkpoint: '5' },
    { shardId: shard('ca'), parent: shard('ba'), checkpoint: 'TRIM_HORIZON' },
  )
  const listing = {
    status: 'ENABLED' as const,
    shards: [
      { shardId: shard('aa'), parentShardId: undefined, closed: true },
      { shardId: shard('ba'), parentShardId: shard('aa'), closed: true },
      { shardId: shard('ca'), parentShardId: shard('ba'), closed: false },
    ],
  }
  await run({ dryRun: false, listing })
  expect((await fleet.leases.list()).map(({ shardId }) => shardId)).toEqual([shard('aa')])
})

test('what is repeated, skipped or lost is told', async () => {
  const { run } = await world(
    {
      shardId: shard('aa'),
      checkpoint: '5',
      extra: { pendingCheckpoint: { S: '9' }, pendingCheckpointState: { B: Uint8Array.of(1) } },
    },
    { shardId: shard('ba'), checkpoint: 'LATEST' },
    { shardId: shard('ca'), parent: shard('aa'), checkpoint: 'LATEST' },
  )
  const shards = [{ shardId: shard('ba'), parentShardId: undefined, closed: false }]
  const { remarks } = await run({ listing: { status: 'ENABLED', shards } })
  expect(remarks).toEqual([
    expect.stringContaining('prepared checkpoint 9'),
    expect.stringContaining(`${shard('aa')} is no longer in the stream`),
    expect.stringContaining(`${shard('ba')} starts at LATEST`),
    expect.stringContaining(`${shard('ca')} will be consumed from its beginning`),
  ])
})
