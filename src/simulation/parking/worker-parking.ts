import type { Ill } from '../profile.ts'
import type { SeededRandom } from '../random.ts'
import type { WorkerProfile } from '../workers/profile.ts'
import { drawParking } from './parking-habits.ts'

/** A fleet that parks. */
export function workerParking(drawn: WorkerProfile, random: SeededRandom): WorkerProfile {
  const { workload, handler, chaosMs, worker } = drawn
  const ills = random.pick<readonly [Ill, ...Ill[]]>([
    ['mendable'],
    ['mendable', 'stubborn'],
    ['mendable', 'stubborn'],
    ['mendable', 'mendable', 'mendable', 'deadly'],
  ])
  const mayKill = ills.includes('deadly')
  return {
    ...drawn,
    ...{ isFenced: false, awayHours: 0, watchesRest: false },
    worker: { ...worker, startAt: 'TRIM_HORIZON' },
    parking: drawParking(random.fork('parking'), chaosMs),
    workload: {
      ...workload,
      itemCount: random.pick([1, 2, 2, 3, 6]),
      ...{ poison: mayKill ? 0.15 : 0.1 + 0.4 * random.next(), ills, undecodable: 0 },
    },
    handler: { ...handler, ignoresSignal: 0, sticks: 0 },
  }
}
