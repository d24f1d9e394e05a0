import { parseStreamArn } from '../record/stream-arn.ts'
import type { Clock } from '../internal/clock.ts'
import { systemClock } from '../internal/system.ts'
import type { DeadLetter } from './dead-letter.ts'
import { fenced } from './fence.ts'
import { laneIdOf, positionOf, type LaneName } from './lane-name.ts'
import type {
  Fate,
  HeldLane,
  LaneState,
  NotedAttempts,
  ParkAnswer,
  ParkCondition,
  ParkedRecord,
  ParkingLot,
  PastRecord,
  ShardFence,
} from './parking-lot.ts'

interface Lane {
  readonly lane: LaneName
  since?: number | undefined
  error?: { readonly name: string; readonly message: string } | undefined
  noted?: NotedAttempts | undefined
  clearedThrough?: string | undefined
  repeatedFrom?: string | undefined
  holder?: { readonly token: string; readonly until: number } | undefined
  readonly records: Map<string, ParkedRecord>
  readonly past: Map<string, PastRecord>
}

/** Parks in this process's memory: for tests and development. What is parked is lost with the process. */
export class MemoryParkingLot implements ParkingLot {
  readonly #clock: Clock
  readonly #lanes = new Map<string, Lane>()
  readonly #fences = new Map<string, ShardFence>()

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  async openShard(shard: ShardFence): Promise<void> {
    const known = this.#fences.get(shardNameOf(shard))
    if (known !== undefined && isLater(known, shard)) throw fenced(shard)
    this.#fences.set(shardNameOf(shard), shard)
  }

  async read(lanes: readonly LaneName[]): Promise<LaneState[]> {
    return lanes.flatMap((lane) => this.#lanes.get(nameOf(lane)) ?? []).flatMap(stateOf)
  }

  async list(consumer: string): Promise<LaneState[]> {
    return [...this.#lanes.values()].filter(({ lane }) => lane.consumer === consumer).flatMap(stateOf)
  }

  async note(name: LaneName, noted: NotedAttempts): Promise<void> {
    const lane = this.#laneOf(name)
    const { position = '', count = 0 } = lane.noted ?? {}
    const isBehind = noted.position < position || (noted.position === position && noted.count < count)
    if (lane.since === undefined && !isBehind) lane.noted = noted
  }

  async forgetNote(name: LaneName, position: string): Promise<void> {
    const lane = this.#laneOf(name)
    if (lane.noted?.position === position) lane.noted = undefined
  }

  async noteRepetition(name: LaneName, position: string): Promise<void> {
    const lane = this.#laneOf(name)
    if (lane.clearedThrough !== undefined && position < (lane.repeatedFrom ?? '~')) lane.repeatedFrom = position
  }

  async park(letter: DeadLetter, { onlyBehind, maxPerLane, fence }: ParkCondition): Promise<ParkAnswer> {
    const { tableName, streamLabel } = parseStreamArn(letter.streamArn, 'streamArn')
    const lane = this.#laneOf({ consumer: letter.consumer, tableName, laneKey: letter.laneKey })
    const position = positionOf(streamLabel, letter.sequenceNumber)
    if (fence !== undefined && !isSame(this.#fences.get(shardNameOf(fence)) ?? fence, fence)) throw fenced(fence)
    if (lane.records.has(position)) return 'parked'
    if (lane.past.has(position)) return 'settled'
    if (onlyBehind && lane.since === undefined) return 'open'
    if (lane.records.size >= maxPerLane) return 'full'
    lane.since ??= letter.parkedAt
    lane.error ??= letter.error
    lane.noted = lane.clearedThrough = lane.repeatedFrom = undefined
    lane.records.set(position, { ...letter, position })
    return 'parked'
  }

  async wasSettled(lane: LaneName, position: string): Promise<boolean> {
    return this.#laneOf(lane).past.has(position)
  }

  async records(
    lane: LaneName,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<ParkedRecord[]> {
    const sorted = [...this.#laneOf(lane).records.values()].toSorted((a, b) => (a.position < b.position ? -1 : 1))
    return sorted.filter(({ position }) => position > after).slice(0, limit)
  }

  async past(lane: LaneName, limit: number): Promise<PastRecord[]> {
    const sorted = [...this.#laneOf(lane).past.values()].toSorted((a, b) => (a.position < b.position ? 1 : -1))
    return sorted.slice(0, limit)
  }

  async hold(name: LaneName, token: string, until: number): Promise<'held' | 'busy' | 'open'> {
    const lane = this.#laneOf(name)
    if (lane.since === undefined) return 'open'
    const { holder } = lane
    if (holder !== undefined && holder.token !== token && holder.until > this.#clock.now()) return 'busy'
    lane.holder = { token, until }
    return 'held'
  }

  async extend({ lane, token }: HeldLane, until: number): Promise<'held' | 'lost'> {
    const held = this.#laneOf(lane)
    if (held.holder?.token !== token) return 'lost'
    held.holder = { token, until }
    return 'held'
  }

  async settle({ lane, token }: HeldLane, position: string, fate: Fate): Promise<'settled' | 'lost'> {
    const held = this.#laneOf(lane)
    if (held.past.has(position)) return 'settled'
    const record = held.records.get(position)
    if (held.holder?.token !== token || record === undefined) return 'lost'
    held.records.delete(position)
    held.error = undefined
    const { eventId, sequenceNumber, attempts } = record
    held.past.set(position, { ...fate, position, eventId, sequenceNumber, attempts })
    return 'settled'
  }

  async rewrite({ lane, token }: HeldLane, record: ParkedRecord): Promise<'written' | 'lost'> {
    const held = this.#laneOf(lane)
    if (held.holder?.token !== token || !held.records.has(record.position)) return 'lost'
    held.records.set(record.position, record)
    held.error = record.error ?? held.error
    return 'written'
  }

  async letGo({ lane, token }: HeldLane): Promise<'open' | 'parked' | 'lost'> {
    const held = this.#laneOf(lane)
    if (held.holder?.token !== token) return 'lost'
    held.holder = undefined
    if (held.records.size > 0) return 'parked'
    held.since = held.error = undefined
    held.clearedThrough = [...held.past.keys()].toSorted().at(-1)
    return 'open'
  }

  #laneOf(lane: LaneName): Lane {
    const name = nameOf(lane)
    const known = this.#lanes.get(name)
    if (known !== undefined) return known
    const { consumer, tableName, laneKey } = lane
    const fresh: Lane = { lane: { consumer, tableName, laneKey }, records: new Map(), past: new Map() }
    this.#lanes.set(name, fresh)
    return fresh
  }
}

function nameOf(lane: LaneName): string {
  return `${lane.consumer}\n${laneIdOf(lane)}`
}

function shardNameOf({ consumer, tableName, streamLabel, shardId }: ShardFence): string {
  return [consumer, tableName, streamLabel, shardId].join('\n')
}

function isLater(known: ShardFence, ours: ShardFence): boolean {
  return known.epoch > ours.epoch && known.leaseCreatedAt >= ours.leaseCreatedAt
}

function isSame(known: ShardFence, ours: ShardFence): boolean {
  return known.epoch === ours.epoch && known.leaseCreatedAt === ours.leaseCreatedAt
}

function stateOf(lane: Lane): LaneState[] {
  const { since, records, noted, clearedThrough, repeatedFrom, error, holder } = lane
  if (since === undefined && noted === undefined && clearedThrough === undefined) return []
  const held = holder === undefined ? {} : { heldUntil: holder.until }
  const why = error === undefined ? {} : { error: { name: error.name, message: error.message } }
  return [
    {
      ...{ lane: lane.lane, laneId: laneIdOf(lane.lane) },
      ...(since === undefined ? {} : { parked: { since, recordCount: records.size, ...why, ...held } }),
      ...(noted === undefined ? {} : { noted }),
      ...(clearedThrough === undefined ? {} : { clearedThrough }),
      ...(repeatedFrom === undefined ? {} : { repeatedFrom }),
    },
  ]
}
