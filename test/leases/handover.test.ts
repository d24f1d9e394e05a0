import { afterEach, expect, test } from 'vitest'
import { FleetWorld, leaseDurationMs, type WorkerProcess } from './fleet-world.ts'

let world: FleetWorld

afterEach(() => world.stop())

const isEven = () => Math.max(...world.counts) - Math.min(...world.counts) <= 1
const runningIn = (processes: readonly WorkerProcess[]) => processes.flatMap(({ work }) => work.running)

async function evenFleet(workerCount: number, leaseCount: number): Promise<readonly WorkerProcess[]> {
  world = await FleetWorld.open(leaseCount)
  for (let n = 0; n < workerCount; n += 1) await world.started()
  await world.until(isEven)
  await world.pass(3 * leaseDurationMs)
  return world.processes
}

/** Lets time pass until `isOver`; answers the longest time for which a lease of the fleet was worked by nobody. */
async function longestRest(isOver: () => boolean, limitMs = 30_000): Promise<number> {
  const all = runningIn(world.processes)
  const restMs = new Map(all.map((id) => [id, 0]))
  let longest = 0
  for (let passed = 0; !isOver() && passed < limitMs; passed += 10) {
    await world.pass(10)
    const running = new Set(runningIn(world.processes.filter(({ isDead }) => !isDead)))
    for (const id of all) restMs.set(id, running.has(id) ? 0 : (restMs.get(id) ?? 0) + 10)
    longest = Math.max(longest, ...restMs.values())
  }
  if (!isOver()) throw new Error('it never came about')
  return longest
}

const asksForOne = ({ requests }: WorkerProcess) => requests.filter((sent) => sent.startsWith('GetItem')).length

test('what a leaver releases is worked at once by those that are to have it', async () => {
  const [leaver] = await evenFleet(3, 30)
  let hasStopped = false
  void leaver?.stop().then(() => (hasStopped = true))
  expect(await longestRest(() => hasStopped && world.counts.join() === '0,15,15')).toBeLessThanOrEqual(100)
  expect(leaver?.work.abandoned).toEqual([])
})

test('so is what a newcomer is given: its share, and nothing else', async () => {
  const before = await evenFleet(10, 100)
  const movedCount = () => before.flatMap(({ work }) => work.handedOver).length
  const movedBefore = movedCount()
  const newcomer = world.process()
  await world.pass(170) // so that it looks at other times than they do
  void newcomer.member.start()
  expect(await longestRest(() => newcomer.work.working.size === 9)).toBeLessThanOrEqual(100)
  await world.pass(3 * leaseDurationMs)
  expect(movedCount() - movedBefore).toBe(9)
})

test('a handover that waits for handlers is not asked for often, and taken soon after', async () => {
  const [leaver, heir] = await evenFleet(2, 4)
  let release = () => {}
  if (leaver !== undefined) leaver.work.beforeRelease = new Promise((resolve) => (release = resolve))
  void leaver?.stop()
  await world.pass(5_000)
  expect(heir && asksForOne(heir)).toBeLessThan(2 * 50)
  release()
  expect(await longestRest(() => heir?.work.working.size === 4)).toBeLessThanOrEqual(1_000)
})

test('a leaver that dies once it has said so is taken over after its silence', async () => {
  const [leaver, heir] = await evenFleet(2, 4)
  void leaver?.stop()
  await world.pass(300)
  expect(leaver?.work.working.size).toBe(2) // works on until it was seen
  leaver?.kill()
  await world.until(() => heir?.work.working.size === 4, 1.5 * leaseDurationMs)
})

test('an heir that dies, or can not ask, leaves what it was to have to others', async () => {
  const [leaver, first, second] = await evenFleet(3, 6)
  if (first !== undefined) first.failsOn = (request) => request === 'GetItem leases'
  void leaver?.stop()
  await world.pass(400)
  second?.kill()
  await world.until(() => first?.work.working.size === 6, 1.6 * leaseDurationMs)
  expect(first?.log.filter((line) => line.startsWith('error')).length).toBeLessThanOrEqual(1)
})

test('a worker that is alone leaves without waiting to be seen', async () => {
  const [only] = await evenFleet(1, 4)
  let hasStopped = false
  void only?.stop().then(() => (hasStopped = true))
  await world.pass(10)
  expect(hasStopped).toBe(true)
})

test('a fleet at rest asks for no single lease', async () => {
  const all = await evenFleet(3, 30)
  for (const { requests } of all) requests.length = 0
  await world.pass(60_000)
  expect(all.map(asksForOne)).toEqual([0, 0, 0])
})
