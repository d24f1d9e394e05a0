import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { deferred } from '../support/deferred.ts'
import { FleetWorld, leaseDurationMs, type WorkerProcess } from './fleet-world.ts'

let world: FleetWorld
const undo: (() => void)[] = []

async function open(leaseCount: number): Promise<FleetWorld> {
  world = await FleetWorld.open(leaseCount)
  return world
}

afterEach(async () => {
  for (const step of undo.splice(0)) step()
  await world.stop()
})

/** What is published from now on, as `name shard`. */
function listen(...names: string[]): string[] {
  const heard: string[] = []
  for (const name of names) {
    const hear = (message: unknown) => {
      const { shardId, reason } = message as { shardId?: string; reason?: string }
      heard.push([name, shardId ?? reason].filter((part) => part !== undefined).join(' '))
    }
    subscribe(name, hear)
    undo.push(() => unsubscribe(name, hear))
  }
  return heard
}

const isEven = () => Math.max(...world.counts) - Math.min(...world.counts) <= 1
const workedCount = () => world.counts.reduce((sum, count) => sum + count, 0)
const idsOf = async () => (await world.members.list({ consistent: true })).map(({ id }) => id)
const of = (process: WorkerProcess, request: string) => process.requests.filter((sent) => sent === request).length

describe('joining and leaving', () => {
  test('start resolves when everything that is free is acquired; stop hands all over and leaves nothing', async () => {
    await open(40)
    const heard = listen(
      'tidemark:worker:joined',
      'tidemark:worker:left',
      'tidemark:lease:acquired',
      'tidemark:lease:released',
    )
    const { member, work } = await world.started()
    expect(work.working.size).toBe(40)
    expect(member.mayWork()).toBe(true)
    expect(member.isDiscoverer).toBe(true)
    expect(member.leases.filter(({ owner }) => owner === member.members[0]?.id).length).toBe(40)
    await world.during(member.stop())
    expect(member.mayWork()).toBe(false)
    expect(work.abandoned).toEqual([])
    expect(await idsOf()).toEqual([])
    expect((await world.leases.list()).map(({ owner }) => owner)).toEqual(Array.from({ length: 40 }, () => undefined))
    expect(heard[0]).toBe('tidemark:worker:joined')
    expect(heard.filter((name) => name.startsWith('tidemark:lease:acquired')).length).toBe(40)
    expect(heard.filter((name) => name.startsWith('tidemark:lease:released')).length).toBe(40)
    expect(heard.at(-1)).toBe('tidemark:worker:left')
  })

  test('a newcomer is handed its share, and nothing else moves', async () => {
    await open(30)
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    const before = first.work.handedOver.length + second.work.handedOver.length
    await world.started()
    await world.until(() => world.counts.every((count) => count === 10))
    expect(first.work.handedOver.length + second.work.handedOver.length - before).toBe(10)
    await world.pass(3 * leaseDurationMs)
    expect(world.counts).toEqual([10, 10, 10])
    expect(world.processes.flatMap(({ work }) => work.abandoned)).toEqual([])
    expect(world.processes.filter(({ member }) => member.isDiscoverer).length).toBe(1)
  })

  test('what a leaving worker releases is taken at once, by those that stay', async () => {
    await open(30)
    const [first] = [await world.started(), await world.started(), await world.started()]
    await world.until(isEven)
    const stopped = first.member.stop()
    expect(await world.until(() => world.counts.join() === '0,15,15')).toBeLessThan(2_000)
    await world.during(stopped)
    expect((await idsOf()).length).toBe(2)
  })

  test('a handover waits for what runs, and meanwhile nobody else has the lease', async () => {
    await open(2)
    const first = await world.started()
    const running = deferred()
    first.work.beforeRelease = running.promise
    const second = await world.started()
    await world.pass(5 * leaseDurationMs)
    expect([first.work.working.size, second.work.working.size]).toEqual([2, 0])
    running.resolve()
    expect(await world.until(() => second.work.working.size === 1)).toBeLessThan(1_500)
    expect(first.work.working.size).toBe(1)
  })

  test('a lease that is created is taken as soon as its creator says so', async () => {
    await open(2)
    const first = await world.started()
    await world.started()
    await world.until(isEven)
    await world.createLease('shardId-child-1')
    await world.createLease('shardId-child-2')
    first.member.noteChange()
    expect(await world.until(() => world.counts.join() === '2,2')).toBeLessThan(1_000)
  })
})

describe('a worker that dies', () => {
  test('its leases are worked by others within one and a half lease durations, and its row is removed', async () => {
    await open(20)
    const heard = listen('tidemark:worker:died')
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    first.kill()
    expect(await world.until(() => second.work.working.size === 20)).toBeLessThanOrEqual(1.5 * leaseDurationMs)
    await world.pass(100)
    expect((await idsOf()).length).toBe(1)
    expect(heard).toEqual(['tidemark:worker:died'])
  })

  test('alone, it is replaced by one that joins later', async () => {
    await open(5)
    const first = await world.started()
    first.kill()
    await world.pass(2 * leaseDurationMs)
    const second = await world.started()
    expect(await world.until(() => second.work.working.size === 5)).toBeLessThanOrEqual(1.5 * leaseDurationMs)
  })

  test('holding nothing, it leaves no row either', async () => {
    await open(0)
    const first = await world.started()
    await world.started()
    first.kill()
    await world.pass(1.5 * leaseDurationMs)
    expect((await idsOf()).length).toBe(1)
  })
})

describe('workers with leases of different lengths', () => {
  const longMs = 30_000
  const shortMs = 3_000

  test('give nobody up for dead: 30 s beside 3 s, for five minutes', async () => {
    await open(20)
    const heard = listen('tidemark:worker:died', 'tidemark:worker:lapsed', 'tidemark:lease:lost')
    const all = [await world.started(longMs), await world.started(shortMs), await world.started(longMs)]
    await world.until(isEven)
    const moved = all.map(({ work }) => work.handedOver.length)
    await world.pass(300_000)
    expect(heard).toEqual([])
    expect(all.map(({ work }) => work.handedOver.length)).toEqual(moved)
    expect(isEven()).toBe(true)
    expect(workedCount()).toBe(20)
  })

  test.each([
    { killed: 'long', killedMs: longMs, otherMs: shortMs },
    { killed: 'short', killedMs: shortMs, otherMs: 300_000 }, // by itself it would look every 15 s
  ])('the $killed one is taken over after its own, whoever watches', async ({ killedMs, otherMs }) => {
    await open(10)
    const other = await world.started(otherMs)
    const killed = await world.started(killedMs)
    await world.until(isEven)
    await world.pass(killedMs)
    killed.kill()
    const tookMs = await world.until(() => other.work.working.size === 10)
    expect(tookMs).toBeGreaterThan((2 / 3) * killedMs - 50) // its last beat may be a third of its lease old
    expect(tookMs).toBeLessThanOrEqual(1.5 * killedMs)
    await world.pass(100)
    expect((await idsOf()).length).toBe(1)
  })

  test('a worker that comes back with another lease is judged by the new one', async () => {
    await open(10)
    const first = await world.started(shortMs)
    const old = await world.started(longMs)
    await world.until(isEven)
    await world.during(old.member.stop())
    const restarted = await world.started(shortMs)
    await world.until(() => world.counts.join() === '5,0,5')
    restarted.kill()
    expect(await world.until(() => first.work.working.size === 10)).toBeLessThanOrEqual(1.5 * shortMs)
  })
})

describe('a row of a member that something else wrote', () => {
  const write = async (id: string, attributes: Record<string, AttributeValue>) => {
    const Item = { pk: { S: 'members#receipts#orders' }, sk: { S: id }, ...attributes }
    await world.client.send(new PutItemCommand({ TableName: 'coordination', Item }))
  }
  const warnings = ({ log }: WorkerProcess) => log.filter((line) => line.includes('can not be read'))

  test('stops no plan, is warned of once, and is removed when it was silent', async () => {
    await open(10)
    await write('intruder', { beat: { S: 'one' } })
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    expect(first.member.isDiscoverer !== second.member.isDiscoverer).toBe(true)
    first.kill()
    await world.until(() => second.work.working.size === 10)
    expect(await idsOf()).toContain('intruder')
    await world.pass(300_000)
    expect(await idsOf()).toEqual([second.member.id])
    expect(warnings(second)).toEqual([expect.stringMatching(/^warn: /)])
    expect(second.work.abandoned).toEqual([])
  })

  test('over that of one that is alive: it abandons all and comes back, before anybody takes its leases', async () => {
    await open(10)
    const heard = listen('tidemark:worker:died', 'tidemark:worker:lapsed')
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    const { id } = second.member
    await write(id, { beat: { S: 'one' } })
    await world.until(() => second.member.id !== id) // at each moment the world looks whether a lease is worked twice
    await world.until(isEven)
    await world.pass(3 * leaseDurationMs)
    expect(heard).toEqual(['tidemark:worker:lapsed gone'])
    expect(first.work.abandoned).toEqual([])
    expect(await idsOf()).not.toContain(id)
    expect(warnings(first).length).toBe(1)
  })

  test('over that of one that is paused: its leases are taken when its right is over, and not before', async () => {
    await open(10)
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    second.pause()
    await write(second.member.id, { leaseDurationMs: { N: String(leaseDurationMs) }, beat: { S: 'one' } })
    const tookMs = await world.until(() => first.work.working.size === 10)
    expect(tookMs).toBeGreaterThanOrEqual(leaseDurationMs)
    expect(tookMs).toBeLessThanOrEqual(1.5 * leaseDurationMs)
    expect(await idsOf()).toEqual([first.member.id])
  })
})

describe('a worker that was paused', () => {
  test('declares nobody dead, however long it slept', async () => {
    await open(10)
    const heard = listen('tidemark:worker:died', 'tidemark:worker:lapsed')
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    second.pause()
    await world.pass(5 * leaseDurationMs)
    expect(heard).toEqual(['tidemark:worker:died'])
    second.resume()
    await world.pass(3 * leaseDurationMs)
    expect(heard.filter((name) => name.endsWith('died'))).toEqual(['tidemark:worker:died']) // the first one's only
    expect(first.work.abandoned).toEqual([])
  })

  test('may not work from the moment it wakes, abandons all, and comes back under a new id', async () => {
    await open(10)
    const heard = listen('tidemark:worker:lapsed', 'tidemark:lease:lost')
    const [first, second] = [await world.started(), await world.started()]
    await world.until(isEven)
    const idBefore = second.member.members.find(({ host }) => host === 'worker-1')?.id
    second.pause()
    await world.until(() => first.work.working.size === 10)
    expect(second.member.mayWork()).toBe(false)
    second.resume()
    await world.until(() => world.counts.join() === '5,5')
    expect(second.work.abandoned.map(({ reason }) => reason.code)).toEqual(
      Array.from({ length: 5 }, () => 'ERR_LEASE_LOST'),
    )
    expect(await idsOf()).not.toContain(idBefore)
    expect((await idsOf()).length).toBe(2)
    expect(heard.filter((name) => name.startsWith('tidemark:worker:lapsed')).length).toBe(1)
    expect(heard.filter((name) => name.startsWith('tidemark:lease:lost')).length).toBe(5)
  })

  test('while it acquired, begins nothing that it hears of only then', async () => {
    await open(3)
    const first = world.process()
    first.pausesAt = 'UpdateItem leases'
    const start = first.member.start()
    await world.pass(2 * leaseDurationMs)
    expect((await world.leases.list()).filter(({ owner }) => owner !== undefined).length).toBe(3)
    first.resume() // the world looks whether anything is begun without the right to work
    await world.during(start)
    expect(first.work.working.size).toBe(3)
    expect(first.work.abandoned).toEqual([])
  })

  test('with its machine suspended, knows it although its monotonic clock stood still', async () => {
    await open(4)
    const heard = listen('tidemark:worker:lapsed')
    const first = await world.started()
    first.suspend(20_000)
    await world.pass(19_900)
    expect(first.member.mayWork()).toBe(false)
    await world.pass(200)
    await world.until(() => first.member.mayWork())
    await world.until(() => first.work.working.size === 4)
    expect(heard).toEqual(['tidemark:worker:lapsed expired'])
  })
})

describe('an orphan', () => {
  test('that its target does not take is taken by another, and not handed to that target again', async () => {
    await open(9)
    const [first] = [await world.started()]
    const second = await world.started()
    await world.until(isEven)
    // The second beats on, but whatever it sends to the leases fails.
    second.failsOn = (request) => request.endsWith('leases')
    await world.createLease('shardId-child-1')
    await world.createLease('shardId-child-2')
    await world.createLease('shardId-child-3')
    first.member.noteChange()
    const workedAfterMs = await world.until(() => workedCount() === 12)
    expect(workedAfterMs).toBeLessThanOrEqual(1.5 * leaseDurationMs)
    const { length } = first.work.handedOver
    await world.pass(3 * leaseDurationMs)
    expect(first.work.handedOver.length).toBe(length)
    expect(workedCount()).toBe(12)
  })

  test('of a lost reply, owned and worked by nobody, is found by its owner', async () => {
    await open(6)
    const first = world.process()
    let left = 3
    first.losesReply = (request) => request === 'UpdateItem leases' && left-- > 0
    await world.during(first.member.start())
    expect(first.work.working.size).toBe(6)
  })
})

describe('when the coordination table does not answer', () => {
  test('a worker goes on while it may, says so once, abandons all at the end, and comes back', async () => {
    await open(6)
    const heard = listen('tidemark:worker:lapsed')
    const first = await world.started()
    await world.pass(5_000)
    first.isCutOff = true
    const lapsedAfterMs = await world.until(() => !first.member.mayWork())
    expect(lapsedAfterMs).toBeGreaterThan(0.4 * leaseDurationMs)
    expect(lapsedAfterMs).toBeLessThanOrEqual(0.8 * leaseDurationMs)
    expect(first.work.working.size).toBe(0)
    expect(first.work.abandoned.length).toBe(6)
    await world.pass(5 * leaseDurationMs)
    expect(first.log.filter((line) => line.includes('does not answer')).length).toBe(1)
    first.isCutOff = false
    expect(await world.until(() => first.work.working.size === 6)).toBeLessThanOrEqual(leaseDurationMs)
    await world.pass(1_000)
    expect(first.log.filter((line) => line.includes('answers again')).length).toBe(1)
    expect(heard).toEqual(['tidemark:worker:lapsed expired'])
    expect((await idsOf()).length).toBe(1)
  })

  test('a short outage costs nothing', async () => {
    await open(6)
    const first = await world.started()
    first.isCutOff = true
    await world.pass(0.4 * leaseDurationMs)
    first.isCutOff = false
    await world.pass(2 * leaseDurationMs)
    expect(first.work.working.size).toBe(6)
    expect(first.work.abandoned).toEqual([])
  })

  test('a worker can be stopped', async () => {
    await open(2)
    const first = await world.started()
    first.isCutOff = true
    await world.during(first.member.stop())
    expect(first.work.working.size).toBe(0)
    const second = world.process()
    second.isCutOff = true
    const start = second.member.start()
    await world.pass(100)
    await world.during(second.member.stop())
    await start
  })

  test('a start is refused when waiting can not help', async () => {
    await open(0)
    world.database.execute('DeleteTable', { TableName: 'coordination' })
    const first = world.process()
    await expect(world.during(first.member.start())).rejects.toMatchObject({
      code: 'ERR_COORDINATION',
      retryable: false,
    })
    await world.during(first.member.stop())
  })
})

test('heartbeats do not wait for a plan whose reads never return', async () => {
  await open(3)
  const first = await world.started()
  first.neverReplies = (request) => request.endsWith('leases')
  first.member.noteChange()
  await world.pass(3 * leaseDurationMs)
  expect(first.member.mayWork()).toBe(true)
  expect(first.work.working.size).toBe(3)
})

test('a slow heartbeat is warned of, once for as long as they are slow', async () => {
  await open(1)
  const first = await world.started()
  const slow = () => first.log.filter((line) => line.startsWith('warn: a heartbeat was slow')).length
  await world.pass(2 * leaseDurationMs)
  expect(slow()).toBe(0)
  first.lateMs = 1_100 // as behind handlers that hold all the client's sockets
  await world.pass(2 * leaseDurationMs)
  expect(slow()).toBe(1)
  first.lateMs = 0
  await world.pass(leaseDurationMs)
  first.lateMs = 1_100
  await world.pass(leaseDurationMs)
  expect(slow()).toBe(2)
  expect(first.work.working.size).toBe(1)
})

test('an idle fleet reads no lease, only its members', async () => {
  await open(50)
  const all = [await world.started(), await world.started(), await world.started()]
  await world.until(isEven)
  await world.pass(2 * leaseDurationMs)
  for (const { requests } of all) requests.length = 0
  await world.pass(60_000)
  for (const process of all) {
    expect(process.requests.filter((request) => request.endsWith('leases'))).toEqual([])
    expect(of(process, 'UpdateItem members')).toBe(18)
    expect(of(process, 'Query members')).toBeLessThanOrEqual(120)
    expect(process.requests.length).toBe(of(process, 'UpdateItem members') + of(process, 'Query members'))
  }
})
