import { drawWorld, swarm, type ConsumerHabits, type HandlerHabits, type WorldProfile } from '../profile.ts'
import { SeededRandom } from '../random.ts'

/** Options of the event source mapping. */
export interface MappingHabits {
  readonly batchSize: number
  readonly parallelizationFactor: number
  readonly maximumBatchingWindowInSeconds: number
  readonly bisectBatchOnFunctionError: boolean
  readonly maximumRetryAttempts: number
  readonly functionTimeoutMs: number
  /** Before the first retry; doubled with each. Lambda's own, where nothing is said. */
  readonly retryDelayMs?: number
  readonly pollIntervalMs: number
  /** Length of its windows; zero for none. */
  readonly tumblingWindowInSeconds: number
  /** How old a record becomes before it is given up; -1 for no such limit. */
  readonly maximumRecordAgeMs: number
  readonly reportsFailures: boolean
}

/** Everything in which one seed's world of Lambda differs from another's. */
export interface LambdaProfile extends WorldProfile, ConsumerHabits {
  readonly consumerCount: number
  readonly concurrency: number
  readonly maxAttempts: number
  readonly mapping: MappingHabits
  /** An environment dies at one of its awaits. */
  readonly crash: number
  readonly pause: number
  readonly pauseMs: number
  /** Clocks are ahead or behind by so much at most. The ledgers allow for five seconds between two of them. */
  readonly skewMs: number
  /** An idle environment is not used again. */
  readonly coldStart: number
  /** How long the person takes who is asked about an uncertain outcome. */
  readonly decisionMs: number
}

export function drawLambdaProfile(seed: string): LambdaProfile {
  const random = new SeededRandom(seed).fork('profile')
  const ledger = random.pick(['retry', 'retry', 'retry', 'park', 'park', 'park', 'park', 'memory', 'none'] as const)
  const mapping = drawMapping(random.fork('mapping'), random.chance(0.4))
  const handler = drawHandler(random.fork('handler'), ledger, mapping.functionTimeoutMs)
  // Without partial answers and without a memory a batch that is longer than an invocation can never come to its end.
  const isForgetful = !mapping.reportsFailures && (ledger === 'none' || ledger === 'memory')
  const world = drawWorld(random.fork('world'), drawWriteCount)
  return {
    ...world,
    stream: { ...world.stream, gainsDigit: random.fork('numbers').chance(0.1) },
    ledger,
    identity: random.pick(['record', 'record', 'record', 'record', 'record', 'message', 'business'] as const),
    insertsOnly: random.chance(0.2),
    consumerCount: random.chance(0.1) ? 2 : 1,
    concurrency: random.pick([1, 2, 3, 10]),
    maxAttempts: random.integer(1, 3),
    mapping,
    handler: isForgetful ? { ...handler, workMs: 0 } : handler,
    crash: swarm(random, 0.6, 0.08),
    pause: swarm(random, 0.4, 0.04),
    pauseMs: random.pick([100, 1_000, 2 * mapping.functionTimeoutMs]),
    skewMs: random.chance(0.4) ? random.integer(0, Math.min(2_000, mapping.functionTimeoutMs / 4)) : 0,
    coldStart: swarm(random, 0.5, 0.6),
    decisionMs: random.pick([500, 20_000]),
  }
}

// What goes wrong takes two or three changes most of the time, and time is better spent on another world than on a longer
// one; what takes a full batch, or a long lane, has the large ones.
function drawWriteCount(random: SeededRandom): number {
  return random.chance(0.15) ? random.integer(3, 30) : random.integer(2, 6)
}

function drawMapping(random: SeededRandom, finiteRetries: boolean): MappingHabits {
  return {
    batchSize: random.pick([1, 3, 10, 40]),
    parallelizationFactor: random.pick([1, 1, 2, 3]),
    maximumBatchingWindowInSeconds: random.pick([0, 0, 1, 3]),
    bisectBatchOnFunctionError: random.chance(0.3),
    maximumRetryAttempts: finiteRetries ? random.integer(0, 4) : -1,
    functionTimeoutMs: random.pick([1_500, 4_000, 10_000]),
    pollIntervalMs: random.pick([1_000, 3_000]),
    ...drawTimes(random.fork('times')),
    reportsFailures: random.chance(0.9),
  }
}

// One of them at most: the clock that makes records old early would also end windows early.
function drawTimes(random: SeededRandom): Pick<MappingHabits, 'tumblingWindowInSeconds' | 'maximumRecordAgeMs'> {
  const [draw, windowSeconds, ageMs] = [random.next(), random.integer(1, 8), random.integer(2_000, 30_000)]
  return { tumblingWindowInSeconds: draw < 0.12 ? windowSeconds : 0, maximumRecordAgeMs: draw > 0.8 ? ageMs : -1 }
}

/** Whether the mapping gets past a record that can't be handled. */
export function givesUp({ maximumRetryAttempts, maximumRecordAgeMs }: MappingHabits): boolean {
  return maximumRetryAttempts >= 0 || maximumRecordAgeMs >= 0
}

function drawHandler(random: SeededRandom, ledger: LambdaProfile['ledger'], timeoutMs: number): HandlerHabits {
  const [failsAfter, ignoresSignal] = [swarm(random, 0.3, 0.2), swarm(random, 0.1, 0.1)]
  return {
    workMs: random.pick([0, 5, 50, timeoutMs / 3]),
    failsBefore: swarm(random, 0.5, 0.4),
    // "A handler that throws has failed": with 'park' it would be told to run again, and rightly.
    failsAfter: ledger === 'park' ? 0 : failsAfter,
    hangs: swarm(random, 0.2, 0.1),
    // Only where a scenario asks for it: an environment never gets over it (see lambda-scenarios.ts).
    sticks: 0,
    // With 'park', a person who looks into the mailbox too early would set the change free while its handler still sleeps.
    ignoresSignal: ledger === 'park' ? 0 : ignoresSignal,
  }
}
