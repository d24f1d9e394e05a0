import type { LambdaProfile } from '../lambda/profile.ts'
import type { Ill } from '../profile.ts'
import type { SeededRandom } from '../random.ts'
import { drawParking } from './parking-habits.ts'

/** What all handlers call is away for a while: nearly nothing of that may be parked. */
export function outage(drawn: LambdaProfile, random: SeededRandom): LambdaProfile {
  const { parking, workload, handler } = drawn
  if (parking === undefined) return drawn
  const from = 3_000 * random.next()
  return {
    ...drawn,
    parking: {
      ...parking,
      downstreamAway: [from, from + 5_000 + 60_000 * random.next()],
      // What is tried again since a sink, or room, is away is counted again among the outcomes that the circuit looks at.
      ...{ maxPerLane: undefined, maxPerConsumer: undefined, sinks: [] },
    },
    // Ten items and more; a circuit closes when some record of theirs can be handled.
    workload: { ...workload, itemCount: 30, writeCount: 40, everyMs: random.pick([0, 100]), poison: 0 },
    handler: { ...handler, hangs: 0 },
    consumerCount: 1,
  }
}

/** A world of Lambda in which consumers park. */
export function parking(drawn: LambdaProfile, random: SeededRandom): LambdaProfile {
  const { workload, mapping, handler, network } = drawn
  const ledger = drawn.ledger === 'memory' ? 'retry' : drawn.ledger
  const ills = random.pick<readonly [Ill, ...Ill[]]>([
    ['mendable'],
    ['mendable', 'stubborn'],
    ['mendable', 'stubborn'],
    ['mendable', 'mendable', 'mendable', 'deadly'],
  ])
  const mayKill = ills.some((ill) => ill === 'deadly')
  const spanMs = workload.writeCount * workload.everyMs + 8_000
  return {
    ...drawn,
    ledger,
    parking: drawParking(random.fork('parking'), spanMs),
    workload: {
      ...workload,
      itemCount: random.pick([1, 2, 2, 3, 6]),
      ...{ poison: random.chance(0.1) ? 0 : mayKill ? 0.15 : 0.1 + 0.4 * random.next(), ills, undecodable: 0 },
    },
    // A mapping that gives records up, or takes every answer for success, keeps nothing in order.
    mapping: {
      ...mapping,
      ...{ maximumRetryAttempts: -1, maximumRecordAgeMs: -1, tumblingWindowInSeconds: 0, reportsFailures: true },
      // A record that kills is noted when it is a minute old.
      ...(mayKill ? { retryDelayMs: 1_000 } : {}),
    },
    handler: { ...handler, ignoresSignal: 0, sticks: 0 },
    network: { ...network, late: random.chance(0.8) ? 0 : network.late },
  }
}
