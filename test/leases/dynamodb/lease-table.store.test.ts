import { GetItemCommand, PutItemCommand, ScanCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { emptyCheckpoint } from '../../../src/checkpoint/checkpoint.ts'
import { leaseCondition } from '../../../src/leases/dynamodb/held.ts'
import { parseSequenceNumber } from '../../../src/record/sequence-number.ts'
import { meter } from '../../../src/testing/capacity-meter.ts'
import { intercept } from '../../support/intercept.ts'
import { localTables } from '../../support/local-table.ts'
import { acquired, checkpoint, fleet, found, hasty, leaseTable, shard, shardLease } from '../coordination-tables.ts'

const tables = localTables()
const gap = { kind: 'trimmed', after: parseSequenceNumber('100', 'test'), foundAt: 1_767_225_600_000 } as const

async function withLease() {
  const tableName = await tables.create()
  const leases = leaseTable(tables.client, tableName)
  await leases.create(shard)
  return { tableName, leases }
}

describe('creating', () => {
  test('a new lease is free, at the start of its shard', async () => {
    const { leases } = await withLease()
    const lease = {
      ...shard,
      id: shardLease,
      createdAt: hasty.now(),
      readAt: undefined,
      epoch: 0,
      owner: undefined,
      checkpoint: emptyCheckpoint,
      gap: undefined,
    }
    expect(await leases.get(shardLease)).toEqual(lease)
    expect(await leases.list()).toEqual([lease])
  })

  test('a child says who its parent was', async () => {
    const { leases } = await withLease()
    const child = { ...shard, shardId: 'shardId-2', parentShardId: 'shardId-1' }
    await leases.create(child)
    expect(await leases.list()).toMatchObject([shard, child])
  })

  test('of one shard by many at once succeeds for one', async () => {
    const leases = leaseTable(tables.client, await tables.create())
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => leases.create(shard)))
    expect(outcomes.toSorted()).toEqual(['created', 'exists', 'exists', 'exists', 'exists'])
  })

  test('again leaves the lease as it is', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    await leases.save(held, checkpoint('7'), 1)
    expect(await leases.create(shard)).toBe('exists')
    expect(await leases.get(shardLease)).toMatchObject({ owner: 'a', epoch: 1, checkpoint: checkpoint('7') })
  })

  test('never brings back a finished shard', async () => {
    const { leases } = await withLease()
    expect(await leases.finishedAt(shardLease)).toBeUndefined()
    expect(await leases.finish(await acquired(leases, 'a'))).toBe('finished')
    expect(await leases.create(shard)).toBe('finished')
    expect(await leases.list()).toEqual([])
    expect(await leases.finishedAt(shardLease)).toBeDefined()
  })

  test('while it is being finished does not either', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    const [finished, created] = await Promise.all([leases.finish(held), leases.create(shard)])
    expect(finished).toBe('finished')
    expect(['exists', 'finished']).toContain(created)
    expect(await leases.list()).toEqual([])
  })
})

describe('acquiring', () => {
  test('raises the epoch and gives the progress of whoever had it before', async () => {
    const { leases } = await withLease()
    const first = await acquired(leases, 'a')
    await leases.save(first, checkpoint('7', 0b101), 1)
    const taken = await leases.acquire(await found(leases), 'b')
    expect(taken).toMatchObject({ owner: 'b', epoch: 2, checkpoint: checkpoint('7', 0b101) })
    expect(await leases.get(shardLease)).toEqual(taken)
  })

  test('from an owner that had died says when, for as long as nobody dies again', async () => {
    const { tableName } = await withLease()
    let now = 1_000
    const leases = leaseTable(tables.client, tableName, { clock: { ...hasty, now: () => now } })
    const first = await acquired(leases, 'a')
    expect(await found(leases)).not.toHaveProperty('takenOverAt')
    await leases.save(first, checkpoint('7'), 1)
    const heir = await acquired(leases, 'b')
    expect(await found(leases)).toMatchObject({ takenOverAt: 1_000 })
    now = 2_000
    await leases.release(heir, checkpoint('8'))
    await leases.release(await acquired(leases, 'c'), undefined)
    expect(await found(leases)).toMatchObject({ takenOverAt: 1_000, epoch: 3 })
    await acquired(leases, 'd')
    await acquired(leases, 'e')
    expect(await found(leases)).toMatchObject({ takenOverAt: 2_000 })
  })

  test('by two at once succeeds for one', async () => {
    const { leases } = await withLease()
    const seen = await found(leases)
    const outcomes = await Promise.all(['a', 'b', 'c'].map((owner) => leases.acquire(seen, owner)))
    const winners = outcomes.filter((lease) => lease !== undefined)
    expect(winners).toHaveLength(1)
    expect(await leases.get(shardLease)).toEqual(winners[0])
  })

  test.each([
    ['acquired', async () => {}],
    ['acquired and released', async (leases, held) => void (await leases.release(held, undefined))],
    ['finished', async (leases, held) => void (await leases.finish(held))],
  ] satisfies [
    string,
    (leases: ReturnType<typeof leaseTable>, held: Awaited<ReturnType<typeof acquired>>) => Promise<void>,
  ][])('what was %s since it was seen is refused', async (_what, meanwhile) => {
    const { leases } = await withLease()
    const seen = await found(leases)
    await meanwhile(leases, await acquired(leases, 'a'))
    expect(await leases.acquire(seen, 'b')).toBeUndefined()
  })

  test('an orphan that its owner has just given back is not taken as it was seen', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    const seen = await found(leases)
    await leases.release(held, checkpoint('9'))
    expect(await leases.acquire(seen, 'b')).toBeUndefined()
  })
})

describe('progress', () => {
  test.each([
    ['nothing settled', emptyCheckpoint],
    ['a frontier', checkpoint('300000000000000499659')],
    ['a number that is padded already', checkpoint('0000000000000000000000000000000000000042')],
    ['a number that looks padded', checkpoint('00042')],
    ['records beyond it', { ...checkpoint('7', 0b101, 0xff), through: parseSequenceNumber('00099', 'test') }],
    ['records beyond the start of the shard', { beyond: Uint8Array.of(2), through: parseSequenceNumber('8', 'test') }],
  ])('comes out as it went in: %s', async (_what, progress) => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    await leases.save(held, { ...checkpoint('1', 1), through: parseSequenceNumber('2', 'test') }, 1)
    expect(await leases.save(held, progress, 2)).toBe('saved')
    expect((await found(leases)).checkpoint).toEqual(progress)
    expect((await leases.acquire(await found(leases), 'b'))?.checkpoint).toEqual(progress)
  })

  test('is kept under a number of 40 digits, which a condition can compare', async () => {
    const { tableName, leases } = await withLease()
    await leases.save(await acquired(leases, 'a'), checkpoint('42'), 1)
    const key = { pk: { S: 'leases#receipts#orders' }, sk: { S: `lease#${shardLease}` } }
    const { Item } = await tables.client.send(new GetItemCommand({ TableName: tableName, Key: key }))
    expect(Item).toMatchObject({ after: { S: '42'.padStart(40, '0') }, afterText: { S: '42' } })
    expect(Item).not.toHaveProperty('expiresAt')
  })

  test('that is saved when newer progress is there does not go back', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    await leases.save(held, checkpoint('9'), 2)
    expect(await leases.save(held, checkpoint('5'), 1)).toBe('saved')
    expect((await found(leases)).checkpoint).toEqual(checkpoint('9'))
  })

  test.each([0, 1])('revisions begin anew with every owner, at %i or where it likes', async (first) => {
    const { leases } = await withLease()
    await leases.save(await acquired(leases, 'a'), checkpoint('5'), 17)
    expect(await leases.save(await acquired(leases, 'b'), checkpoint('6'), first)).toBe('saved')
    expect((await found(leases)).checkpoint).toEqual(checkpoint('6'))
  })

  test('is saved with the release, in one write', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    expect(await leases.release(held, checkpoint('5'))).toBe('released')
    expect(await found(leases)).toMatchObject({ owner: undefined, epoch: 1, checkpoint: checkpoint('5') })
  })

  test('stays when a release brings none', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'a')
    await leases.save(held, checkpoint('5', 1), 1)
    await leases.release(held, undefined)
    expect((await found(leases)).checkpoint).toEqual(checkpoint('5', 1))
  })
})

describe('a gap', () => {
  test('stands until it is passed, whoever has the lease', async () => {
    const { leases } = await withLease()
    expect(await leases.halt(await acquired(leases, 'a'), gap, 1)).toBe('saved')
    expect((await found(leases)).gap).toEqual(gap)
    const held = await acquired(leases, 'b')
    expect((await found(leases)).gap).toEqual(gap)
    expect(await leases.passGap(held, emptyCheckpoint, 2)).toBe('saved')
    expect(await found(leases)).toMatchObject({ gap: undefined, checkpoint: emptyCheckpoint })
  })

  test('before which nothing was settled is one too', async () => {
    const { leases } = await withLease()
    const missing = { kind: 'missing', foundAt: 1 } as const
    await leases.halt(await acquired(leases, 'a'), missing, 1)
    expect((await found(leases)).gap).toEqual(missing)
  })
})

describe('a zombie', () => {
  test('can write nothing after its lease was taken over, and is told so', async () => {
    const { leases } = await withLease()
    const zombie = await acquired(leases, 'a')
    // The new owner counts its own revisions: that it is further must not look like the zombie's own progress.
    await leases.save(await acquired(leases, 'b'), checkpoint('8'), 100)
    const before = await found(leases)
    expect(await leases.save(zombie, checkpoint('9'), 99)).toBe('lost')
    expect(await leases.save(zombie, checkpoint('9'), 101)).toBe('lost')
    expect(await leases.halt(zombie, gap, 99)).toBe('lost')
    expect(await leases.passGap(zombie, checkpoint('9'), 99)).toBe('lost')
    expect(await leases.release(zombie, checkpoint('9'))).toBe('lost')
    expect(await leases.finish(zombie)).toBe('lost')
    expect(await found(leases)).toEqual(before)
  })

  test('is not its own later self: the same owner in another epoch', async () => {
    const { leases } = await withLease()
    const seen = await found(leases)
    const earlier = await acquired(leases, 'a')
    await leases.release(earlier, undefined)
    await leases.save(await acquired(leases, 'a'), checkpoint('8'), 100)
    const before = await found(leases)
    expect(await leases.acquire(seen, 'a')).toBeUndefined()
    expect(await leases.save(earlier, checkpoint('9'), 99)).toBe('lost')
    expect(await leases.release(earlier, checkpoint('9'))).toBe('lost')
    expect(await leases.finish(earlier)).toBe('lost')
    expect(await found(leases)).toEqual(before)
  })

  test('whose successor has given the lease back has not released it itself', async () => {
    const { leases } = await withLease()
    const zombie = await acquired(leases, 'a')
    await leases.release(await acquired(leases, 'b'), checkpoint('8'))
    expect(await leases.release(zombie, checkpoint('9'))).toBe('lost')
    expect((await found(leases)).checkpoint).toEqual(checkpoint('8'))
  })

  test('that guesses the epoch still is another owner', async () => {
    const { leases } = await withLease()
    const held = await acquired(leases, 'b')
    for (const owner of ['a', 'c']) {
      const other = { ...held, owner }
      expect(await leases.save(other, checkpoint('9'), 1)).toBe('lost')
      expect(await leases.release(other, undefined)).toBe('lost')
      expect(await leases.finish(other)).toBe('lost')
    }
    expect(await found(leases)).toMatchObject({ owner: 'b', epoch: 1, checkpoint: emptyCheckpoint })
  })

  test('of a shard that another has finished can write nothing', async () => {
    const { tableName, leases } = await withLease()
    const zombie = await acquired(leases, 'a')
    await leases.finish(await acquired(leases, 'b'))
    expect(await leases.save(zombie, checkpoint('9'), 99)).toBe('lost')
    expect(await leases.halt(zombie, gap, 99)).toBe('lost')
    expect(await leases.release(zombie, checkpoint('9'))).toBe('lost')
    expect(await leases.finish(zombie)).toBe('lost')
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tableName }))
    expect(Items).toMatchObject([{ sk: { S: `done#${shardLease}` }, owner: { S: 'b' }, epoch: { N: '2' } }])
  })

  test("can't commit a transaction that checks the lease; its holder can", async () => {
    const { tableName, leases } = await withLease()
    const transact = (held: Parameters<typeof leaseCondition>[2]) => {
      const effect = { pk: { S: 'effect' }, sk: { S: held.owner } }
      return tables.client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { ConditionCheck: leaseCondition(tableName, fleet, held) },
            { Put: { TableName: tableName, Item: effect } },
          ],
        }),
      )
    }
    const zombie = await acquired(leases, 'a')
    await transact(zombie)
    const held = await acquired(leases, 'b')
    await expect(transact(zombie)).rejects.toThrow(/ConditionalCheckFailed/)
    await transact(held)
    await leases.finish(held)
    await expect(transact(held)).rejects.toThrow(/ConditionalCheckFailed/)
  })
})

describe('finishing', () => {
  test('leaves a row that says who, when and for how long', async () => {
    const { tableName, leases } = await withLease()
    await leases.finish(await acquired(leases, 'a'))
    const { Items } = await tables.client.send(new ScanCommand({ TableName: tableName }))
    expect(Items).toEqual([
      {
        pk: { S: 'leases#receipts#orders' },
        sk: { S: `done#${shardLease}` },
        finishedAt: { N: String(hasty.now()) },
        epoch: { N: '1' },
        owner: { S: 'a' },
        expiresAt: { N: String(hasty.now() / 1_000 + 7 * 86_400) },
      },
    ])
  })
})

describe('starts', () => {
  const start = { streamLabel: '2026-01-01T00:00:00.000', startAt: 'LATEST', complete: false } as const

  test('are noted once: whoever is second hears what was first', async () => {
    const leases = leaseTable(tables.client, await tables.create())
    expect(await leases.noteStart(start)).toMatchObject(start)
    expect(await leases.noteStart({ ...start, startAt: 'TRIM_HORIZON' })).toMatchObject(start)
    await leases.completeStart(start.streamLabel)
    expect(await leases.noteStart(start)).toMatchObject({ ...start, complete: true })
  })

  test('that are complete let nothing begin at LATEST any more', async () => {
    const leases = leaseTable(tables.client, await tables.create())
    const atLatest = { ...shard, streamLabel: start.streamLabel, startAt: 'LATEST' } as const
    await leases.noteStart(start)
    expect(await leases.create(atLatest)).toBe('created')
    await leases.completeStart(start.streamLabel)
    expect(await leases.create(atLatest)).toBe('exists')
    expect(await leases.create({ ...atLatest, shardId: 'shardId-2' })).toBe('begun')
    expect(await leases.create({ ...atLatest, shardId: 'shardId-2', startAt: 'TRIM_HORIZON' })).toBe('created')
  })

  test('are told in the order of their streams, and are no leases', async () => {
    const leases = leaseTable(tables.client, await tables.create())
    const later = { streamLabel: '2026-02-01T00:00:00.000', startAt: 'TRIM_HORIZON', complete: false } as const
    await leases.noteStart(later)
    await leases.noteStart(start)
    expect(await leases.starts()).toMatchObject([start, later])
    expect(await leases.list()).toEqual([])
  })

  test('that were never noted are not made by completing them', async () => {
    const leases = leaseTable(tables.client, await tables.create())
    await expect(leases.completeStart(start.streamLabel)).rejects.toThrow(/before it was noted/)
    expect(await leases.starts()).toEqual([])
  })
})

describe('reading', () => {
  test('is strongly consistent, all of it', async () => {
    const { tableName } = await withLease()
    const asked: unknown[] = []
    const client = intercept(tables.client, ({ name, input }, send) => {
      if (/^(Get|Query)/.test(name)) asked.push(input['ConsistentRead'])
      return send()
    })
    const leases = leaseTable(client, tableName)
    await leases.list()
    await leases.get(shardLease)
    await leases.starts()
    await leases.finishedAt(shardLease)
    expect(asked).toEqual([true, true, true, true])
  })

  test('a list of more than 1 MB is complete', async () => {
    const { tableName, leases } = await withLease()
    const [Template] = (await tables.client.send(new ScanCommand({ TableName: tableName }))).Items ?? []
    const count = 12
    for (let n = 0; n < count; n += 1) {
      const Item = { ...Template, pk: { S: 'leases#receipts#orders' }, sk: { S: `lease#label#shard-${n}` } }
      const beyond = { B: new Uint8Array(100_000).fill(n) }
      await tables.client.send(new PutItemCommand({ TableName: tableName, Item: { ...Item, beyond } }))
    }
    const measured = meter(tables.client)
    expect(await leaseTable(measured.client, tableName).list()).toHaveLength(count + 1)
    expect(measured.usage().requests).toBeGreaterThan(1)
    await leases.finish(await acquired(leases, 'a'))
    expect(await leases.list()).toHaveLength(count)
  })

  test('leases of another fleet in the same table are not seen, taken or finished', async () => {
    const { tableName, leases } = await withLease()
    for (const other of [
      { consumer: 'receipts', tableName: 'orders2' },
      { consumer: 'receipts2', tableName: 'orders' },
    ]) {
      const others = leaseTable(tables.client, tableName, { fleet: other })
      expect(await others.list()).toEqual([])
      expect(await others.get(shardLease)).toBeUndefined()
      expect(await others.acquire(await found(leases), 'x')).toBeUndefined()
      expect(await others.create(shard)).toBe('created')
      await others.finish(await acquired(others, 'x'))
    }
    expect(await leases.list()).toMatchObject([{ id: shardLease, epoch: 0 }])
    expect(await leases.finishedAt(shardLease)).toBeUndefined()
  })

  test.each([
    ['startAt', { startAt: { S: 'LAST_TUESDAY' } }],
    ['epoch', { epoch: { S: '1' } }],
    ['after', { after: { S: 'seven' } }],
    ['afterText', { after: { S: '8'.padStart(40, '0') }, afterText: { S: '7' } }],
    ['beyond', { beyond: { S: 'AQ==' } }],
    ['gap', { gap: { S: 'trimmed' } }],
    ['kind', { gap: { M: { kind: { S: 'odd' }, foundAt: { N: '1' } } } }],
    ['createdAt', { createdAt: { N: '1.5' } }],
  ])('a row whose %s is not ours is named', async (name, wrong) => {
    const { tableName, leases } = await withLease()
    const [row] = (await tables.client.send(new ScanCommand({ TableName: tableName }))).Items ?? []
    await tables.client.send(new PutItemCommand({ TableName: tableName, Item: { ...row, ...wrong } }))
    await expect(leases.list()).rejects.toMatchObject({ code: 'ERR_COORDINATION', retryable: false })
    await expect(leases.list()).rejects.toThrow(`sk: 'lease#${shardLease}' }`)
    await expect(leases.get(shardLease)).rejects.toThrow(`its '${name}' is not`)
  })
})

describe('cost', () => {
  test('in write and read units, of every method', async () => {
    const { tableName } = await withLease()
    const measured = meter(tables.client)
    const leases = leaseTable(measured.client, tableName)
    const costs = async (work: () => Promise<unknown>) => {
      measured.reset()
      await work()
      const { requests, readUnits, writeUnits } = measured.usage()
      return { requests, readUnits, writeUnits }
    }
    const aWrite = { requests: 1, readUnits: 0, writeUnits: 1 }
    const aTransaction = { requests: 1, readUnits: 0, writeUnits: 4 }
    const aRead = { requests: 1, readUnits: 1, writeUnits: 0 }

    const created = await costs(() => leases.create({ ...shard, shardId: 'shardId-2' }))
    expect(created).toEqual({ ...aTransaction, requests: 2, readUnits: 1 })
    expect(await costs(() => leases.list())).toEqual(aRead)
    expect(await costs(() => leases.get(shardLease))).toEqual(aRead)
    const seen = await found(leases)
    expect(await costs(() => leases.acquire(seen, 'a'))).toEqual(aWrite)
    const held = { id: shardLease, owner: 'a', epoch: 1 }
    expect(await costs(() => leases.save(held, checkpoint('300000000000000499659'), 1))).toEqual(aWrite)
    expect(await costs(() => leases.halt(held, gap, 2))).toEqual(aWrite)
    expect(await costs(() => leases.passGap(held, emptyCheckpoint, 3))).toEqual(aWrite)
    expect(await costs(() => leases.release(held, checkpoint('300000000000000499659')))).toEqual(aWrite)
    const again = await acquired(leases, 'a')
    expect(await costs(() => leases.finish(again))).toEqual(aTransaction)
    expect(await costs(() => leases.finishedAt(shardLease))).toEqual(aRead)
    const start = { streamLabel: shard.streamLabel, startAt: 'LATEST', complete: false } as const
    expect(await costs(() => leases.noteStart(start))).toEqual(aWrite)
    expect(await costs(() => leases.completeStart(start.streamLabel))).toEqual(aWrite)
    expect(await costs(() => leases.starts())).toEqual(aRead)
  })

  test('a save with a bitmap of 512 bytes is one write unit, with one of 1 KB two', async () => {
    const { tableName, leases } = await withLease()
    const held = await acquired(leases, 'a')
    const measured = meter(tables.client)
    const bitmap = (size: number) => ({ ...checkpoint('300000000000000499659'), beyond: new Uint8Array(size).fill(1) })
    await leaseTable(measured.client, tableName).save(held, bitmap(512), 1)
    expect(measured.usage()).toMatchObject({ requests: 1, readUnits: 0, writeUnits: 1 })
    measured.reset()
    await leaseTable(measured.client, tableName).save(held, bitmap(1_024), 2)
    expect(measured.usage()).toMatchObject({ requests: 1, readUnits: 0, writeUnits: 2 })
  })
})
