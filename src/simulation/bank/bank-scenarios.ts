import { lambdaMarks, type LambdaMark } from '../lambda/marks.ts'
import { drawLambdaProfile, type LambdaProfile, type MappingHabits } from '../lambda/profile.ts'
import { LambdaWorld } from '../lambda/world.ts'
import type { CommittingLedger, HandlerHabits } from '../profile.ts'
import { SeededRandom } from '../random.ts'
import { scenarioOf, type Scenario, type WorldKind } from '../run.ts'
import { workerMarks, type WorkerMark } from '../workers/marks.ts'
import { drawWorkerProfile, type WorkerProfile } from '../workers/profile.ts'
import { WorkerWorld } from '../workers/world.ts'
import { parking } from '../parking/lambda-parking.ts'
import { parkingMarks } from '../parking/parking-marks.ts'
import { workerParking } from '../parking/worker-parking.ts'
import { drawBank } from './bank-habits.ts'
import { bankMarks } from './bank-marks.ts'

const identities = ['record', 'record', 'record', 'message', 'business'] as const

function lambdaBank(ledger: CommittingLedger): WorldKind<LambdaProfile, LambdaMark> {
  return {
    draw: (seed) => {
      const random = new SeededRandom(seed).fork('bank')
      const drawn = drawLambdaProfile(seed)
      const { writeCount, everyMs } = drawn.workload
      const bank = drawBank(random, 2_000 + writeCount * everyMs)
      return { ...drawn, ledger, identity: random.pick(identities), handler: brisk(drawn.handler, ledger), bank }
    },
    play: (world) => new LambdaWorld(world).run(),
    marks: bankMarks(lambdaMarks, ledger, 'lambda'),
  }
}

function workerBank(ledger: CommittingLedger): WorldKind<WorkerProfile, WorkerMark> {
  return {
    draw: (seed) => {
      const random = new SeededRandom(seed).fork('bank')
      const drawn = drawWorkerProfile(seed)
      const bank = drawBank(random, drawn.chaosMs)
      // Where a start at LATEST begins is judged in the other worlds of workers.
      const worker = { ...drawn.worker, startAt: 'TRIM_HORIZON' as const }
      const habits = { worker, ledger, identity: random.pick(identities), handler: brisk(drawn.handler, ledger) }
      return { ...drawn, ...habits, isFenced: false, bank }
    },
    play: (world) => new WorkerWorld(world).run(),
    marks: bankMarks(workerMarks, ledger, 'worker'),
  }
}

// A lane waits for its commits: when a record is parked, what stands before it is durable, and never comes later.
const parkingBankMarks = parkingMarks.filter((mark) => mark !== 'record queued before others')

/** Transfers that are refused are parked, and redriven in the transaction that takes them out of the lot. */
function lambdaParking(ledger: CommittingLedger): WorldKind<LambdaProfile, LambdaMark> {
  const kind = lambdaBank(ledger)
  return {
    ...kind,
    draw: (seed) => {
      const drawn = kind.draw(seed)
      const random = new SeededRandom(seed).fork('parking bank')
      // Two mappings side by side keep no order, and whoever is first would park a lane under the other.
      const bank = drawn.bank && { ...drawn.bank, isReplayed: false }
      const parked = parking({ ...drawn, ledger: 'retry' }, random)
      return { ...parked, mapping: patient(parked.mapping, ledger), ledger, ...(bank && { bank }) }
    },
    marks: parkingBankMarks,
  }
}

function workerParkingBank(ledger: CommittingLedger): WorldKind<WorkerProfile, WorkerMark> {
  const kind = workerBank(ledger)
  return {
    ...kind,
    draw: (seed) => workerParking(kind.draw(seed), new SeededRandom(seed).fork('parking bank')),
    marks: parkingBankMarks,
  }
}

/** One that waits for longer between two statements than its transaction may be idle would never come to its end. */
function brisk(handler: HandlerHabits, ledger: CommittingLedger): HandlerHabits {
  return ledger === 'postgres' ? { ...handler, workMs: Math.min(400, handler.workMs) } : handler
}

/** To try a record twice and to park it takes thirty statements one after the other, with a network in between. */
function patient(mapping: MappingHabits, ledger: CommittingLedger): MappingHabits {
  return ledger === 'postgres' ? { ...mapping, functionTimeoutMs: Math.max(8_000, mapping.functionTimeoutMs) } : mapping
}

/** Requests that come late, and twice, from workers that stand still for a little longer than their lease. */
function late(drawn: WorkerProfile): WorkerProfile {
  const { network, process, workload, chaosMs, ledger } = drawn
  // A connection is gone with its process; a request to DynamoDB is not, and comes behind what the process goes on with.
  const crash = ledger === 'postgres' ? 0.01 : process.crash
  return {
    ...drawn,
    network: { ...network, replyLost: 0.15, duplicated: 0.3, late: 0.15 },
    process: { ...process, crash, pause: Math.max(0.01, process.pause), pauseMs: 2 * drawn.worker.leaseDurationMs },
    workerCount: Math.max(2, drawn.workerCount),
    workload: { ...workload, writeCount: Math.max(8, workload.writeCount), everyMs: chaosMs / 10 },
  }
}

const ledgers = ['transactions', 'postgres'] as const

/** Few items, of which many changes are refused when they are to be committed. */
function refused(drawn: LambdaProfile): LambdaProfile {
  const { bank, workload } = drawn
  if (bank === undefined) return drawn
  return {
    ...drawn,
    workload: { ...workload, itemCount: Math.min(2, workload.itemCount), writeCount: 12 },
    bank: { ...bank, accountCount: 4, frozenMs: 8_000, refusesAtCommit: true, maxRecordsPerTransaction: 2 },
  }
}

/** All change the same two rows and have little time for it, so that many are over while they wait for a lock. */
function hot(drawn: LambdaProfile): LambdaProfile {
  const { bank, workload, mapping, network } = drawn
  if (bank === undefined) return drawn
  return {
    ...drawn,
    concurrency: 10,
    workload: { ...workload, itemCount: 30, writeCount: 25, everyMs: 0 },
    mapping: {
      ...mapping,
      functionTimeoutMs: mapping.functionTimeoutMs < 4_000 ? 1_500 : 4_000,
      parallelizationFactor: 3,
    },
    network: { ...network, delayMs: 60 },
    bank: { ...bank, accountCount: 2, isReplayed: true },
  }
}

/** Worlds in which effects commit with their marks: `transactions` and `postgres`, and with workers `workers-…`. */
export const bankScenarios: readonly Scenario[] = [
  ...ledgers.flatMap((ledger) => [
    scenarioOf(lambdaBank(ledger), ledger),
    scenarioOf(workerBank(ledger), `workers-${ledger}`),
    scenarioOf(lambdaBank(ledger), `${ledger}-refused`, refused),
    scenarioOf(workerBank(ledger), `workers-${ledger}-late`, late),
    scenarioOf(lambdaParking(ledger), `parking-${ledger}`),
    scenarioOf(workerParkingBank(ledger), `workers-parking-${ledger}`),
  ]),
  scenarioOf(lambdaBank('postgres'), 'postgres-hot', hot),
]
