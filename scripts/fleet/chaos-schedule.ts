import { SeededRandom } from '../../src/simulation/random.ts'
import type { Direction, Healing } from './half-open-proxy.ts'

/** Something that is done to a worker or to all of them, or a worker that is added, some time after the start. */
export type ChaosEvent = CrewEvent | ReplayEvent | DatabaseEvent

/** What happens to one worker. */
export type CrewEvent = MembershipEvent | PauseEvent | BlackHoleEvent

interface WorkerEvent {
  readonly atMs: number
  readonly worker: string
}

interface MembershipEvent extends WorkerEvent {
  readonly kind: 'kill' | 'stop' | 'add'
}

interface PauseEvent extends WorkerEvent {
  readonly kind: 'pause' | 'cut'
  readonly forMs: number
}

interface BlackHoleEvent extends WorkerEvent {
  readonly kind: 'blackHole'
  readonly forMs: number
  readonly direction: Direction
  readonly healing: Healing
}

/** All that are awake go, the checkpoints go back to the beginning of the stream, and others come. Who sleeps sleeps on. */
export interface ReplayEvent extends WorkerEvent {
  readonly kind: 'replay'
  readonly how: 'kill' | 'stop'
  readonly joining: readonly string[]
  /** By then it should be over. */
  readonly untilMs: number
}

/** The server of the accounts is killed, and started again. */
export interface DatabaseEvent extends WorkerEvent {
  readonly kind: 'database'
  readonly forMs: number
}

/** A disturbance of a worker that ends. */
export type PassingEvent = PauseEvent | BlackHoleEvent

/** What a schedule is made of. */
export interface ChaosPlan {
  readonly seed: string
  /** Everything is over by then. */
  readonly durationMs: number
  /** How many workers there are at the start, and most of the time. */
  readonly workerCount: number
  readonly leaseDurationMs: number
  /** The mean time between two events. */
  readonly everyMs: number
  /** @default {@link chaosKinds} */
  readonly kinds?: readonly ChaosKind[]
}

export const chaosKinds = ['kill', 'pause', 'stop', 'add', 'cut', 'lostRequests', 'lostReplies', 'partition'] as const

export type ChaosKind = (typeof chaosKinds)[number] | 'replay' | 'database'

/** A worker that can't reach the service does not start; what is tried here is those that did. */
const startMs = 3_000

/** Names the n-th worker that is ever started, from 1. */
export function workerName(n: number): string {
  return `w${n}`
}

/**
 * Draws what happens, by the seed alone. Every kind comes before any comes again; at least one worker is always left in
 * peace; whoever is killed or stopped is replaced soon; nothing is done to a worker while something else is.
 */
export function scheduleChaos(plan: ChaosPlan): readonly ChaosEvent[] {
  const random = new SeededRandom(`chaos/${plan.seed}`)
  const roster = new Roster(plan.workerCount)
  const events: ChaosEvent[] = []
  let deck: ChaosKind[] = []
  for (let atMs = plan.leaseDurationMs; ; atMs += plan.everyMs * (0.5 + random.next())) {
    if (deck.length === 0) deck = shuffled(plan.kinds ?? chaosKinds, random)
    const kind = deck.pop()
    const drawn = kind === undefined ? [] : draw(kind, Math.round(atMs), plan, roster, random)
    if (atMs > plan.durationMs) break
    events.push(...drawn.filter((event) => endOf(event) <= plan.durationMs))
  }
  return events.toSorted((one, other) => one.atMs - other.atMs)
}

function draw(kind: ChaosKind, atMs: number, plan: ChaosPlan, roster: Roster, random: SeededRandom): ChaosEvent[] {
  if (kind === 'replay') return drawReplay(atMs, plan, roster, random)
  if (kind === 'database') return [{ atMs, kind, worker: 'database', forMs: random.integer(200, 3_000) }]
  if (kind === 'add') return roster.size > plan.workerCount ? [] : [{ atMs, kind, worker: roster.add(atMs) }]
  const worker = roster.pickCalm(atMs, random)
  if (worker === undefined) return []
  if (kind === 'kill' || kind === 'stop') {
    if (atMs > plan.durationMs) return []
    roster.remove(worker)
    const addAt = atMs + random.integer(300, 1_500)
    return [
      { atMs, kind, worker },
      { atMs: addAt, kind: 'add', worker: roster.add(addAt) },
    ]
  }
  // Who is paused shall find on waking that others have its shards: they take them within one and a half leases.
  const leases = kind === 'pause' ? 1.6 + random.next() : 0.3 + 2 * random.next()
  const forMs = Math.round(plan.leaseDurationMs * leases)
  if (atMs + forMs > plan.durationMs) return []
  // Peace for a while afterwards: what comes next shall find a worker that works.
  roster.disturb(worker, atMs + forMs + plan.leaseDurationMs, kind === 'pause' ? atMs + forMs : -Infinity)
  if (kind === 'pause' || kind === 'cut') return [{ atMs, kind, worker, forMs }]
  const direction = ({ lostRequests: 'toServer', lostReplies: 'toClient', partition: 'both' } as const)[kind]
  const healing = random.chance(0.5) ? 'deliver' : 'reset'
  return [{ atMs, kind: 'blackHole', worker, forMs, direction, healing }]
}

function drawReplay(atMs: number, plan: ChaosPlan, roster: Roster, random: SeededRandom): ChaosEvent[] {
  // The dead are watched for one and a half leases before anybody believes it, and the stream is read.
  const untilMs = atMs + 2 * plan.leaseDurationMs + 4_000
  if (untilMs > plan.durationMs || !roster.standStill(atMs, untilMs)) return []
  const joinCount = Math.max(1, plan.workerCount - roster.size)
  const joining = Array.from({ length: joinCount }, () => roster.add(untilMs))
  return [{ atMs, kind: 'replay', worker: 'everybody', how: random.chance(0.5) ? 'kill' : 'stop', joining, untilMs }]
}

/** Says what happens, in a line. */
export function describeEvent(event: ChaosEvent): string {
  if (event.kind === 'replay') return `${event.how} all, and replay from the beginning`
  const how = event.kind === 'blackHole' ? ` ${event.direction}, then ${event.healing}` : ''
  return `${event.kind} ${event.worker}${how}${'forMs' in event ? ` for ${event.forMs} ms` : ''}`
}

function endOf(event: ChaosEvent): number {
  if ('untilMs' in event) return event.untilMs
  return event.atMs + ('forMs' in event ? event.forMs : 0)
}

/** Who is there, and until when each is disturbed. */
class Roster {
  readonly #busyUntil = new Map<string, number>()
  readonly #joinsAt = new Map<string, number>()
  readonly #sleepsUntil = new Map<string, number>()
  #stillUntil = -Infinity
  #count = 0

  constructor(workerCount: number) {
    for (let n = 0; n < workerCount; n += 1) this.add(-Infinity)
  }

  get size(): number {
    return this.#busyUntil.size
  }

  add(atMs: number): string {
    const name = workerName((this.#count += 1))
    this.#busyUntil.set(name, atMs + startMs)
    this.#joinsAt.set(name, atMs)
    return name
  }

  remove(worker: string): void {
    this.#busyUntil.delete(worker)
  }

  /** Removes all that are there and do not sleep; false when they stand still already. */
  standStill(atMs: number, untilMs: number): boolean {
    if (atMs < this.#stillUntil) return false
    this.#stillUntil = untilMs
    for (const worker of this.#busyUntil.keys()) {
      const isThere = (this.#joinsAt.get(worker) ?? -Infinity) <= atMs
      if (isThere && (this.#sleepsUntil.get(worker) ?? -Infinity) <= atMs) this.remove(worker)
    }
    return true
  }

  disturb(worker: string, untilMs: number, sleepsUntilMs: number): void {
    this.#busyUntil.set(worker, untilMs)
    this.#sleepsUntil.set(worker, sleepsUntilMs)
  }

  /** One of those in peace, unless it is the last of them. */
  pickCalm(atMs: number, random: SeededRandom): string | undefined {
    const calm = [...this.#busyUntil].filter(([, until]) => until <= atMs).map(([name]) => name)
    const drawn = random.integer(0, Math.max(0, calm.length - 1))
    return calm.length > 1 ? calm[drawn] : undefined
  }
}

/** A copy in an order that the generator draws (Fisher and Yates). */
export function shuffled<Thing>(things: readonly Thing[], random: SeededRandom): Thing[] {
  const copy = [...things]
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = random.integer(0, index)
    const [one, two] = [copy[index], copy[other]]
    if (one !== undefined && two !== undefined) [copy[index], copy[other]] = [two, one]
  }
  return copy
}
