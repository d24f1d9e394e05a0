import type { BankHabits } from './bank/bank-habits.ts'
import type { NetworkFaults } from './network-faults.ts'
import type { ParkingHabits } from './parking/parking-habits.ts'
import type { SeededRandom } from './random.ts'

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
  /** What is wrong with poison; where nothing is said it is poison until the world is healed. */
  readonly ills?: readonly [Ill, ...Ill[]]
  /** Keys that only exact numbers tell apart. */
  readonly hugeKeys: boolean
}

/**
 * What is wrong with a poison record: the handler fails until it is mended, whatever is done to it short of editing it, or its
 * process dies of it until the handler is mended.
 */
export type Ill = 'mendable' | 'stubborn' | 'deadly'

/** How the stream makes it hard for its readers. */
export interface StreamHabits {
  readonly emptyPageChance: number
  /** New shards are listed so much later. */
  readonly listingLagMs: number
  /** How many shards the stream begins with; one, where nothing is said. */
  readonly initialShardCount?: number
  /** Its sequence numbers begin just below the first that has a digit more. */
  readonly gainsDigit?: boolean
}

/** What a consumer is, as far as its oracle has to know it. */
export interface ConsumerHabits {
  readonly ledger: LedgerKind
  readonly identity: IdentityKind
  readonly insertsOnly: boolean
  readonly maxAttempts: number
  readonly handler: HandlerHabits
  /** What effects are, where they commit with their marks. */
  readonly bank?: BankHabits
  /** Consumers park, and people redrive. */
  readonly parking?: ParkingHabits
}

/** `dynamodbLedger` in its two modes, one that commits effects with their marks, or one that is forgetful. */
export type LedgerKind = 'retry' | 'park' | 'memory' | 'none' | CommittingLedger

/** A ledger whose effects commit with their marks: `dynamodbTransactionLedger`, or `postgresLedger`. */
export type CommittingLedger = 'transactions' | 'postgres'

/** Whether effects commit with their marks: then each happens once, whatever happens. */
export function commitsOnce(ledger: LedgerKind): ledger is CommittingLedger {
  return ledger === 'transactions' || ledger === 'postgres'
}

/** What makes two changes the same: `business` is a function of the user, of an attribute that every item has. */
export type IdentityKind = 'record' | 'message' | 'business'

/** In what one seed's world differs from another's, whoever consumes in it. */
export interface WorldProfile {
  readonly workload: WorkloadHabits
  readonly stream: StreamHabits
  /** The stream's shard is closed and goes on in another, or in two. */
  readonly shardChanges: number
  readonly network: NetworkFaults
  readonly networkTimeoutMs: number
}

/** Zero in most seeds, up to `most` in the others. */
export function swarm(random: SeededRandom, share: number, most: number): number {
  const [isOn, size] = [random.chance(share), random.next()]
  return isOn ? size * most : 0
}

/**
 * Draws what every world has. Each fault is absent in many seeds and frequent in some: a world with a little of everything
 * would hide what takes a lot of one thing, or the absence of another.
 *
 * @param drawWriteCount How many changes a world of this kind has; from 3 to 30, where nothing is said.
 */
export function drawWorld(
  random: SeededRandom,
  drawWriteCount = (draw: SeededRandom) => draw.integer(3, 30),
): WorldProfile {
  const workload = drawWorkload(random.fork('workload'), drawWriteCount)
  // An outage after the last change would meet nothing that is under way.
  const busyMs = Math.round((workload.writeCount * workload.everyMs) / 2) + 2_000
  return {
    workload,
    network: drawNetwork(random.fork('network'), busyMs),
    networkTimeoutMs: random.pick([300, 1_000, 3_000]),
    stream: { emptyPageChance: swarm(random, 0.3, 0.8), listingLagMs: random.chance(0.2) ? 5_000 : 0 },
    shardChanges: random.chance(0.3) ? random.integer(1, 3) : 0,
  }
}

function drawNetwork(random: SeededRandom, busyMs: number): NetworkFaults {
  const down = random.chance(0.1) ? random.integer(0, busyMs) : -1
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

function drawWorkload(random: SeededRandom, drawWriteCount: (random: SeededRandom) => number): WorkloadHabits {
  return {
    itemCount: random.pick([1, 2, 3, 6, 30]),
    writeCount: drawWriteCount(random),
    everyMs: random.pick([0, 5, 100, 800]),
    deletes: swarm(random, 0.4, 0.4),
    expires: swarm(random, 0.2, 0.2),
    same: swarm(random, 0.2, 0.3),
    poison: swarm(random, 0.15, 0.15),
    undecodable: swarm(random, 0.1, 0.1),
    hugeKeys: random.chance(0.3),
  }
}
