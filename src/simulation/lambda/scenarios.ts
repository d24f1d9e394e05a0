import { lambdaMarks, type LambdaMark } from './marks.ts'
import { outage, parking } from '../parking/lambda-parking.ts'
import { drawLambdaProfile, type LambdaProfile } from './profile.ts'
import { LambdaWorld } from './world.ts'
import { perfectNetwork } from '../network-faults.ts'
import { parkingMarks } from '../parking/parking-marks.ts'
import { SeededRandom } from '../random.ts'
import { scenarioOf, type Scenario, type WorldKind } from '../run.ts'

const lambda: WorldKind<LambdaProfile, LambdaMark> = {
  draw: drawLambdaProfile,
  play: (world) => new LambdaWorld(world).run(),
  marks: lambdaMarks,
}

/** Consumers that park, and people who redrive. */
const lambdaParking: WorldKind<LambdaProfile, LambdaMark> = {
  ...lambda,
  draw: (seed) => parking(drawLambdaProfile(seed), new SeededRandom(seed).fork('lambda parking')),
  marks: parkingMarks,
}

/** A world in which nothing fails: what it does then is what it costs. */
function calm(drawn: LambdaProfile): LambdaProfile {
  const { workload, handler, network, mapping } = drawn
  return {
    ...drawn,
    mapping: { ...mapping, maximumRecordAgeMs: -1 },
    handler: { ...handler, failsBefore: 0, failsAfter: 0, hangs: 0, sticks: 0, ignoresSignal: 0, workMs: 0 },
    workload: { ...workload, poison: 0, undecodable: 0 },
    network: perfectNetwork(network.delayMs),
    crash: 0,
    pause: 0,
    skewMs: 0,
  }
}

/** One claimed record after the other, owners that die between its two writes, requests that arrive twice. */
function parked(drawn: LambdaProfile): LambdaProfile {
  const handler = { ...drawn.handler, failsAfter: 0, ignoresSignal: 0 }
  // Two owners of one claim meet more often where there are more changes.
  const workload = { ...drawn.workload, writeCount: Math.min(30, 3 * drawn.workload.writeCount) }
  return { ...drawn, ledger: 'park', identity: 'record', workload, handler, crash: Math.max(drawn.crash, 0.02) }
}

/** A handler that never returns: its environment keeps the item waiting for as long as it is used. */
function stuck(drawn: LambdaProfile): LambdaProfile {
  const quiet = calm(drawn)
  return { ...quiet, ledger: 'retry', coldStart: 0, handler: { ...quiet.handler, sticks: 0.1 } }
}

/** The ledger is slow at the deadline: marks go out after the answer, from an environment that is thawed later. */
function lateMarks(drawn: LambdaProfile): LambdaProfile {
  const { mapping, workload, network } = drawn
  return {
    ...drawn,
    ledger: 'retry',
    identity: 'record',
    insertsOnly: false,
    workload: { ...workload, itemCount: Math.min(2, workload.itemCount), writeCount: 20 },
    mapping: {
      ...mapping,
      functionTimeoutMs: 1_500,
      parallelizationFactor: 1,
      maximumRetryAttempts: -1,
      maximumRecordAgeMs: -1,
    },
    handler: { ...drawn.handler, ignoresSignal: 0 },
    network: { ...network, throttled: Math.max(0.5, network.throttled) },
    skewMs: 0,
  }
}

export const lambdaScenarios: readonly Scenario[] = [
  scenarioOf(lambda, 'swarm'),
  scenarioOf(lambda, 'calm', calm),
  scenarioOf(lambda, 'retry', (drawn) => ({ ...drawn, ledger: 'retry' as const, identity: 'record' as const })),
  scenarioOf(lambda, 'park', parked),
  scenarioOf(lambda, 'messages', (drawn) => ({
    ...drawn,
    identity: 'message' as const,
    ledger: drawn.ledger === 'park' ? ('park' as const) : ('retry' as const),
  })),
  scenarioOf(lambda, 'business', (drawn) => ({
    ...drawn,
    identity: 'business' as const,
    workload: { ...drawn.workload, same: Math.max(0.3, drawn.workload.same) },
  })),
  scenarioOf(lambda, 'undecodable', (drawn) => ({
    ...drawn,
    workload: { ...drawn.workload, hugeKeys: false, undecodable: 0.3 },
    mapping: { ...drawn.mapping, maximumRetryAttempts: 2 },
  })),
  scenarioOf(lambdaParking, 'parking'),
  scenarioOf(
    {
      ...lambdaParking,
      draw: (seed) => outage(lambdaParking.draw(seed), new SeededRandom(seed).fork('outage')),
      marks: ['circuit opened'],
    },
    'parking-outage',
  ),
  scenarioOf(lambda, 'stuck-handler', stuck),
  scenarioOf(lambda, 'late-marks', lateMarks),
]
