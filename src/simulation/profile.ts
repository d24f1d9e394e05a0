import type { NetworkFaults } from './network-faults.ts'
import { SeededRandom } from './random.ts'

/** How the consumers' handler behaves; probabilities are of one run of it. */
export interface HandlerHabits {
  /** Longest time before and after its effect. */
  readonly workMs: number
  /** Throws before the effect. */
  readonly failsBefore: number
  /** Throws after the effect. */
  readonly failsAfter: number
  /** Waits until its signal aborts. */
  readonly hangs: number
  /** Waits for ever, whatever its signal says. */
  readonly sticks: number
  /** Does not look at its signal. */
  readonly ignoresSignal: number
}

/** What the producer writes; probabilities are of one write. */
export interface WorkloadHabits {
  readonly itemCount: number
  readonly writeCount: number
  readonly everyMs: number
  readonly deletes: number
  readonly expires: number
  readonly same: number
  readonly poison: number
  readonly undecodable: number
  /** Keys that only exact numbers tell apart. */
  readonly hugeKeys: boolean
}

/** Options of the event source mapping. */
export interface MappingHabits {
  readonly batchSize: number
  readonly parallelizationFactor: number
  readonly maximumBatchingWindowInSeconds: number
  readonly bisectBatchOnFunctionError: boolean
  readonly maximumRetryAttempts: number
  readonly functionTimeoutMs: number
  readonly pollIntervalMs: number
  readonly reportsFailures: boolean
}

/** How the stream makes it hard for its readers. */
export interface StreamHabits {
  readonly emptyPageChance: number
  /** New shards are listed so much later. */
  readonly listingLagMs: number
}

/** Everything in which one seed's world differs from another's. */
export interface Profile {
  readonly ledger: 'retry' | 'park' | 'memory' | 'none'
  readonly identity: 'record' | 'message'
  readonly insertsOnly: boolean
  readonly consumerCount: number
  readonly concurrency: number
  readonly maxAttempts: number
  readonly workload: WorkloadHabits
  readonly mapping: MappingHabits
  readonly handler: HandlerHabits
  readonly network: NetworkFaults
  readonly networkTimeoutMs: number
  /** An environment dies at one of its awaits. */
  readonly crash: number
  readonly pause: number
  readonly pauseMs: number
  /** Clocks are ahead or behind by so much at most. The ledgers allow for five seconds between two of them. */
  readonly skewMs: number
  /** An idle environment is not used again. */
  readonly coldStart: number
  readonly stream: StreamHabits
  /** The stream's shard is closed and goes on in another, or in two. */
  readonly shardChanges: number
  /** How long the person takes who is asked about an uncertain outcome. */
  readonly decisionMs: number
}

/**
 * Draws a seed's profile. Each fault is absent in many seeds and frequent in some: a world with a little of everything
 * would hide what takes a lot of one thing, or the absence of another.
 */
export function drawProfile(seed: string): Profile {
  const random = new SeededRandom(seed).fork('profile')
  const ledger = random.pick(['retry', 'retry', 'retry', 'park', 'park', 'park', 'park', 'memory', 'none'] as const)
  const finiteRetries = random.chance(0.4)
  const mapping = drawMapping(random.fork('mapping'), finiteRetries)
  const network = drawNetwork(random.fork('network'))
  const handler = drawHandler(random.fork('handler'), ledger, mapping.functionTimeoutMs)
  // Without partial answers and without a memory a batch that is longer than an invocation can never come to its end.
  const isForgetful = !mapping.reportsFailures && (ledger === 'none' || ledger === 'memory')
  return {
    ledger,
    identity: random.chance(0.2) ? 'message' : 'record',
    insertsOnly: random.chance(0.2),
    consumerCount: random.chance(0.15) ? 2 : 1,
    concurrency: random.pick([1, 2, 3, 10]),
    maxAttempts: random.integer(1, 3),
    workload: drawWorkload(random.fork('workload')),
    mapping,
    handler: isForgetful ? { ...handler, workMs: 0 } : handler,
    network,
    networkTimeoutMs: random.pick([300, 1_000, 3_000]),
    crash: swarm(random, 0.6, 0.08),
    pause: swarm(random, 0.4, 0.04),
    pauseMs: random.pick([100, 1_000, 2 * mapping.functionTimeoutMs]),
    skewMs: random.chance(0.4) ? random.integer(0, Math.min(2_000, mapping.functionTimeoutMs / 4)) : 0,
    coldStart: swarm(random, 0.5, 0.6),
    stream: { emptyPageChance: swarm(random, 0.3, 0.8), listingLagMs: random.chance(0.2) ? 5_000 : 0 },
    shardChanges: random.chance(0.3) ? random.integer(1, 3) : 0,
    decisionMs: random.pick([500, 20_000]),
  }
}

/** Zero in most seeds, up to `most` in the others. */
function swarm(random: SeededRandom, share: number, most: number): number {
  const [isOn, size] = [random.chance(share), random.next()]
  return isOn ? size * most : 0
}

function drawMapping(random: SeededRandom, finiteRetries: boolean): MappingHabits {
  return {
    batchSize: random.pick([1, 3, 10, 40]),
    parallelizationFactor: random.pick([1, 1, 2, 3]),
    maximumBatchingWindowInSeconds: random.pick([0, 0, 1, 3]),
    bisectBatchOnFunctionError: random.chance(0.3),
    maximumRetryAttempts: finiteRetries ? random.integer(0, 4) : -1,
    functionTimeoutMs: random.pick([1_500, 4_000, 10_000]),
    pollIntervalMs: 1_000,
    reportsFailures: random.chance(0.9),
  }
}

function drawNetwork(random: SeededRandom): NetworkFaults {
  const down = random.chance(0.1) ? random.integer(0, 8_000) : -1
  return {
    requestLost: swarm(random, 0.4, 0.2),
    replyLost: swarm(random, 0.5, 0.3),
    duplicated: swarm(random, 0.4, 0.3),
    late: swarm(random, 0.3, 0.1),
    throttled: swarm(random, 0.3, 0.4),
    leftOver: swarm(random, 0.4, 0.6),
    delayMs: random.pick([1, 10, 60]),
    outages: down < 0 ? [] : [[down, down + random.integer(100, 15_000)]],
  }
}

function drawHandler(random: SeededRandom, ledger: Profile['ledger'], timeoutMs: number): HandlerHabits {
  const [failsAfter, ignoresSignal] = [swarm(random, 0.3, 0.2), swarm(random, 0.1, 0.1)]
  return {
    workMs: random.pick([0, 5, 50, timeoutMs / 3]),
    failsBefore: swarm(random, 0.5, 0.4),
    // "A handler that throws has failed": with 'park' it would be told to run again, and rightly.
    failsAfter: ledger === 'park' ? 0 : failsAfter,
    hangs: swarm(random, 0.2, 0.1),
    // Only where a scenario asks for it: an environment never gets over it (see scenarios.ts).
    sticks: 0,
    // With 'park', a person who looks into the mailbox too early would set the change free while its handler still sleeps.
    ignoresSignal: ledger === 'park' ? 0 : ignoresSignal,
  }
}

function drawWorkload(random: SeededRandom): WorkloadHabits {
  return {
    itemCount: random.pick([1, 2, 3, 6, 30]),
    writeCount: random.integer(3, 30),
    everyMs: random.pick([0, 5, 100, 800]),
    deletes: swarm(random, 0.4, 0.4),
    expires: swarm(random, 0.2, 0.2),
    same: swarm(random, 0.2, 0.3),
    poison: swarm(random, 0.15, 0.15),
    undecodable: swarm(random, 0.1, 0.1),
    hugeKeys: random.chance(0.3),
  }
}
