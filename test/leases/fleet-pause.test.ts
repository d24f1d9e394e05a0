import { afterEach, expect, test } from 'vitest'
import { FleetWorld } from './fleet-world.ts'

let world: FleetWorld
afterEach(() => world.stop())

const pause = { pausedAt: 0, by: 'somebody' }
const workedCount = () => world.counts.reduce((sum, count) => sum + count, 0)
const owners = async () => (await world.leases.list()).flatMap(({ owner }) => owner ?? [])

test('a paused fleet gives up every lease within a second, beats on, and takes all up again when it is resumed', async () => {
  world = await FleetWorld.open(12)
  const first = await world.started()
  await world.started()
  expect(workedCount()).toBe(12)
  expect(await world.members.pause(pause)).toBe('paused')
  await world.pass(1_000)
  expect(workedCount()).toBe(0)
  expect(await owners()).toEqual([])
  expect(first.member.pause).toEqual(pause)
  await world.pass(60_000)
  expect(workedCount()).toBe(0)
  expect((await world.members.list({ consistent: true })).length).toBe(2)
  expect(await world.members.resume()).toBe('resumed')
  await world.pass(2_000)
  expect(workedCount()).toBe(12)
  expect(first.member.pause).toBeUndefined()
})

test('a worker that starts in a pause starts, and takes nothing before its end; nor does one whose fleet has died', async () => {
  world = await FleetWorld.open(4)
  const dying = await world.started()
  dying.kill()
  await world.members.pause(pause)
  const { work } = await world.started()
  await world.pass(60_000)
  expect(work.working.size).toBe(0)
  await world.members.resume()
  await world.pass(2_000)
  expect(work.working.size).toBe(4)
})

test('what is said of a pause stays when it is asked for again, and the end of none is no harm', async () => {
  world = await FleetWorld.open(1)
  expect(await world.members.resume()).toBe('not-paused')
  await world.members.pause(pause)
  expect(await world.members.pause({ pausedAt: 1, by: 'another' })).toBe('paused-before')
  expect((await world.members.look({ consistent: true })).pause).toEqual(pause)
})

test('a fleet that is paused and resumed again and again ends as the row says', async () => {
  world = await FleetWorld.open(6)
  await world.started()
  for (let round = 0; round < 5; round += 1) {
    await world.members.pause(pause)
    await world.pass(100 * round)
    await world.members.resume()
    await world.pass(100 * round)
  }
  await world.pass(2_000)
  expect(workedCount()).toBe(6)
})
