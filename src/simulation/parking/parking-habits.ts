import type { NetworkFaults } from '../network-faults.ts'
import { swarm } from '../profile.ts'
import type { SeededRandom } from '../random.ts'
import { drawSinks } from './sink-habits.ts'

/** Of a world in which consumers park: what is wrong with records, and what people do about it. */
export interface ParkingHabits {
  readonly maxPerLane: number | undefined
  readonly maxPerConsumer: number | undefined
  /** How each of its dead-letter sinks fails. */
  readonly sinks: readonly NetworkFaults[]
  /** When the code is mended that `mendable` and `deadly` records stumble over; not before the faults end, where it is Infinity. */
  readonly mendedAtMs: number
  /** Redrivers that are started while there are faults, and when: processes of their own. */
  readonly redriversAtMs: readonly number[]
  /** What one of them is started for, instead of a redrive. */
  readonly drops: number
  readonly edits: number
  /** It dies, or stands still, at one of its awaits. */
  readonly crash: number
  readonly pause: number
  readonly pauseMs: number
  /** Their wall clocks are ahead or behind by so much at most. */
  readonly skewMs: number
  /** How long faults go on after the last write, at most; unless nothing is left that they could touch. */
  readonly restMs: number
  /** In this time everything that handlers call is away, and all of them fail alike. */
  readonly downstreamAway: readonly [from: number, to: number] | undefined
}

/** @param spanMs For how long there is something to redrive while there are faults. */
export function drawParking(random: SeededRandom, spanMs: number): ParkingHabits {
  // A lane is held for half a minute by whoever dies: what comes after that takes a world in which faults last longer.
  const isLong = random.chance(0.15)
  const count = isLong ? random.integer(3, 6) : random.integer(0, 5)
  const times = Array.from({ length: count }, () => random.next() * (isLong ? 80_000 : spanMs))
  // Two at once, mostly
  const redriversAtMs = times.flatMap((at) => (random.chance(0.4) ? [at, at + 50 * random.next()] : [at]))
  const isMendedEarly = random.chance(0.6)
  const mendedAtMs = random.next() * spanMs
  return {
    maxPerLane: random.chance(0.2) ? random.integer(1, 3) : undefined,
    maxPerConsumer: drawLimit(random.fork('limit')),
    sinks: drawSinks(random.fork('sinks'), spanMs),
    mendedAtMs: isMendedEarly ? mendedAtMs : Infinity,
    redriversAtMs,
    drops: swarm(random, 0.4, 0.5),
    edits: swarm(random, 0.4, 0.5),
    crash: swarm(random, 0.6, 0.15),
    pause: isLong ? 0.05 + 0.2 * random.next() : swarm(random, 0.5, 0.15),
    // Longer than a lane is held for, or not
    pauseMs: isLong ? 60_000 : random.pick([1_000, 40_000]),
    restMs: isLong ? 120_000 : 15_000,
    skewMs: random.chance(0.4) ? random.integer(0, 1_500) : 0,
    downstreamAway: undefined,
  }
}

function drawLimit(random: SeededRandom): number | undefined {
  const [isLow, limit] = [random.chance(0.2), random.integer(1, 5)]
  return isLow ? limit : undefined
}

/** Whether what is not parked may wait for a redrive: there is room for so many. */
export function isLimited({ maxPerLane, maxPerConsumer }: ParkingHabits): boolean {
  return maxPerLane !== undefined || maxPerConsumer !== undefined
}
