import { describe, expect, test } from 'vitest'
import type { Checkpoint } from '../../../src/checkpoint/checkpoint.ts'
import { exportKclLeases } from '../../../src/leases/kcl/dynamodb-export-kcl-leases.ts'
import { importKclLeases } from '../../../src/leases/kcl/dynamodb-import-kcl-leases.ts'
import { leaseIdOf, type StartPosition } from '../../../src/leases/lease.ts'
import { parseSequenceNumber } from '../../../src/record/sequence-number.ts'
import { intercept, lostReply } from '../../support/intercept.ts'
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
  streamIdentifier,
  streamLabel,
} from './kcl-table.ts'
import { fleetOf, hastyClock } from './world.ts'

const tables = localTables()
let count = 0

const numbered = (text: string) => parseSequenceNumber(text, 'test')
const at = (after: string): Checkpoint => ({ after: numbered(after), beyond: new Uint8Array() })
const nothing: Checkpoint = { beyond: new Uint8Array() }

async function world(...facts: KclRowFacts[]) {
  const kclTableName = `kcl-export-${(count += 1)}`
  await createKclTable(tables.client, kclTableName)
  await putRows(tables.client, kclTableName, [...facts.map(kclRow), ...otherEntities])
  const fleet = fleetOf(tables.client, await tables.create())
  const options = { dynamodb: tables.client, kclTableName, streamArn, fleet }
  return {
    fleet,
    kclTableName,
    run: (more: Partial<Parameters<typeof exportKclLeases>[0]> = {}) =>
      exportKclLeases({ ...options, clock: hastyClock(), ...more }),
    runImport: () => importKclLeases({ ...options, clock: hastyClock(), dryRun: false }),
    rows: () => rowsOf(tables.client, kclTableName),
    lease: (shardId: string, checkpoint: Checkpoint, parentShardId?: string, startAt: StartPosition = 'TRIM_HORIZON') =>
      fleet.transfers.createAt(
        { streamLabel, shardId, startAt, ...(parentShardId === undefined ? {} : { parentShardId }) },
        checkpoint,
      ),
    finish: (shardId: string) => fleet.transfers.createFinished({ streamLabel, shardId }),
  }
}

/** A finished shard with two children, one of them begun. */
async function halfway(...facts: KclRowFacts[]) {
  const here = await world(...facts)
  await here.finish(shard('aa'))
  await here.lease(shard('ba'), at('4200000000010000000001'), shard('aa'))
  await here.lease(shard('bb'), nothing, shard('aa'))
  return here
}

describe('into an empty table', () => {
  test('the rows are those that KCL writes itself', async () => {
    const { run, rows } = await halfway()
    expect(await run({ dryRun: false })).toMatchObject({ status: 'applied', writtenCount: 3, refusals: [] })
    expect(await rows()).toEqual({
      [shard('aa')]: kclRow({
        shardId: shard('aa'),
        checkpoint: 'SHARD_END',
        children: [shard('ba'), shard('bb')],
        counter: 0,
      }),
      [shard('ba')]: kclRow({
        shardId: shard('ba'),
        parent: shard('aa'),
        checkpoint: '4200000000010000000001',
        counter: 0,
      }),
      [shard('bb')]: kclRow({ shardId: shard('bb'), parent: shard('aa'), checkpoint: 'TRIM_HORIZON', counter: 0 }),
      Leader: otherEntities[0],
      'worker-1': otherEntities[1],
    })
  })

  test('also for an application of several streams', async () => {
    const { run, rows } = await halfway()
    await run({ dryRun: false, multiStream: true })
    const facts = { shardId: shard('bb'), parent: shard('aa'), checkpoint: 'TRIM_HORIZON', counter: 0, multi: true }
    expect((await rows())[`${streamIdentifier}:${shard('bb')}`]).toEqual(kclRow(facts))
  })

  test('a dry run changes nothing', async () => {
    const { run, rows } = await halfway()
    expect(await run()).toMatchObject({ status: 'planned', writtenCount: 0 })
    expect(Object.keys(await rows())).toEqual(expect.arrayContaining(['Leader', 'worker-1']))
    expect(Object.keys(await rows())).toHaveLength(2)
  })
})

describe('into rows that are there', () => {
  const unknown = { addedByKcl9: { M: { deep: { L: [{ BOOL: true }, { NS: ['1', '2'] }] } } } }

  test('a row is checkpointed and given up; what we do not know stays', async () => {
    const { run, rows } = await halfway(
      { shardId: shard('aa'), checkpoint: '17', owner: 'crashed' },
      {
        shardId: shard('ba'),
        parent: shard('aa'),
        checkpoint: 'TRIM_HORIZON',
        owner: 'crashed',
        counter: 7,
        extra: {
          ...unknown,
          checkpointOwner: { S: 'other' },
          ownerSwitchesSinceCheckpoint: { N: '3' },
          pendingCheckpoint: { S: '12' },
          pendingCheckpointSubSequenceNumber: { N: '0' },
          pendingCheckpointState: { B: Uint8Array.of(1, 2) },
        },
      },
    )
    await run({ dryRun: false })
    const throughput = { throughputKBps: { N: '12.345678' } }
    const { [shard('aa')]: aa, [shard('ba')]: ba } = await rows()
    expect(aa).toEqual(
      kclRow({
        shardId: shard('aa'),
        checkpoint: 'SHARD_END',
        children: [shard('ba'), shard('bb')],
        counter: 42,
        extra: throughput,
      }),
    )
    expect(ba).toEqual(
      kclRow({
        shardId: shard('ba'),
        parent: shard('aa'),
        checkpoint: '4200000000010000000001',
        counter: 8,
        extra: { ...unknown, ...throughput },
      }),
    )
  })

  test('a row never goes back: what KCL processed since is processed', async () => {
    const further = { shardId: shard('ba'), parent: shard('aa'), checkpoint: '4200000000010000000002' }
    const { run, rows } = await halfway(further)
    const { remarks } = await run({ dryRun: false })
    expect((await rows())[shard('ba')]).toEqual(kclRow(further))
    expect(remarks).toEqual([expect.stringContaining('KCL is further than this consumer')])
  })

  test('a shard before ours is finished, also where we have forgotten it; others stay as they are', async () => {
    const { run, rows } = await halfway(
      { shardId: shard('Aa'), checkpoint: '3' },
      { shardId: shard('aa'), parent: shard('Aa'), checkpoint: '4' },
      { shardId: shard('zz'), checkpoint: '5' },
    )
    await run({ dryRun: false })
    const all = await rows()
    expect(all[shard('Aa')]?.['checkpoint']).toEqual({ S: 'SHARD_END' })
    expect(all[shard('Aa')]?.['childShardIds']).toEqual({ SS: [shard('aa')] })
    expect(all[shard('zz')]).toEqual(kclRow({ shardId: shard('zz'), checkpoint: '5' }))
  })

  test('exporting again writes nothing', async () => {
    const { run, rows } = await halfway({ shardId: shard('aa'), checkpoint: '17', owner: 'crashed' })
    await run({ dryRun: false })
    const before = await rows()
    expect(await run({ dryRun: false })).toMatchObject({ status: 'applied', writtenCount: 0 })
    expect(await rows()).toEqual(before)
  })

  test('a lost reply is resolved by what the row says', async () => {
    const { run } = await halfway({ shardId: shard('aa'), checkpoint: '17', owner: 'crashed' })
    const sent = new Set<unknown>()
    // As the SDK does: it hears nothing and sends the same request again.
    const dynamodb = intercept(tables.client, async (command, send) => {
      if (command.name !== 'ScanCommand' && !sent.has(command.input)) {
        sent.add(command.input)
        await lostReply(command, send).catch(() => {})
      }
      return send()
    })
    expect(await run({ dryRun: false, dynamodb })).toMatchObject({ status: 'applied', writtenCount: 3 })
  })

  test('KCL that comes back during the export keeps its row, and that is said', async () => {
    const facts = { shardId: shard('aa'), checkpoint: '17', owner: 'back' }
    const { run, rows, kclTableName } = await halfway(facts)
    const renewed = kclRow({ ...facts, counter: 99 })
    const dynamodb = intercept(tables.client, async ({ name }, send) => {
      if (name === 'UpdateItemCommand') await putRows(tables.client, kclTableName, [renewed])
      return send()
    })
    const report = await run({ dryRun: false, dynamodb })
    expect(report.status).toBe('refused')
    expect(report.refusals).toEqual([expect.stringContaining(shard('aa'))])
    expect((await rows())[shard('aa')]).toEqual(renewed)
  })
})

test('what is settled beyond the frontier, and what started at LATEST, is repeated rather than skipped, and counted', async () => {
  const { run, lease } = await world()
  await lease(shard('ba'), { ...at('5'), beyond: Uint8Array.of(0b1110, 1), through: numbered('14') })
  await lease(shard('bb'), nothing, undefined, 'LATEST')
  const { lines, remarks } = await run()
  expect(lines.map(({ checkpoint, repeatCount }) => [checkpoint, repeatCount])).toEqual([
    ['5', 4],
    ['TRIM_HORIZON', 0],
  ])
  expect(remarks).toEqual([expect.stringContaining('4 records behind 5'), expect.stringContaining('started at LATEST')])
})

describe('is refused, and nothing is changed,', () => {
  test('while a worker of ours beats', async () => {
    const { run, rows, fleet } = await halfway()
    let beat = 0
    await fleet.members.join({ id: 'm', beat, changes: 0, leaving: false, host: 'box/1', joinedAt: 0 })
    const clock = hastyClock(async () => {
      await fleet.members.beat({ id: 'm', beat: (beat += 1), changes: 0, leaving: false })
    })
    const report = await run({ dryRun: false, clock })
    expect(report).toMatchObject({ status: 'refused', writtenCount: 0 })
    expect(report.refusals).toEqual([expect.stringContaining('worker m on box/1 is alive')])
    expect(Object.keys(await rows())).toHaveLength(2)
  })

  test('but not by the row of a worker that died', async () => {
    const { run, fleet } = await halfway()
    await fleet.members.join({ id: 'm', beat: 3, changes: 0, leaving: false, host: 'box/1', joinedAt: 0 })
    expect((await run({ dryRun: false })).status).toBe('applied')
  })

  test('when this consumer has nothing of the stream, or the table is of another layout', async () => {
    expect((await (await world()).run()).refusals).toEqual([expect.stringContaining('has no leases')])
    const { run } = await halfway({ shardId: shard('aa'), checkpoint: '5' })
    expect((await run({ multiStream: true })).refusals).toEqual([expect.stringContaining('one stream')])
  })

  test('when there is no such table', async () => {
    const { run } = await halfway()
    await expect(run({ kclTableName: 'nowhere' })).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })
})

test('there and back: KCL finds its rows as it left them, with what was done in between', async () => {
  const begun: KclRowFacts[] = [
    { shardId: shard('aa'), checkpoint: 'SHARD_END', children: [shard('ba'), shard('bb')] },
    { shardId: shard('ba'), parent: shard('aa'), checkpoint: '100' },
    { shardId: shard('bb'), parent: shard('aa'), checkpoint: 'TRIM_HORIZON' },
    { shardId: shard('ca'), parent: shard('ba'), checkpoint: 'TRIM_HORIZON', counter: 0 },
  ]
  const { run, runImport, rows, fleet } = await world(...begun)
  const before = await rows()
  await runImport()
  expect(await run({ dryRun: false })).toMatchObject({ status: 'applied', writtenCount: 0 })
  expect(await rows()).toEqual(before)

  const of = async (shardId: string) => {
    const lease = await fleet.leases.get(leaseIdOf({ streamLabel, shardId }))
    const held = lease === undefined ? undefined : await fleet.leases.acquire(lease, 'm')
    if (held === undefined) throw new Error(`no lease of ${shardId}`)
    return { id: held.id, owner: 'm', epoch: held.epoch }
  }
  await fleet.leases.release(await of(shard('bb')), at('222'))
  const ba = await of(shard('ba'))
  await fleet.leases.create({ streamLabel, shardId: shard('ca'), parentShardId: shard('ba'), startAt: 'TRIM_HORIZON' })
  await fleet.leases.finish(ba)
  await run({ dryRun: false })
  expect(await rows()).toEqual({
    ...before,
    [shard('ba')]: kclRow({
      shardId: shard('ba'),
      parent: shard('aa'),
      checkpoint: 'SHARD_END',
      children: [shard('ca')],
      counter: 42,
    }),
    [shard('bb')]: kclRow({ shardId: shard('bb'), parent: shard('aa'), checkpoint: '222', counter: 42 }),
  })
})
