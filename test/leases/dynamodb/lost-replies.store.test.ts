import { describe, expect, test } from 'vitest'
import { emptyCheckpoint } from '../../../src/checkpoint/checkpoint.ts'
import type { HeldLease } from '../../../src/leases/lease.ts'
import { awsError, intercept, type Fault } from '../../support/intercept.ts'
import { localTables } from '../../support/local-table.ts'
import {
  acquired,
  checkpoint,
  delays,
  found,
  hasty,
  leaseTable,
  losesOneReply,
  shard,
  shardLease,
} from '../coordination-tables.ts'

const tables = localTables()
const gap = { kind: 'trimmed', foundAt: 1_767_225_600_000 } as const
const start = { streamLabel: shard.streamLabel, startAt: 'LATEST', complete: false } as const

type Leases = ReturnType<typeof leaseTable>

async function owned() {
  const tableName = await tables.create()
  const leases = leaseTable(tables.client, tableName)
  await leases.create(shard)
  const through = (fault: Fault, options: object = {}) =>
    leaseTable(intercept(tables.client, fault), tableName, options)
  return { leases, held: await acquired(leases, 'a'), through }
}

/** A clock whose first wait between two tries is long enough for `work`. */
function meanwhile(work: () => Promise<unknown>): object {
  let isDone = false
  const sleep = async () => {
    if (isDone) return
    isDone = true
    await work()
  }
  return { clock: { ...hasty, sleep } }
}

describe('a lost reply', () => {
  test.each([
    ['save', 'saved', (leases, held) => leases.save(held, checkpoint('5', 1), 1)],
    ['release', 'released', (leases, held) => leases.release(held, checkpoint('5', 1))],
    ['release without progress', 'released', (leases, held) => leases.release(held, undefined)],
    ['halt', 'saved', (leases, held) => leases.halt(held, gap, 1)],
    ['passGap', 'saved', (leases, held) => leases.passGap(held, checkpoint('5'), 1)],
    ['finish', 'finished', (leases, held) => leases.finish(held)],
    ['create', 'created', (leases) => leases.create({ ...shard, shardId: 'shardId-2' })],
    ['noteStart', expect.objectContaining(start), (leases) => leases.noteStart(start)],
  ] satisfies [string, unknown, (leases: Leases, held: HeldLease) => Promise<unknown>][])(
    'to %s: the answer is true, and the row what one write makes it',
    async (_name, answer, call) => {
      const faulty = await owned()
      expect(await call(faulty.through(losesOneReply()), faulty.held)).toEqual(answer)
      const plain = await owned()
      expect(await call(plain.leases, plain.held)).toEqual(answer)
      expect(await faulty.leases.list()).toEqual(await plain.leases.list())
      expect(await faulty.leases.starts()).toEqual(await plain.leases.starts())
      expect(await faulty.leases.finishedAt(shardLease)).toBe(await plain.leases.finishedAt(shardLease))
    },
  )

  test('to completeStart: complete', async () => {
    const { leases, through } = await owned()
    await leases.noteStart(start)
    await through(losesOneReply()).completeStart(start.streamLabel)
    expect(await leases.starts()).toMatchObject([{ ...start, complete: true }])
  })

  test('to acquire: ours, in the next epoch and no further', async () => {
    const { leases, through } = await owned()
    const lease = await through(losesOneReply()).acquire(await found(leases), 'b')
    expect(lease).toMatchObject({ owner: 'b', epoch: 2 })
    expect(await found(leases)).toEqual(lease)
  })

  test('to acquire, and another has taken it before the next try: not ours', async () => {
    const { leases, through } = await owned()
    const seen = await found(leases)
    const slow = through(
      losesOneReply(),
      meanwhile(() => acquired(leases, 'c')),
    )
    expect(await slow.acquire(seen, 'b')).toBeUndefined()
    expect(await found(leases)).toMatchObject({ owner: 'c', epoch: 3 })
  })

  test('to save, and another has taken the lease before the next try: lost, with the progress kept', async () => {
    const { leases, held, through } = await owned()
    const slow = through(
      losesOneReply(),
      meanwhile(() => acquired(leases, 'b')),
    )
    expect(await slow.save(held, checkpoint('5'), 1)).toBe('lost')
    expect(await found(leases)).toMatchObject({ owner: 'b', checkpoint: checkpoint('5') })
  })

  test('to release, and another has acquired it before the next try: not ours in any case', async () => {
    const { leases, held, through } = await owned()
    const slow = through(
      losesOneReply(),
      meanwhile(() => acquired(leases, 'b')),
    )
    expect(await slow.release(held, checkpoint('5'))).toBe('lost')
    expect(await found(leases)).toMatchObject({ owner: 'b', epoch: 2, checkpoint: checkpoint('5') })
  })

  test('to create, and the shard is finished before the next try: created, and not brought back', async () => {
    const tableName = await tables.create()
    const leases = leaseTable(tables.client, tableName)
    const client = intercept(tables.client, losesOneReply())
    const slow = leaseTable(
      client,
      tableName,
      meanwhile(async () => leases.finish(await acquired(leases, 'b'))),
    )
    expect(await slow.create(shard)).toBe('created')
    expect(await leases.list()).toEqual([])
  })

  test('to finish that was never heard of again: the next call says finished', async () => {
    const { leases, held, through } = await owned()
    let isApplied = false
    const deaf = through(async (_command, send) => {
      if (!isApplied) await send()
      isApplied = true
      throw awsError('ServiceUnavailable')
    })
    await expect(deaf.finish(held)).rejects.toMatchObject({ code: 'ERR_COORDINATION', retryable: true })
    expect(await leases.finish(held)).toBe('finished')
  })
})

describe('a request that arrives long after its sender gave it up', () => {
  test('a save does not go back behind a newer one', async () => {
    const { leases, held, through } = await owned()
    const { fault, deliver } = delays()
    await through(fault).save(held, checkpoint('5'), 1)
    await leases.save(held, checkpoint('9'), 2)
    await deliver()
    expect((await found(leases)).checkpoint).toEqual(checkpoint('9'))
  })

  test('a save changes nothing of a lease that was released', async () => {
    const { leases, held, through } = await owned()
    const { fault, deliver } = delays()
    await through(fault).save(held, checkpoint('5'), 1)
    await leases.release(held, checkpoint('9'))
    await deliver()
    expect(await found(leases)).toMatchObject({ owner: undefined, checkpoint: checkpoint('9') })
  })

  test.each([
    ['save', (leases, held) => leases.save(held, checkpoint('5'), 1)],
    ['halt', (leases, held) => leases.halt(held, gap, 1)],
    ['passGap', (leases, held) => leases.passGap(held, checkpoint('5'), 1)],
  ] satisfies [string, (leases: Leases, held: HeldLease) => Promise<unknown>][])(
    'a %s does not undo a gap passed since',
    async (_name, call) => {
      const { leases, held, through } = await owned()
      const { fault, deliver } = delays()
      await call(through(fault), held)
      await leases.passGap(held, emptyCheckpoint, 2)
      await leases.save(held, checkpoint('1000'), 3)
      await deliver()
      expect(await found(leases)).toMatchObject({ gap: undefined, checkpoint: checkpoint('1000') })
    },
  )

  test('an acquisition does not take the lease again from whoever has it now', async () => {
    const { leases, through } = await owned()
    const { fault, deliver } = delays()
    const lease = await through(fault).acquire(await found(leases), 'b')
    await leases.release({ id: shardLease, owner: 'b', epoch: lease?.epoch ?? 0 }, undefined)
    await deliver()
    expect(await found(leases)).toMatchObject({ owner: undefined, epoch: 2 })
    await acquired(leases, 'c')
    await deliver()
    expect(await found(leases)).toMatchObject({ owner: 'c', epoch: 3 })
  })

  test('a release does not free what its sender has acquired again', async () => {
    const { leases, held, through } = await owned()
    const { fault, deliver } = delays()
    await through(fault).release(held, checkpoint('5'))
    await acquired(leases, 'a')
    await deliver()
    expect(await found(leases)).toMatchObject({ owner: 'a', epoch: 2 })
  })

  test('a creation does not bring back a shard finished since', async () => {
    const tableName = await tables.create()
    const leases = leaseTable(tables.client, tableName)
    const { fault, deliver } = delays()
    expect(await leaseTable(intercept(tables.client, fault), tableName).create(shard)).toBe('created')
    await leases.finish(await acquired(leases, 'a'))
    await deliver()
    expect(await leases.list()).toEqual([])
    expect(await leases.create(shard)).toBe('finished')
  })

  test('a start noted does not become incomplete again', async () => {
    const { leases, through } = await owned()
    const { fault, deliver } = delays()
    await through(fault).noteStart(start)
    await leases.completeStart(start.streamLabel)
    await deliver()
    expect(await leases.starts()).toMatchObject([{ ...start, complete: true }])
  })
})

describe('a transaction in the way', () => {
  const conflict = Object.assign(awsError('TransactionCanceledException'), {
    CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
  })

  test.each([
    ['of a transaction of ours', conflict, (leases, held) => leases.finish(held), 'finished'],
    [
      'of a single write',
      awsError('TransactionConflictException'),
      (leases, held) => leases.save(held, checkpoint('5'), 1),
      'saved',
    ],
  ] satisfies [string, Error, (leases: Leases, held: HeldLease) => Promise<unknown>, string][])(
    'is waited out: a conflict %s',
    async (_what, error, call, answer) => {
      const { held, through } = await owned()
      let left = 2
      const leases = through((_command, send) => (left-- > 0 ? Promise.reject(error) : send()))
      expect(await call(leases, held)).toBe(answer)
    },
  )

  test('beside a condition that failed is no answer yet: it may hold once the other transaction is through', async () => {
    const { held, through } = await owned()
    const both = Object.assign(awsError('TransactionCanceledException'), {
      CancellationReasons: [{ Code: 'ConditionalCheckFailed' }, { Code: 'TransactionConflict' }],
    })
    let left = 1
    const leases = through((_command, send) => (left-- > 0 ? Promise.reject(both) : send()))
    expect(await leases.finish(held)).toBe('finished')
  })
})
