import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, test } from 'vitest'
import { silentLogger } from '../../src/index.ts'
import { HeldLeases } from '../../src/leases/held-leases.ts'
import type { LeaseId } from '../../src/leases/lease.ts'
import { momentOf } from '../../src/internal/elapsed.ts'
import { RightToWork } from '../../src/leases/right-to-work.ts'
import { SeededRandom } from '../../src/simulation/random.ts'
import { fleet } from './coordination-tables.ts'
import { FleetWorld, leaseDurationMs, ShardWork } from './fleet-world.ts'

async function acquiring() {
  const told: string[] = []
  const world = await FleetWorld.open(3)
  const { clock, leases, members } = world
  const right = new RightToWork({ clock, leaseDurationMs })
  right.renewed(momentOf(clock))
  const work = new ShardWork(
    (held) => leases.release(held, undefined),
    () => right.mayWork(),
  )
  const rest = { random: new SeededRandom('held'), logger: silentLogger, host: 'host' }
  const held = new HeldLeases({ fleet, members, leases, work, leaseDurationMs, clock, ...rest }, 'me', right, () =>
    told.push('abandoned'),
  )
  const acquired = held.acquire(await leases.list())
  const owners = async () => (await leases.list()).map(({ owner }) => owner)
  return { held, right, work, leases, acquired, owners, told }
}

test('what is acquired is begun', async () => {
  const { work, acquired, owners } = await acquiring()
  await acquired
  expect(work.working.size).toBe(3)
  expect(await owners()).toEqual(['me', 'me', 'me'])
})

test('a right that ends while a lease is acquired lets nothing begin; the row of the owner tells that it is free', async () => {
  const { right, work, acquired } = await acquiring()
  right.revoke()
  await acquired
  expect([...work.working, ...work.wrong]).toEqual([])
})

test('a lease that could not be released is told to be lost, and not to be released; first it is looked whether all are', async () => {
  const { held, work, acquired, told } = await acquiring()
  await acquired
  const names = ['tidemark:lease:released', 'tidemark:lease:lost']
  const hear = (_message: unknown, name: string | symbol) => void told.push(String(name))
  for (const name of names) subscribe(name, hear)
  const [first = '', second = ''] = work.working
  await held.handOver(first as LeaseId)
  work.cannotRelease = true
  await held.handOver(second as LeaseId)
  for (const name of names) unsubscribe(name, hear)
  expect(told).toEqual(['tidemark:lease:released', 'abandoned', 'tidemark:lease:lost'])
})

test('a worker that begins to leave while it acquires gives back what it hears of after that', async () => {
  const { held, work, acquired, owners } = await acquiring()
  held.close()
  await acquired
  expect(work.working.size).toBe(0)
  expect(await owners()).toEqual([undefined, undefined, undefined])
})

test('a lease that is asked for twice as it was seen is acquired and begun once', async () => {
  const { held, leases, work, acquired } = await acquiring()
  const seen = (await leases.list()).map((lease) => ({ ...lease, owner: undefined, epoch: 0 }))
  await Promise.all([acquired, held.acquire(seen)])
  await held.acquire(seen)
  expect(work.wrong).toEqual([])
  expect((await leases.list()).map(({ epoch }) => epoch)).toEqual([1, 1, 1])
})
