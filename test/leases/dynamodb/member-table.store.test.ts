import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import type { MemberRow } from '../../../src/leases/coordination.ts'
import { meter } from '../../../src/testing/capacity-meter.ts'
import { awsError, counted, intercept } from '../../support/intercept.ts'
import { localTables } from '../../support/local-table.ts'
import { delays, hasty, losesOneReply, memberTable } from '../coordination-tables.ts'

const tables = localTables()

function member(id: string, beat = 0): MemberRow {
  return {
    id,
    beat,
    changes: 0,
    leaving: false,
    host: 'host-1:4711',
    joinedAt: 1_767_225_600_000,
    beatAt: 1_767_225_600_000,
  }
}

async function joined(...ids: string[]) {
  const tableName = await tables.create()
  const members = memberTable(tables.client, tableName)
  for (const id of ids) await members.join(member(id))
  return { tableName, members }
}

describe('members', () => {
  test('that joined are listed as they said, in every read that asks for it consistently', async () => {
    const { members } = await joined('a', 'b')
    expect(await members.list({ consistent: true })).toEqual([member('a'), member('b')])
    expect(await members.list({ consistent: false })).toEqual([member('a'), member('b')])
  })

  test('are read with ConsistentRead only when asked: watching costs half', async () => {
    const { tableName } = await joined('a')
    const asked: unknown[] = []
    const client = intercept(tables.client, ({ input }, send) => {
      asked.push(input['ConsistentRead'])
      return send()
    })
    await memberTable(client, tableName).list({ consistent: true })
    await memberTable(client, tableName).list({ consistent: false })
    expect(asked).toEqual([true, false])
  })

  test('say for how long they may be silent; a row that does not say it is one all the same', async () => {
    const { members } = await joined('a')
    await members.join({ ...member('b'), leaseDurationMs: 30_000 })
    await members.beat({ id: 'b', beat: 1, changes: 0, leaving: false })
    expect(await members.list({ consistent: true })).toEqual([
      member('a'),
      { ...member('b', 1), leaseDurationMs: 30_000 },
    ])
  })

  test('of another fleet in the same table are not seen', async () => {
    const { tableName, members } = await joined('a')
    for (const fleet of [
      { consumer: 'receipts', tableName: 'orders2' },
      { consumer: 'receipts2', tableName: 'orders' },
    ]) {
      const others = memberTable(tables.client, tableName, { fleet })
      await others.join(member('x'))
      expect(await others.list({ consistent: true })).toEqual([member('x')])
    }
    expect(await members.list({ consistent: true })).toEqual([member('a')])
  })

  test('beat: the row says beat, changes and leaving, and outlives its member by a day', async () => {
    const { tableName, members } = await joined('a')
    expect(await members.beat({ id: 'a', beat: 1, changes: 2, leaving: true })).toBe('alive')
    expect(await members.list({ consistent: true })).toEqual([{ ...member('a', 1), changes: 2, leaving: true }])
    const key = { pk: { S: 'members#receipts#orders' }, sk: { S: 'a' } }
    const { Item } = await tables.client.send(new GetItemCommand({ TableName: tableName, Key: key }))
    expect(Item?.['expiresAt']).toEqual({ N: String(hasty.now() / 1_000 + 86_400) })
  })

  test('that were removed hear so at their next beat, and the beat does not bring them back', async () => {
    const { members } = await joined('a')
    expect(await members.remove('a', 0)).toBe('removed')
    expect(await members.beat({ id: 'a', beat: 1, changes: 0, leaving: false })).toBe('gone')
    expect(await members.list({ consistent: true })).toEqual([])
  })

  test('are not removed when they have beaten since they were seen', async () => {
    const { members } = await joined('a')
    await members.beat({ id: 'a', beat: 1, changes: 0, leaving: false })
    expect(await members.remove('a', 0)).toBe('beaten')
    expect(await members.list({ consistent: true })).toEqual([member('a', 1)])
  })

  test('that two give up for dead at once are removed for both', async () => {
    const { members } = await joined('a')
    expect(await Promise.all([members.remove('a', 0), members.remove('a', 0)])).toEqual(['removed', 'removed'])
  })

  test('leave, and may do so twice', async () => {
    const { members } = await joined('a', 'b')
    await members.leave('a')
    await members.leave('a')
    expect(await members.list({ consistent: true })).toEqual([member('b')])
  })
})

describe('a lost reply', () => {
  const faulty = (tableName: string) => memberTable(intercept(tables.client, losesOneReply()), tableName)

  test('to a join: joined', async () => {
    const { tableName, members } = await joined()
    await faulty(tableName).join(member('a'))
    expect(await members.list({ consistent: true })).toEqual([member('a')])
  })

  test('to a beat: alive, and beaten once', async () => {
    const { tableName, members } = await joined('a')
    expect(await faulty(tableName).beat({ id: 'a', beat: 1, changes: 0, leaving: false })).toBe('alive')
    expect(await members.list({ consistent: true })).toEqual([member('a', 1)])
  })

  test('to a removal: removed', async () => {
    const { tableName, members } = await joined('a')
    expect(await faulty(tableName).remove('a', 0)).toBe('removed')
    expect(await members.list({ consistent: true })).toEqual([])
  })

  test('to a departure: left', async () => {
    const { tableName, members } = await joined('a')
    await faulty(tableName).leave('a')
    expect(await members.list({ consistent: true })).toEqual([])
  })
})

describe('a request that arrives long after its sender gave it up', () => {
  test('a join does not raise the dead', async () => {
    const { tableName, members } = await joined()
    const { fault, deliver } = delays()
    await memberTable(intercept(tables.client, fault), tableName).join(member('a'))
    await members.leave('a')
    await deliver()
    expect(await members.list({ consistent: true })).toEqual([])
  })

  test('a beat does not go back behind a newer one', async () => {
    const { tableName, members } = await joined('a')
    const { fault, deliver } = delays()
    await memberTable(intercept(tables.client, fault), tableName).beat({ id: 'a', beat: 1, changes: 1, leaving: false })
    await members.beat({ id: 'a', beat: 2, changes: 2, leaving: true })
    await deliver()
    expect(await members.list({ consistent: true })).toEqual([{ ...member('a', 2), changes: 2, leaving: true }])
  })

  test('a removal finds that its victim has beaten', async () => {
    const { tableName, members } = await joined('a')
    const { fault, deliver } = delays()
    const client = intercept(tables.client, fault)
    const removal = memberTable(client, tableName, { clock: { ...hasty, sleep: () => beatFirst() } }).remove('a', 0)
    const beatFirst = async () => {
      await members.beat({ id: 'a', beat: 1, changes: 0, leaving: false })
    }
    expect(await removal).toBe('beaten')
    await deliver()
    expect(await members.list({ consistent: true })).toEqual([member('a', 1)])
  })
})

describe('what can go wrong', () => {
  const overwrite = (tableName: string, id: string, attributes: Record<string, AttributeValue>) => {
    const Item = { pk: { S: 'members#receipts#orders' }, sk: { S: id }, ...attributes }
    return tables.client.send(new PutItemCommand({ TableName: tableName, Item }))
  }
  const whole: Record<string, AttributeValue> = {
    ...{ beat: { N: '7' }, changes: { N: '0' }, leaving: { BOOL: false } },
    ...{ host: { S: 'host' }, joinedAt: { N: '0' }, leaseDurationMs: { N: '3000' } },
  }

  test('a row that something else wrote hides no other; it stands for a member that takes nothing, and says why', async () => {
    const { tableName, members } = await joined('a')
    await overwrite(tableName, 'intruder', { beat: { S: 'one' } })
    const [a, intruder] = await members.list({ consistent: true })
    expect(a).toEqual(member('a'))
    expect(intruder).toMatchObject({ id: 'intruder', beat: 0, leaving: true, leaseDurationMs: 300_000 })
    expect(intruder?.unreadable?.message).toMatch(
      /pk: 'members#receipts#orders', sk: 'intruder'.*not a member of a fleet.*its 'beat' is not a whole number/,
    )
  })

  test.each(['changes', 'leaving', 'host', 'joinedAt', 'leaseDurationMs'])(
    'a row whose %s is wrong keeps the rest that tells whether it lives, and its own member is told that it is gone',
    async (name) => {
      const { tableName, members } = await joined()
      await overwrite(tableName, 'a', { ...whole, [name]: { L: [] } })
      const leaseDurationMs = name === 'leaseDurationMs' ? 300_000 : 3_000
      expect(await members.list({ consistent: true })).toMatchObject([
        { id: 'a', beat: 7, leaving: true, leaseDurationMs },
      ])
      // A beat writes changes and leaving anew: it has repaired them itself.
      const isRepaired = name === 'changes' || name === 'leaving'
      const answer = await members.beat({ id: 'a', beat: 8, changes: 0, leaving: false })
      expect(answer).toBe(isRepaired ? 'alive' : 'gone')
    },
  )

  test.each(['0', '-1', '2.5'])('a lease of %s ms is none', async (text) => {
    const { tableName, members } = await joined()
    await overwrite(tableName, 'a', { ...whole, leaseDurationMs: { N: text } })
    expect(await members.list({ consistent: true })).toMatchObject([{ unreadable: {}, leaseDurationMs: 300_000 }])
  })

  test('a row without a beat that can be read is never beaten, and can be removed as it was seen', async () => {
    const { tableName, members } = await joined('a')
    for (const [id, attributes] of Object.entries({ b: { beat: { S: 'one' } }, c: {} })) {
      await overwrite(tableName, id, attributes)
      expect(await members.beat({ id, beat: 8, changes: 0, leaving: false })).toBe('gone')
      expect(await members.remove(id, 0)).toBe('removed')
    }
    expect(await members.list({ consistent: true })).toEqual([member('a')])
  })

  test('throttling is waited out, and told as short capacity when it does not end', async () => {
    const { tableName } = await joined('a')
    let left = 3
    const client = intercept(tables.client, (_command, send) =>
      left-- > 0 ? Promise.reject(awsError('ProvisionedThroughputExceededException')) : send(),
    )
    const beat = { id: 'a', beat: 1, changes: 0, leaving: false }
    expect(await memberTable(client, tableName).beat(beat)).toBe('alive')
    left = Infinity
    await expect(memberTable(client, tableName).beat(beat)).rejects.toMatchObject({
      code: 'ERR_COORDINATION',
      retryable: true,
      message: expect.stringContaining('short of capacity') as string,
    })
  })

  test('a missing table is named at once, with what to do', async () => {
    const { client, counts } = counted(tables.client)
    await expect(memberTable(client, 'no-such-table').list({ consistent: true })).rejects.toMatchObject({
      code: 'ERR_COORDINATION',
      retryable: false,
      message: expect.stringMatching(/no-such-table.*createTidemarkTable/) as string,
    })
    expect(counts).toEqual({ QueryCommand: 1 })
  })
})

test('cost: a beat is one write unit, watching 100 members at most four read units', async () => {
  const { tableName } = await joined()
  const measured = meter(tables.client)
  const members = memberTable(measured.client, tableName)
  await members.join(member('member-0'))
  expect(measured.usage()).toMatchObject({ requests: 1, writeUnits: 2 })
  for (let n = 1; n < 100; n += 1) await members.join(member(`member-${n}`))
  measured.reset()
  await members.beat({ id: 'member-0', beat: 1, changes: 1, leaving: false })
  expect(measured.usage()).toMatchObject({ requests: 1, readUnits: 0, writeUnits: 1 })
  measured.reset()
  await members.list({ consistent: false })
  expect(measured.usage()).toMatchObject({ requests: 1, writeUnits: 0 })
  const watching = measured.usage().readUnits
  expect(watching).toBeLessThanOrEqual(4)
  measured.reset()
  await members.list({ consistent: true })
  expect(measured.usage().readUnits).toBe(2 * watching)
  measured.reset()
  await members.remove('member-0', 1)
  await members.leave('member-1')
  expect(measured.usage()).toMatchObject({ requests: 2, readUnits: 0, writeUnits: 2 })
})
