import type { Circuit } from '../parking/circuit.ts'
import type { DeadLetter } from '../parking/dead-letter.ts'
import { describeError } from '../parking/error-description.ts'
import { positionOf, type LaneName } from '../parking/lane-name.ts'
import type { ParkedCount, Place } from '../parking/parked-count.ts'
import type { LaneState, ParkAnswer, ParkingLot, ShardFence } from '../parking/parking-lot.ts'
import { portableRecord } from '../parking/portable-record.ts'
import { systemHost } from '../internal/system.ts'
import { BesideLot, type OrdinaryWay } from './beside-lot.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Work } from './work.ts'

// Of an item, as many as may be repeated; what left the lot before them stays a duplicate.
const pastLooked = 1_000

/** What a parker parks with. */
export interface ParkerSetting {
  readonly options: ResolvedOptions
  readonly lot: ParkingLot
  /** The lanes with which something is out of the ordinary: of the batch, or of the whole consumer in a worker. */
  readonly lanes: readonly LaneState[]
  /** Keys of lanes in which a handler of an earlier batch was still at work when they were looked up. */
  readonly doubtful: Iterable<string>
  /** The shard, in a worker: whoever has lost it parks nothing. */
  readonly fence: ShardFence | undefined
  readonly circuit: Circuit
  readonly count: ParkedCount
  /** Whether an earlier process may have died of this record without a note of it. */
  isSuspicious(work: Work): boolean
}

/** Why a record is to be parked. */
export interface Failing {
  readonly attempts: number
  readonly error: unknown
}

/** A sink could not be told of the record, or its time is up: nobody has anything against the record itself. */
export interface Unparked {
  readonly reason: 'systemic'
  readonly error: unknown
}

interface KnownLane {
  isParked: boolean
  noted: LaneState['noted'] | undefined
  clearedThrough: string | undefined
  /** Where there are no marks: the first record from before those that were in the lot that runs once more. */
  repeatedFrom: string | undefined
}

/**
 * What one batch, or one pass over a shard, knows of the parking lot, and its way into it. Nobody else parks records of
 * these lanes meanwhile; that a lane was opened by a redrive is found out when a record is to be queued in it.
 */
export class Parker {
  readonly circuit: Circuit
  readonly #setting: ParkerSetting
  readonly #lanes = new Map<string, KnownLane>()
  readonly #doubtful: Set<string>
  readonly #firstFailures = new WeakMap<Work, number>()
  // One suspect at a time: when the process dies of one, the others have not been tried beside it.
  #suspects: Promise<unknown> = Promise.resolve()
  #forgotten: Promise<unknown> = Promise.resolve()

  constructor(setting: ParkerSetting) {
    this.#setting = setting
    this.circuit = setting.circuit
    this.#doubtful = new Set(setting.doubtful)
    for (const state of setting.lanes) this.#know(state)
  }

  /** The way of a batch's records that have to do with the lot. */
  besideLot(way: OrdinaryWay): BesideLot {
    return new BesideLot(this, way)
  }

  /** The lanes that are parked, as far as is known here. */
  get parkedLanes(): string[] {
    return [...this.#lanes].flatMap(([name, { isParked }]) => (isParked ? [name] : []))
  }

  /** Whether the record can be run as if there were no parking: nothing is known of its lane, and nothing suspected. */
  isOrdinary(work: Work): boolean {
    if (this.#doubtful.size > 0 && this.#doubtful.has(work.laneKey)) return false
    return !(this.#lanes.size > 0 && this.#lanes.has(nameOf(laneOf(work, '')))) && !this.isSuspect(work)
  }

  /** Whether an earlier process may have died of the record, without a note of it. */
  isSuspect(work: Work): boolean {
    return this.#setting.isSuspicious(work)
  }

  /** How many attempts at the record have begun in earlier deliveries and not been heard of again. */
  notedAttempts(work: Work): number {
    const noted = this.#known(work)?.noted
    return noted?.position === positionIn(work) ? noted.count : 0
  }

  /** Queues the record behind others of its lane, when there are any. */
  async queue(work: Work): Promise<ParkAnswer> {
    if (this.#doubtful.delete(work.laneKey)) await this.#lookAgain(work)
    const known = this.#known(work)
    if (known?.clearedThrough !== undefined && positionIn(work) <= known.clearedThrough)
      return (await this.#wasSettled(work, known)) ? 'settled' : 'open'
    if (known?.isParked !== true) return 'open'
    const answer = await this.#store(work, undefined, await this.#takePlace())
    // Opened by a redrive: what was in it is known by its row, and must not run again.
    if (answer === 'open') await this.#lookAgain(work)
    const opened = this.#known(work)
    if (answer === 'open' && opened?.clearedThrough !== undefined && positionIn(work) <= opened.clearedThrough)
      await this.#repeat(work, opened)
    return answer
  }

  /**
   * Parks the record, and its lane with it. It is not parked while it can't be told to the sinks, nor when the time of its batch
   * is up: another delivery may be handling it by then, to which the lane is open.
   */
  async park(work: Work, failing: Failing, stopping: AbortSignal): Promise<ParkAnswer | Unparked> {
    // Before it is in the lot: from then on it counts as parked at every delivery, and nobody would tell any more.
    const untold = await this.#tell(work, failing)
    if (untold !== undefined) return untold
    const place = await this.#takePlace()
    if (stopping.aborted) {
      place?.giveBack()
      return { reason: 'systemic', error: stopping.reason }
    }
    const answer = await this.#store(work, failing, place)
    if (answer !== 'parked') return answer
    this.#lanes.set(nameOf(laneOf(work, '')), {
      isParked: true,
      noted: undefined,
      clearedThrough: undefined,
      repeatedFrom: undefined,
    })
    return answer
  }

  /** Notes an attempt durably before it begins, so that it counts although the process dies of it. */
  async note(work: Work, count: number): Promise<void> {
    const { lot, options } = this.#setting
    const known = this.#known(work)
    const noted = { position: positionIn(work), count }
    // A process that got to a later record of the lane has survived this one; and that one's deaths must not be forgotten for it.
    if (known?.noted !== undefined && known.noted.position > noted.position) return
    await lot.note(laneOf(work, options.name), noted)
    const { isParked = false, clearedThrough, repeatedFrom } = known ?? {}
    this.#lanes.set(nameOf(laneOf(work, '')), { isParked, noted, clearedThrough, repeatedFrom })
  }

  /** Attempts at the record have ended, and this process is alive. `undefined` when none was noted. */
  forgetAttempts(work: Work): Promise<void> | undefined {
    if (this.#lanes.size === 0) return undefined
    const known = this.#known(work)
    if (known?.noted === undefined) return undefined
    const { position } = known.noted
    if (position > positionIn(work)) return undefined
    known.noted = undefined
    if (position !== positionIn(work)) return undefined
    const { lot, options } = this.#setting
    const forgotten = lot.forgetNote(laneOf(work, options.name), position).catch((error: unknown) => {
      // Left behind it expires by itself; were the record delivered again before that, it would only be tried less often.
      options.logger.warn('the note of an attempt could not be deleted', { consumer: options.name, error })
    })
    this.#forgotten = forgotten
    return forgotten
  }

  /** An attempt has failed: the first time is told with the record. */
  failed(work: Work): void {
    if (!this.#firstFailures.has(work)) this.#firstFailures.set(work, this.#setting.options.clock.now())
  }

  /**
   * A handler of an earlier batch has ended in the record's lane. It may have parked the lane since this batch has looked, be it
   * with a request that was under way when its time was up: the lane is looked up again.
   */
  doubt(work: Work): void {
    this.#doubtful.add(work.laneKey)
  }

  /** Waits until no other suspect runs. @returns what to call when this one has ended. */
  async alone(): Promise<() => void> {
    const before = this.#suspects
    let end = () => {}
    this.#suspects = new Promise<void>((resolve) => (end = resolve))
    await before
    await this.#forgotten // that one's note: standing when the process dies of this one, it would count as a death of both
    return end
  }

  async #tell(work: Work, failing: Failing): Promise<Unparked | undefined> {
    const { sinks } = this.#setting.options.parking
    if (sinks.length === 0) return undefined
    const letter = this.#letterOf(work, failing)
    const ends = await Promise.allSettled(sinks.map(async (sink) => await sink.deliver(letter)))
    const failed = ends.find((end) => end.status === 'rejected')
    return failed && { reason: 'systemic', error: failed.reason }
  }

  #takePlace(): Promise<Place | undefined> {
    const { lot, count, options } = this.#setting
    return count.take(lot, options.parking.maxPerConsumer)
  }

  async #store(work: Work, failing: Failing | undefined, place: Place | undefined): Promise<ParkAnswer> {
    const { lot, fence, options } = this.#setting
    // What is in the lot already may be said to be, however full it is.
    const maxPerLane = place === undefined ? 0 : options.parking.maxPerLane
    const condition = { onlyBehind: failing === undefined, maxPerLane, fence }
    try {
      const answer = await lot.park(this.#letterOf(work, failing), condition)
      if (answer !== 'parked') place?.giveBack()
      return answer
    } finally {
      place?.keep() // of one whose request failed nobody knows better: the next listing tells
    }
  }

  #letterOf(work: Work, failing: Failing | undefined): DeadLetter {
    const { options, fence } = this.#setting
    const { idempotencyKey, laneKey, eventId, sequenceNumber, location, record } = work
    const shardId = fence?.shardId ?? record?.shardId
    const parkedAt = options.clock.now()
    return {
      ...{ consumer: options.name, idempotencyKey, laneKey, eventId, sequenceNumber },
      streamArn: location.stream.streamArn,
      ...(shardId === undefined ? {} : { shardId }),
      record: portableRecord(location.raw),
      attempts: failing?.attempts ?? 0,
      ...(failing === undefined
        ? {}
        : { error: describeError(failing.error), firstFailedAt: this.#firstFailures.get(work) ?? parkedAt }),
      parkedAt,
      host: systemHost(),
    }
  }

  /**
   * Where there are no marks, what ran before the lane was parked may run again, and what left the lot since is known by the
   * lot. Behind the one the other runs again too: an old state would stay otherwise.
   */
  async #wasSettled(work: Work, known: KnownLane): Promise<boolean> {
    const { lot, options } = this.#setting
    const lane = laneOf(work, options.name)
    const position = positionIn(work)
    const wasInLot = await lot.wasSettled(lane, position)
    if (options.ledger !== undefined) return wasInLot
    if (!wasInLot) {
      await this.#repeat(work, known)
      return false
    }
    if (known.repeatedFrom === undefined || known.repeatedFrom >= position) return true
    const past = (await lot.past(lane, pastLooked)).find((record) => record.position === position)
    return past === undefined || past.outcome === 'dropped'
  }

  /** Durable before the record runs: those behind it may be delivered to another process. */
  async #repeat(work: Work, known: KnownLane): Promise<void> {
    const { lot, options } = this.#setting
    const position = positionIn(work)
    if (options.ledger !== undefined || (known.repeatedFrom !== undefined && known.repeatedFrom <= position)) return
    await lot.noteRepetition(laneOf(work, options.name), position)
    known.repeatedFrom = position
  }

  async #lookAgain(work: Work): Promise<void> {
    const { lot, options } = this.#setting
    const [state] = await lot.read([laneOf(work, options.name)])
    if (state === undefined) this.#lanes.delete(nameOf(laneOf(work, '')))
    else this.#know(state)
  }

  #know({ lane, parked, noted, clearedThrough, repeatedFrom }: LaneState): void {
    this.#lanes.set(nameOf(lane), { isParked: parked !== undefined, noted, clearedThrough, repeatedFrom })
  }

  #known(work: Work): KnownLane | undefined {
    return this.#lanes.size === 0 ? undefined : this.#lanes.get(nameOf(laneOf(work, '')))
  }
}

/** The lane of a record. */
export function laneOf({ location, laneKey }: Work, consumer: string): LaneName {
  return { consumer, tableName: location.stream.tableName, laneKey }
}

/** By what a lane is known among those of its consumer: items of two tables may have one key. */
export function nameOf({ tableName, laneKey }: LaneName): string {
  return `${tableName}\n${laneKey}`
}

function positionIn({ location, sequenceNumber }: Work): string {
  return positionOf(location.stream.streamLabel, sequenceNumber)
}
