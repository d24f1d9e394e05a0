import type { SequenceNumber } from '../record/sequence-number.ts'
import type { RawRecord } from '../source/source.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { LaneName } from './lane-name.ts'

/**
 * Where records that can't be handled wait for a person, with all that is behind them in their lanes.
 *
 * A lane, as its row in the lot says it:
 *
 *     open ── an attempt is noted ──▶ noted ── it succeeded ──▶ open
 *      │                                │
 *      └──────── park ──────────────────┴──▶ parked ── held by a redriver; each record settled or failing again ──▶ parked
 *                                              └── let go with no record left ──▶ open, and remembered as cleared for days
 *
 * A lane is parked from its first record on and until somebody holds it and lets it go empty. Three conditions, each checked
 * in the write itself, keep its order:
 * - a record is queued only while the lane is parked: an arrival that finds it open is handled in the ordinary way;
 * - a lane opens only when no record is left: one that was queued at the last moment keeps it parked;
 * - what a redriver writes is conditional on its token: one that was paused too long changes nothing any more.
 *
 * Methods throw a `LedgerError` when the store can't be reached.
 */
export interface ParkingLot {
  /** Begins with a shard under a lease: what an earlier owner of it still tries to park is refused from here on. */
  openShard(shard: ShardFence): Promise<void>
  /** What is out of the ordinary with these lanes; strongly consistent, and in one request for each 100 of them. */
  read(lanes: readonly LaneName[]): Promise<LaneState[]>
  /** All lanes of a consumer with which something is out of the ordinary; strongly consistent. */
  list(consumer: string): Promise<LaneState[]>
  /**
   * Notes durably that an attempt at a record is about to begin. Nothing is noted in a lane that is parked, nor in the place of a
   * note of a later record, or of more attempts: a repeated request arrives late, and would have those forgotten.
   */
  note(lane: LaneName, noted: NotedAttempts): Promise<void>
  /** The noted record was settled. */
  forgetNote(lane: LaneName, position: string): Promise<void>
  /**
   * Where nothing else marks what took effect: notes durably that a record from before those that left the lot is about to run
   * again, for then those behind it have to. Says nothing in a lane that is parked; what is noted of an earlier record stays.
   */
  noteRepetition(lane: LaneName, position: string): Promise<void>
  /**
   * Parks a record, and with it its lane: durable, whole and atomically, when this resolves with `parked`. A record that is
   * in the lot already is not stored twice.
   */
  park(letter: DeadLetter, condition: ParkCondition): Promise<ParkAnswer>
  /** Whether the record was in the lot and is not any more: redriven or dropped, within the last days. */
  wasSettled(lane: LaneName, position: string): Promise<boolean>
  /** The parked records of a lane in its order, behind `after`, at most `limit` of them. Strongly consistent. */
  records(lane: LaneName, page: { readonly after?: string; readonly limit: number }): Promise<ParkedRecord[]>
  /** What became of records of a lane that were in the lot, latest first, at most `limit`; kept for 30 days. */
  past(lane: LaneName, limit: number): Promise<PastRecord[]>
  /** Takes the lane for a redrive: one holder at a time, until `until` (epoch ms) or as long as it is extended. */
  hold(lane: LaneName, token: string, until: number): Promise<'held' | 'busy' | 'open'>
  /** Holds it for longer. */
  extend(held: HeldLane, until: number): Promise<'held' | 'lost'>
  /** Takes a record out of the lot, and keeps for 30 days what became of it; of a dropped one the record too. */
  settle(held: HeldLane, position: string, fate: Fate): Promise<'settled' | 'lost'>
  /** Writes the record anew: it has failed again, or was edited. */
  rewrite(held: HeldLane, record: ParkedRecord): Promise<'written' | 'lost'>
  /** Gives the lane up: it opens when no record is left. */
  letGo(held: HeldLane): Promise<'open' | 'parked' | 'lost'>
  /**
   * What a ledger of the same store needs to take the record out of the lot in the transaction that holds its effect. Only
   * that ledger knows what it is. Absent: there is no such ledger.
   */
  reference?(held: HeldLane, position: string): unknown
}

/** A shard and the epoch of the lease under which it is consumed. */
export interface ShardFence {
  readonly consumer: string
  readonly tableName: string
  readonly streamLabel: string
  readonly shardId: string
  /** When the row was made in which epochs are counted, epoch ms: deleted and made anew, it counts from 1 again. */
  readonly leaseCreatedAt: number
  readonly epoch: number
}

/** What is out of the ordinary with a lane. */
export interface LaneState {
  readonly lane: LaneName
  /** What it is called in short; see `laneIdOf`. */
  readonly laneId: string
  /** Present while the lane is parked. */
  readonly parked?: {
    /** Epoch ms. */
    readonly since: number
    readonly recordCount: number
    /** Why its first record was given up, as far as that is known. */
    readonly error?: { readonly name: string; readonly message: string }
    /** Until when somebody redrives it, epoch ms. */
    readonly heldUntil?: number
  }
  /** An attempt that was begun and of which nothing more is known. */
  readonly noted?: NotedAttempts
  /** Records up to here may have been in the lot; see {@link ParkingLot.wasSettled}. Behind it none was. */
  readonly clearedThrough?: string
  /** A record at this place has run again since the lane was cleared; see {@link ParkingLot.noteRepetition}. */
  readonly repeatedFrom?: string
}

/** Attempts at a record that were begun, the last one included. */
export interface NotedAttempts {
  readonly position: string
  readonly count: number
}

/** What must hold for a record to be parked. */
export interface ParkCondition {
  /** Only behind others: when the lane has opened meanwhile, nothing is parked. */
  readonly onlyBehind: boolean
  /** 0: nothing is parked that is not in the lot already. */
  readonly maxPerLane: number
  /** The shard under whose lease this is done: parked only if nobody has opened it with a later epoch. */
  readonly fence: ShardFence | undefined
}

/**
 * `parked`: it is in the lot, now or since earlier. `settled`: it was, and has been redriven or dropped. `open`: the lane is
 * not parked any more. `full`: the lane holds as many records as it may.
 */
export type ParkAnswer = 'parked' | 'settled' | 'open' | 'full'

/** A record in the lot. */
export interface ParkedRecord extends DeadLetter {
  /** Its place in its lane; see `positionOf`. */
  readonly position: string
  /** The record as it came, once a person has edited it. */
  readonly original?: RawRecord
  readonly editedAt?: number
}

/** A lane that is held: what every write on it is conditional on. */
export interface HeldLane {
  readonly lane: LaneName
  readonly token: string
}

/** How a record left the lot. */
export interface Fate {
  readonly outcome: 'handled' | 'duplicate' | 'filtered' | 'dropped'
  /** Why it was dropped. */
  readonly reason?: string
  /** Epoch ms. */
  readonly at: number
  /** Who did it, for people. */
  readonly by: string
}

/** A record that was in the lot. */
export interface PastRecord extends Fate {
  readonly position: string
  readonly eventId: string
  readonly sequenceNumber: SequenceNumber
  readonly attempts: number
}
