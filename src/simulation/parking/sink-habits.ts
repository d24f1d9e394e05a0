import { perfectNetwork, type NetworkFaults } from '../network-faults.ts'
import { swarm } from '../profile.ts'
import type { SeededRandom } from '../random.ts'

/** The sinks that a world's consumers tell: how unreliable each of them is, and the way to it. */
export function drawSinks(random: SeededRandom, spanMs: number): readonly NetworkFaults[] {
  const count = random.chance(0.4) ? random.integer(1, 2) : 0
  return Array.from({ length: count }, () => drawSink(random, spanMs))
}

function drawSink(random: SeededRandom, spanMs: number): NetworkFaults {
  const from = random.next() * spanMs
  return {
    ...perfectNetwork(random.pick([1, 10, 60, 600])),
    requestLost: swarm(random, 0.4, 0.3),
    replyLost: swarm(random, 0.5, 0.4),
    duplicated: swarm(random, 0.3, 0.3),
    late: swarm(random, 0.3, 0.2),
    throttled: swarm(random, 0.3, 0.5),
    outages: random.chance(0.5) ? [[from, from + random.integer(500, 20_000)]] : [],
  }
}
