import { expect, test } from 'vitest'
import { SeededRandom } from '../../src/simulation/random.ts'
import { FleetWorld, leaseDurationMs, type WorkerProcess } from './fleet-world.ts'

const leaseCount = 20
/** All of one length, or of several: a rolling deploy changes the option. */
const sameLeases = [leaseDurationMs] as const
const mixedLeases = [3_000, leaseDurationMs, 30_000] as const

type Leases = typeof sameLeases | typeof mixedLeases

/** Does something to the fleet. */
async function disturb(world: FleetWorld, random: SeededRandom, stops: Promise<void>[], leases: Leases): Promise<void> {
  const alive = world.processes.filter(({ isDead, isStopped }) => !isDead && !isStopped)
  const one = alive[random.integer(0, Math.max(0, alive.length - 1))]
  const actions: readonly [() => void, ...(() => void)[]] = [
    () => alive.length < 6 && void world.process(random.pick(leases)).member.start(),
    () => alive.length > 1 && one?.kill(),
    () => one?.pause(),
    () => one?.resume(),
    () => one && (one.isCutOff = true),
    () => one && (one.isCutOff = false),
    () => one && (one.losesReply = () => random.chance(0.2)),
    () => one && (one.losesReply = () => false),
    () => one && alive.length > 1 && random.chance(0.5) && void stops.push(one.stop()),
    () => one?.suspend(random.integer(0, 15_000)),
  ]
  random.pick(actions)()
  await world.pass(random.integer(0, 6_000))
}

function heal(process: WorkerProcess): void {
  process.isCutOff = false
  process.losesReply = () => false
  process.resume()
}

for (let seed = 1; seed <= 20; seed += 1) {
  const leases: Leases = seed <= 15 ? sameLeases : mixedLeases
  const kind = leases === sameLeases ? 'seed' : 'leases of several lengths, seed'
  test(`whatever happens to workers, no lease is worked twice, and in the end each is worked once (${kind} ${seed})`, async () => {
    const random = new SeededRandom(`churn-${seed}`)
    const world = await FleetWorld.open(leaseCount) // checks at every step that nothing is worked twice
    await world.started(leases[0])
    await world.started(leases.at(-1))
    const stops: Promise<void>[] = []
    for (let step = 0; step < 40; step += 1) await disturb(world, random, stops, leases)
    for (const process of world.processes) heal(process)
    await world.pass(8 * Math.max(...leases)) // who let leases wait in vain is given none for five of them
    await world.during(Promise.all(stops))
    const alive = world.processes.filter(({ isDead, isStopped }) => !isDead && !isStopped)
    const worked = alive.flatMap(({ work }) => [...work.working])
    expect(new Set(worked).size).toBe(leaseCount)
    expect(worked.length).toBe(leaseCount)
    const counts = alive.map(({ work }) => work.working.size)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    expect((await world.members.list({ consistent: true })).length).toBe(alive.length)
    await world.stop()
  })
}
