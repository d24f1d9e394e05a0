import { SeededRandom } from '../../src/simulation/random.ts'
import { chaosKinds, endOf, type ChaosEvent, type ChaosKind } from './chaos-events.ts'
import { Roster } from './roster.ts'
import { shuffled } from './shuffled.ts'

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
