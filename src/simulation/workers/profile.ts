import type { OperatorHabits } from './fleet-operator.ts'
import { drawWorld, swarm, type ConsumerHabits, type HandlerHabits, type WorldProfile } from '../profile.ts'
import { SeededRandom } from '../random.ts'

/** From and to, in milliseconds since the beginning. */
export type Span = readonly [from: number, to: number]

/** What goes wrong with a worker's process and its machine. */
export interface ProcessFaults {
  /** It dies at one of its awaits. */
  readonly crash: number
  /** It is stopped at one of its awaits, for so long at most. */
  readonly pause: number
  readonly pauseMs: number
  /** How often, in the whole world, something happens to some worker: see {@link FleetEvent}. */
  readonly eventCount: number
  readonly events: readonly FleetEvent[]
  /** How long it takes until a worker that died or was stopped is started again. */
  readonly restartMs: number
}

/** What happens to a worker at a time, whatever it is doing. */
export type FleetEvent = 'kill' | 'stop' | 'pause' | 'suspend' | 'set clock'

/** How the worker is set up. */
export interface WorkerHabits {
  readonly leaseDurationMs: number
  readonly checkpointIntervalMs: number
  readonly shutdownTimeoutMs: number
  readonly idlePollMs: number
  readonly startAt: 'TRIM_HORIZON' | 'LATEST'
  readonly onGap: 'halt' | 'continue'
}

/** Everything in which one seed's world of workers differs from another's. */
export interface WorkerProfile extends WorldProfile, ConsumerHabits {
  readonly worker: WorkerHabits
  readonly workerCount: number
  readonly concurrency: number
  readonly maxAttempts: number
  /** Effects are committed with a check of the lease. */
  readonly isFenced: boolean
  readonly process: ProcessFaults
  /** Wall clocks are ahead or behind by so much at most. */
  readonly skewMs: number
  /** Clocks are faster or slower by this share at most. */
  readonly drift: number
  /** Times in which the coordination table answers with errors: to all, or to one worker alone. */
  readonly outages: readonly Span[]
  readonly cutOffs: readonly Span[]
  /** Times in which the stream may not be read. */
  readonly denials: readonly Span[]
  /** A read is answered as if its iterator were too old. */
  readonly iteratorExpires: number
  /** The stream is disabled and, some time later, enabled again. */
  readonly streamOff: Span | undefined
  /** All workers are away for so many hours in the middle: what they have not read by then is lost. */
  readonly awayHours: number
  /** How long the faults last. */
  readonly chaosMs: number
  readonly decisionMs: number
  /** The person who decides waits until a worker asks, a quarter of an hour, also when the owner of a claim is dead. */
  readonly isPatient: boolean
  /** What an operator does to the fleet, where there is one. */
  readonly operator?: OperatorHabits
  /** A fleet at rest is watched, for what it still reads and writes. */
  readonly watchesRest: boolean
}

interface Size {
  readonly writeCount: readonly [fewest: number, most: number]
  /** For how many lease durations the faults last. */
  readonly fewestLeases: number
  readonly moreLeases: number
  readonly workerCounts: readonly [number, ...number[]]
  readonly shardCounts: readonly [number, ...number[]]
  readonly mostShardChanges: number
  readonly mostFleetEvents: number
}

// What goes wrong takes two workers, a shard or two and a few changes most of the time, and time is better spent on another
// world than on a longer one. What takes a fleet has the large ones.
const small: Size = {
  writeCount: [2, 8],
  ...{ fewestLeases: 0.5, moreLeases: 2 },
  ...{ workerCounts: [1, 2, 2, 2, 3], shardCounts: [1, 1, 1, 2], mostShardChanges: 2, mostFleetEvents: 3 },
}
const large: Size = {
  writeCount: [3, 30],
  ...{ fewestLeases: 2, moreLeases: 5 },
  ...{ workerCounts: [2, 3, 4, 5], shardCounts: [1, 2, 3, 5], mostShardChanges: 4, mostFleetEvents: 6 },
}

export function drawWorkerProfile(seed: string): WorkerProfile {
  const random = new SeededRandom(seed).fork('worker profile')
  const size = random.fork('size').chance(0.1) ? large : small
  const world = drawWorld(random.fork('world'), (draw) => draw.integer(...size.writeCount))
  const ledger = random.pick(['none', 'none', 'none', 'none', 'none', 'retry', 'retry', 'park', 'park'] as const)
  const leaseDurationMs = random.pick([5_000, 10_000, 20_000])
  const chaosMs = Math.round(leaseDurationMs * (size.fewestLeases + size.moreLeases * random.next()))
  const awayHours = random.chance(0.06) ? random.pick([24.2, 24.8, 25, 27, 33, 50]) : 0
  const startAt = random.chance(0.15) ? ('LATEST' as const) : ('TRIM_HORIZON' as const)
  const isCareful = ledger === 'park' || startAt === 'LATEST' || awayHours > 0
  const { workload } = world
  return {
    ...world,
    workload: { ...workload, undecodable: 0, everyMs: Math.round((2 * chaosMs * random.next()) / workload.writeCount) },
    stream: { ...world.stream, initialShardCount: random.pick(size.shardCounts) },
    shardChanges: random.chance(0.6) ? random.integer(1, size.mostShardChanges) : 0,
    network: { ...world.network, leftOver: ledger === 'none' ? 0 : world.network.leftOver, outages: [] },
    ledger,
    identity:
      ledger === 'none' ? 'record' : random.pick(['record', 'record', 'record', 'message', 'business'] as const),
    insertsOnly: random.chance(0.15),
    handler: drawHandler(random.fork('handler'), ledger, leaseDurationMs),
    worker: {
      ...drawHabits(random.fork('worker'), leaseDurationMs),
      startAt,
      onGap: random.pick(['halt', 'continue']),
    },
    workerCount: random.pick(size.workerCounts),
    concurrency: random.pick([1, 2, 3, 10]),
    maxAttempts: random.integer(1, 3),
    isFenced: ledger === 'none' && random.chance(0.4),
    process: drawProcess(random.fork('process'), leaseDurationMs, size),
    // A LATEST start and a day's age are told by wall clocks, which a few seconds of difference leave in order.
    skewMs: random.chance(0.5) ? random.integer(0, isCareful ? 2_000 : 600_000) : 0,
    drift: swarm(random, 0.4, isCareful ? 0.001 : 0.08),
    outages: drawSpans(random.fork('outages'), 0.25, chaosMs, 3 * leaseDurationMs),
    cutOffs: drawSpans(random.fork('cut-offs'), 0.35, chaosMs, 2 * leaseDurationMs),
    denials: drawSpans(random.fork('denials'), 0.15, chaosMs, leaseDurationMs),
    iteratorExpires: swarm(random, 0.3, 0.3),
    streamOff: random.chance(0.08) ? drawSpan(random, chaosMs, leaseDurationMs) : undefined,
    awayHours,
    chaosMs,
    decisionMs: random.pick([500, 10_000]),
    isPatient: random.chance(0.03),
    watchesRest: random.fork('rest').chance(0.1),
  }
}

function drawHabits(random: SeededRandom, leaseDurationMs: number): Omit<WorkerHabits, 'startAt' | 'onGap'> {
  return {
    leaseDurationMs,
    checkpointIntervalMs: random.pick([300, 1_000, leaseDurationMs]),
    shutdownTimeoutMs: random.pick([0, 500, 5_000]),
    idlePollMs: random.pick([500, 3_000, 10_000]),
  }
}

function drawProcess(random: SeededRandom, leaseDurationMs: number, size: Size): ProcessFaults {
  // Not both: a clock that is set back hides from a machine that it has slept.
  const clock = random.pick(['suspend', 'set clock'] as const)
  const events = (['kill', 'stop', 'pause', clock] as const).filter(() => random.chance(0.5))
  return {
    crash: swarm(random, 0.4, 0.01),
    pause: swarm(random, 0.4, 0.01),
    pauseMs: leaseDurationMs * random.pick([0.2, 1.2, 3]),
    eventCount: random.chance(0.75) ? random.integer(1, size.mostFleetEvents) : 0,
    events: events.length === 0 ? ['kill'] : events,
    restartMs: random.pick([0, 1_000, leaseDurationMs, 3 * leaseDurationMs]),
  }
}

function drawHandler(random: SeededRandom, ledger: WorkerProfile['ledger'], leaseMs: number): HandlerHabits {
  const [failsAfter, ignoresSignal] = [swarm(random, 0.3, 0.2), swarm(random, 0.15, 0.1)]
  return {
    workMs: random.pick([0, 5, 200, leaseMs / 3]),
    failsBefore: swarm(random, 0.5, 0.4),
    // "A handler that throws has failed": with 'park' it would be told to run again, and rightly.
    failsAfter: ledger === 'park' ? 0 : failsAfter,
    // A worker waits for its handlers for as long as it has the lease: one that waits for ever is for ever.
    hangs: 0,
    sticks: 0,
    ignoresSignal: ledger === 'park' ? 0 : ignoresSignal,
  }
}

function drawSpans(random: SeededRandom, share: number, withinMs: number, mostMs: number): readonly Span[] {
  const spans = [drawSpan(random, withinMs, mostMs), drawSpan(random, withinMs, mostMs)]
  return random.chance(share) ? spans.slice(0, random.integer(1, 2)) : []
}

function drawSpan(random: SeededRandom, withinMs: number, mostMs: number): Span {
  const from = random.next() * withinMs
  return [from, from + random.next() * mostMs]
}
