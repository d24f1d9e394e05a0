import { countBits } from '../../checkpoint/bitmap.ts'
import type { MemberRow, Pause } from '../../leases/coordination.ts'
import type { Gap, Lease } from '../../leases/lease.ts'
import type { FinishedShard } from '../../leases/lease-transfers.ts'
import type { StreamListing } from '../../source/stream-reading.ts'
import type { ParkedLane } from '../../parking/parked-records.ts'
import { retentionMs } from '../../source/stream-reading.ts'
import { isAlive, silentMsOf } from '../fleet/alive.ts'
import { createdAtOf, type Peek } from '../fleet/peek.ts'
import { itemKeyText } from '../item-key-text.ts'

/** All that was read of a fleet, at about one time. */
export interface FleetFacts {
  readonly consumer: string
  readonly table: string
  readonly streamLabel: string
  readonly leases: readonly Lease[]
  readonly finished: readonly FinishedShard[]
  readonly members: readonly MemberRow[]
  readonly pause: Pause | undefined
  /** Absent when the stream is not there any more. */
  readonly listing: StreamListing | undefined
  /** By lease id. */
  readonly peeks: ReadonlyMap<string, Peek>
  /** Those of the table, as far as they are parked beside the leases. */
  readonly parked: readonly ParkedLane[]
  /** Epoch ms. */
  readonly now: number
}

/** A fleet as it is shown, and as `--json` says it. */
export interface FleetView {
  readonly consumer: string
  readonly table: string
  readonly streamLabel: string
  /** Set while the consumer stands still because somebody asked for it. */
  readonly paused: Pause | undefined
  /** The largest lag of a shard; 0 when all is settled, `undefined` where it can't be told. */
  readonly lagMs: number | undefined
  /** How long until the stream trims a change that is not settled. */
  readonly trimInMs: number | undefined
  readonly workers: readonly WorkerView[]
  readonly shards: readonly ShardView[]
  readonly heldUp: readonly HeldUpView[]
  readonly parked: readonly ParkedView[]
}

/** An item whose changes wait for a person. */
export interface ParkedView {
  readonly laneId: string
  readonly key: string
  readonly recordCount: number
  readonly sinceMs: number
  readonly error: string | undefined
}

/** A worker as its row says. */
export interface WorkerView {
  readonly id: string
  readonly host: string
  /** By its own clock and ours: for people. Other workers go by its beats alone. */
  readonly silentMs: number | undefined
  readonly alive: boolean
  readonly leaving: boolean
  readonly shardCount: number
}

/**
 * `finished`: consumed to its end. `waiting`: its parent is not finished yet, or nobody has found it. `reading`: a worker has
 * it. `free`: nobody has. `orphaned`: its worker is silent. `halted`: before lost data.
 */
export type ShardStanding = 'finished' | 'waiting' | 'reading' | 'free' | 'orphaned' | 'halted'

/** A shard. */
export interface ShardView {
  readonly shardId: string
  readonly streamLabel: string
  readonly parentShardId: string | undefined
  readonly state: ShardStanding
  readonly owner: string | undefined
  readonly epoch: number | undefined
  /** The last record up to which everything is settled. */
  readonly frontier: string | undefined
  readonly settledBeyondCount: number
  readonly lagMs: number | undefined
  readonly trimInMs: number | undefined
  readonly gap: Gap | undefined
}

/** An item whose changes wait behind one that is not settled, while later changes of others are. */
export interface HeldUpView {
  readonly shardId: string
  readonly key: string
  readonly eventId: string | undefined
  readonly sequenceNumber: string | undefined
  readonly sinceMs: number | undefined
  readonly waitingCount: number
}

/** Makes of what was read what is shown. */
export function fleetView(facts: FleetFacts): FleetView {
  const { consumer, table, streamLabel, leases, members, now } = facts
  const workers = members.map((member) => workerView(member, leases, now))
  const shards = shardViews(facts, new Set(workers.filter(({ alive }) => alive).map(({ id }) => id)))
  return {
    ...{ consumer, table, streamLabel, paused: facts.pause, workers, shards },
    lagMs: extreme(
      Math.max,
      shards.map(({ lagMs }) => lagMs),
    ),
    trimInMs: extreme(
      Math.min,
      shards.map(({ trimInMs }) => trimInMs),
    ),
    heldUp: leases.flatMap((lease) => heldUpViews(lease, facts)),
    parked: facts.parked.map((lane) => parkedView(lane, now)),
  }
}

function parkedView({ laneId, laneKey, recordCount, parkedAt, error }: ParkedLane, now: number): ParkedView {
  const said = error === undefined ? undefined : `${error.name}: ${error.message}`
  return { laneId, key: itemKeyText(laneKey), recordCount, sinceMs: Math.max(0, now - parkedAt), error: said }
}

function workerView(member: MemberRow, leases: readonly Lease[], now: number): WorkerView {
  const { id, host, leaving } = member
  const shardCount = leases.filter(({ owner }) => owner === id).length
  return { id, host, silentMs: silentMsOf(member, now), alive: isAlive(member, now), leaving, shardCount }
}

function shardViews({ leases, finished, listing, streamLabel, peeks, now }: FleetFacts, alive: ReadonlySet<string>) {
  const parents = new Map(listing?.shards.map(({ shardId, parentShardId }) => [shardId, parentShardId]))
  const views = new Map<string, ShardView>()
  for (const { shardId, parentShardId } of listing?.shards ?? [])
    views.set(shardId, { ...nothing, shardId, streamLabel, parentShardId })
  for (const { shardId, streamLabel: label, parentShardId = parents.get(shardId) } of finished)
    views.set(shardId, { ...nothing, shardId, streamLabel: label, parentShardId, state: 'finished' })
  for (const lease of leases) views.set(lease.shardId, leaseView(lease, peeks.get(lease.id), alive, now))
  return [...views.values()].toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1))
}

const nothing = {
  ...{ state: 'waiting' as ShardStanding, owner: undefined, epoch: undefined, frontier: undefined },
  ...{ settledBeyondCount: 0, lagMs: undefined, trimInMs: undefined, gap: undefined },
}

function leaseView(lease: Lease, found: Peek | undefined, alive: ReadonlySet<string>, now: number): ShardView {
  const { shardId, streamLabel, parentShardId, owner, epoch, checkpoint, gap } = lease
  const lagMs = lagOf(found, now)
  return {
    ...{ shardId, streamLabel, parentShardId, owner, epoch, gap, frontier: checkpoint.after, lagMs },
    state: standingOf(lease, alive),
    settledBeyondCount: countBits(checkpoint.beyond),
    trimInMs: lagMs === undefined || lagMs === 0 ? undefined : Math.max(0, retentionMs - lagMs),
  }
}

function standingOf({ owner, gap }: Lease, alive: ReadonlySet<string>): ShardStanding {
  if (gap !== undefined) return 'halted'
  if (owner === undefined) return 'free'
  return alive.has(owner) ? 'reading' : 'orphaned'
}

function lagOf(found: Peek | undefined, now: number): number | undefined {
  if (found?.status === 'caught-up') return 0
  if (found?.status !== 'behind') return undefined
  const at = createdAtOf(found.first)
  return at === undefined ? undefined : Math.max(1, now - at)
}

function heldUpViews({ id, shardId }: Lease, { peeks, now }: FleetFacts): HeldUpView[] {
  const found = peeks.get(id)
  if (found?.status !== 'behind') return []
  return found.heldUp.map(({ laneKey, first, waitingCount }) => {
    const at = createdAtOf(first)
    const sinceMs = at === undefined ? undefined : Math.max(0, now - at)
    const { eventID: eventId, dynamodb } = first
    return {
      shardId,
      key: itemKeyText(laneKey),
      eventId,
      sequenceNumber: dynamodb?.SequenceNumber,
      sinceMs,
      waitingCount,
    }
  })
}

function extreme(pick: (...values: number[]) => number, values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : pick(...known)
}
