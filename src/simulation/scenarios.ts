import { perfectNetwork } from './network-faults.ts'
import type { Profile } from './profile.ts'

/** A change of what seeds draw, to look at one thing closely. */
export interface Scenario {
  readonly name: string
  readonly change: (drawn: Profile) => Profile
}

/** A world in which nothing fails: what it does then is what it costs. */
function calm(drawn: Profile): Profile {
  const { workload, handler, network } = drawn
  return {
    ...drawn,
    handler: { ...handler, failsBefore: 0, failsAfter: 0, hangs: 0, sticks: 0, ignoresSignal: 0, workMs: 0 },
    workload: { ...workload, poison: 0, undecodable: 0 },
    network: perfectNetwork(network.delayMs),
    crash: 0,
    pause: 0,
    skewMs: 0,
  }
}

/** One claimed record after the other, owners that die between its two writes, requests that arrive twice. */
function parked(drawn: Profile): Profile {
  const handler = { ...drawn.handler, failsAfter: 0, ignoresSignal: 0 }
  return { ...drawn, ledger: 'park', identity: 'record', handler, crash: Math.max(drawn.crash, 0.02) }
}

/** A handler that never returns: its environment keeps the item waiting for as long as it is used. */
function stuck(drawn: Profile): Profile {
  const quiet = calm(drawn)
  return { ...quiet, ledger: 'retry', coldStart: 0, handler: { ...quiet.handler, sticks: 0.1 } }
}

/** The ledger is slow at the deadline: marks go out after the answer, from an environment that is thawed later. */
function lateMarks(drawn: Profile): Profile {
  const { mapping, workload, network } = drawn
  return {
    ...drawn,
    ledger: 'retry',
    identity: 'record',
    insertsOnly: false,
    workload: { ...workload, itemCount: Math.min(2, workload.itemCount), writeCount: 20 },
    mapping: { ...mapping, functionTimeoutMs: 1_500, parallelizationFactor: 1, maximumRetryAttempts: -1 },
    handler: { ...drawn.handler, ignoresSignal: 0 },
    network: { ...network, throttled: Math.max(0.5, network.throttled) },
    skewMs: 0,
  }
}

const scenarios: readonly Scenario[] = [
  { name: 'swarm', change: (drawn) => drawn },
  { name: 'calm', change: calm },
  { name: 'retry', change: (drawn) => ({ ...drawn, ledger: 'retry', identity: 'record' }) },
  { name: 'park', change: parked },
  {
    name: 'messages',
    change: (drawn) => ({ ...drawn, identity: 'message', ledger: drawn.ledger === 'park' ? 'park' : 'retry' }),
  },
  {
    name: 'undecodable',
    change: (drawn) => ({
      ...drawn,
      workload: { ...drawn.workload, hugeKeys: false, undecodable: 0.3 },
      mapping: { ...drawn.mapping, maximumRetryAttempts: 2 },
    }),
  },
  { name: 'stuck-handler', change: stuck },
  { name: 'late-marks', change: lateMarks },
]

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new Error(`there is no scenario ${name}; there are ${scenarios.map((scenario) => scenario.name).join(', ')}`)
}
