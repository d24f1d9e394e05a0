import type { Actor } from '../actor.ts'
import type { LotOracle } from './lot-oracle.ts'
import type { ParkingWorld } from './redriver.ts'
import { sinksOf } from './simulated-sinks.ts'

/** How a process of the host parks, wherever that is. */
export function parkingOptionsOf(world: ParkingWorld, actor: Actor, oracle: LotOracle) {
  const { maxPerLane, maxPerConsumer } = world.profile.parking ?? {}
  return {
    sinks: sinksOf(world, actor, oracle),
    ...(maxPerLane === undefined ? {} : { maxPerLane }),
    ...(maxPerConsumer === undefined ? {} : { maxPerConsumer }),
  }
}
