import { lambdaMarks, type LambdaMark } from '../lambda-marks.ts'
import { drawLambdaProfile, type LambdaProfile } from '../lambda-profile.ts'
import { LambdaWorld } from '../lambda-world.ts'
import type { CommittingLedger } from '../profile.ts'
import { SeededRandom } from '../random.ts'
import { scenarioOf, type Scenario, type WorldKind } from '../run.ts'
import { workerMarks, type WorkerMark } from '../worker-marks.ts'
import { drawWorkerProfile, type WorkerProfile } from '../worker-profile.ts'
import { WorkerWorld } from '../worker-world.ts'
import { drawBank } from './bank-habits.ts'
import { bankMarks } from './bank-marks.ts'

const identities = ['record', 'record', 'record', 'message', 'business'] as const

function lambdaBank(ledger: CommittingLedger): WorldKind<LambdaProfile, LambdaMark> {
  return {
    draw: (seed) => {
      const random = new SeededRandom(seed).fork('bank')
      return { ...drawLambdaProfile(seed), ledger, identity: random.pick(identities), bank: drawBank(random) }
    },
    play: (world) => new LambdaWorld(world).run(),
    marks: bankMarks(lambdaMarks),
  }
}

function workerBank(ledger: CommittingLedger): WorldKind<WorkerProfile, WorkerMark> {
  return {
    draw: (seed) => {
      const random = new SeededRandom(seed).fork('bank')
      const drawn = drawWorkerProfile(seed)
      return { ...drawn, ledger, identity: random.pick(identities), isFenced: false, bank: drawBank(random) }
    },
    play: (world) => new WorkerWorld(world).run(),
    marks: bankMarks(workerMarks),
  }
}

const ledgers = ['transactions'] as const

/** Worlds in which effects commit with their marks: `transactions` and `postgres`, and with workers `workers-…`. */
export const bankScenarios: readonly Scenario[] = ledgers.flatMap((ledger) => [
  scenarioOf(lambdaBank(ledger), ledger),
  scenarioOf(workerBank(ledger), `workers-${ledger}`),
])
