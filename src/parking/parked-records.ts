import { ConfigurationError, DecodeError } from '../errors.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { systemClock, systemHost, systemRandom } from '../internal/system.ts'
import { functionNamed, integer, knownNames, pattern, shape } from '../internal/validate.ts'
import { decodeRecord, locate } from '../record/decode.ts'
import { encodeItemKey } from '../record/item-key.ts'
import type { RawRecord } from '../source/source.ts'
import { publish } from '../telemetry/channels.ts'
import { LaneHold } from './lane-hold.ts'
import type { LaneName } from './lane-name.ts'
import { noteText } from './note-text.ts'
import { parkedLanes } from './parked-lanes.ts'
import type { ParkedRecord, ParkingLot, PastRecord } from './parking-lot.ts'
import { portableRecord } from './portable-record.ts'

/** A lane that is parked. */
export interface ParkedLane {
  /** What to call it where its key is too long; any unique beginning will do. */
  readonly laneId: string
  readonly tableName: string
  /** The item's encoded primary key. */
  readonly laneKey: string
  /** Epoch ms. */
  readonly parkedAt: number
  readonly recordCount: number
  /** Why its first record was given up, as far as it is known. */
  readonly error?: { readonly name: string; readonly message: string }
  /** Until when somebody redrives it, epoch ms. */
  readonly heldUntil?: number
}

/** How an act of a person on a parked record ended. */
export type ParkedAnswer = 'done' | 'busy' | 'not-found' | 'lost'

/** Whose parked records, and where they are. */
export interface ParkedRecordsOptions {
  readonly consumer: string
  readonly lot: ParkingLot
  readonly clock?: Clock
  readonly random?: Random
}

/** The parked records of one consumer: all that can be done with them without running its handler. */
export class ParkedRecords {
  readonly #consumer: string
  readonly #lot: ParkingLot
  readonly #time: { readonly clock: Clock; readonly random: Random }

  constructor(options: ParkedRecordsOptions) {
    shape('ParkedRecords options', options)
    knownNames('ParkedRecords options', options, ['consumer', 'lot', 'clock', 'random'])
    const { consumer, lot, clock = systemClock, random = systemRandom } = options
    this.#consumer = pattern('consumer', consumer, /./, "a consumer's name")
    shape('lot', lot)
    functionNamed('lot.list', lot.list)
    this.#lot = lot
    this.#time = { clock, random }
  }

  /** Every lane that is parked, the longest parked first. */
  async lanes(): Promise<ParkedLane[]> {
    const states = await this.#lot.list(this.#consumer)
    const lanes = states.flatMap(({ lane, laneId, parked }) => {
      if (parked === undefined) return []
      const { since: parkedAt, ...rest } = parked
      return [{ laneId, tableName: lane.tableName, laneKey: lane.laneKey, parkedAt, ...rest }]
    })
    return lanes.toSorted((a, b) => a.parkedAt - b.parkedAt)
  }

  /** The records of a lane in its order: `limit` of them (default 100), behind the position `after`. */
  async records(
    laneId: string,
    page: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<ParkedRecord[]> {
    const limit = integer('limit', page.limit ?? 100, 1, Number.MAX_SAFE_INTEGER)
    const lane = await this.#laneOf(laneId)
    return lane === undefined ? [] : this.#lot.records(lane, { ...page, limit })
  }

  /** One record, by its event id. */
  async get(laneId: string, eventId: string): Promise<ParkedRecord | undefined> {
    const lane = await this.#laneOf(laneId)
    return lane === undefined ? undefined : this.#find(lane, eventId)
  }

  /** What became of records that were parked, latest first; for a lane that may be open again. Kept for 30 days. */
  async past(lane: Pick<LaneName, 'tableName' | 'laneKey'>, limit = 100): Promise<PastRecord[]> {
    integer('limit', limit, 1, Number.MAX_SAFE_INTEGER)
    return this.#lot.past({ ...lane, consumer: this.#consumer }, limit)
  }

  /**
   * Takes a record out for good: it will not be handled. Who, when and why (each text at most 1,000 characters) is kept for 30
   * days, and the record with it. What waits behind it stays parked, in its order.
   */
  drop(
    laneId: string,
    eventId: string,
    { reason, by = systemHost() }: { reason: string; by?: string },
  ): Promise<ParkedAnswer> {
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new ConfigurationError('a parked record is dropped with a reason: say why, for whoever looks for it later')
    noteText('reason', reason)
    noteText('by', by)
    return this.#change(laneId, eventId, async (hold, record) => {
      const fate = { outcome: 'dropped', at: this.#time.clock.now(), by, reason } as const
      if ((await this.#lot.settle(hold.held, record.position, fate)) === 'lost') return 'lost'
      const { sequenceNumber, idempotencyKey, laneKey } = record
      publish('tidemark:record:dropped', () => ({
        ...{ consumer: this.#consumer, eventId, sequenceNumber, idempotencyKey, laneKey, reason },
      }))
      return 'done'
    })
  }

  /**
   * Replaces a record's images by edited ones, which its next redrive handles under the same idempotency key. The record as
   * it came is kept beside it. Its keys and its place in the stream can't be edited, and what can't be decoded is refused: a
   * `DecodeError`, or a `ConfigurationError` that says what must stay as it is.
   */
  edit(laneId: string, eventId: string, change: (record: RawRecord) => RawRecord): Promise<ParkedAnswer> {
    return this.#change(laneId, eventId, async (hold, parked) => {
      const edited = checkedEdit(parked.record, change(structuredClone(parked.record)))
      const original = parked.original ?? parked.record
      const record = { ...parked, record: edited, original, editedAt: this.#time.clock.now() }
      return (await this.#lot.rewrite(hold.held, record)) === 'lost' ? 'lost' : 'done'
    })
  }

  async #change(
    laneId: string,
    eventId: string,
    act: (hold: LaneHold, record: ParkedRecord) => Promise<ParkedAnswer>,
  ): Promise<ParkedAnswer> {
    const lane = await this.#laneOf(laneId)
    if (lane === undefined) return 'not-found'
    // Held like a redrive: it must not be redriving the very record meanwhile.
    const hold = await LaneHold.take(this.#lot, lane, this.#time)
    if (hold === 'open') return 'not-found'
    if (hold === 'busy') return 'busy'
    try {
      const record = await this.#find(lane, eventId)
      if (record === undefined) return 'not-found'
      hold.assertHeld()
      return await act(hold, record)
    } finally {
      await hold.letGo()
    }
  }

  async #find(lane: LaneName, eventId: string): Promise<ParkedRecord | undefined> {
    let after: string | undefined
    for (;;) {
      const page = await this.#lot.records(lane, { limit: 25, ...(after === undefined ? {} : { after }) })
      const found = page.find((record) => record.eventId === eventId)
      after = page.at(-1)?.position
      if (found !== undefined || after === undefined) return found
    }
  }

  async #laneOf(laneId: string): Promise<LaneName | undefined> {
    const states = await this.#lot.list(this.#consumer)
    return parkedLanes(states, laneId)[0]?.lane
  }
}

function checkedEdit(before: RawRecord, after: RawRecord): RawRecord {
  const edited = portableRecord(after)
  const was = locate(before)
  const is = locate(edited)
  const key = (record: RawRecord) => encodeItemKey(record.dynamodb?.Keys, 'dynamodb.Keys')
  const stays: [string, unknown, unknown][] = [
    ['eventID', before.eventID, edited.eventID],
    ['dynamodb.SequenceNumber', was.sequenceNumber, is.sequenceNumber],
    ['eventSourceARN', was.stream.streamArn, is.stream.streamArn],
    ['dynamodb.Keys', key(before), key(edited)],
    // A handler that takes the key from an image would write of another item, in this one's lane.
    ...imageKeys(edited),
  ]
  const changed = stays.find(([, one, other]) => one !== other)
  if (changed !== undefined)
    throw new ConfigurationError(
      `an edited record keeps its ${changed[0]}: by that it is known, and ordered in its lane`,
    )
  // As text every number can be held; what the consumer makes of it is found out when it is redriven.
  const { keys } = decodeRecord(is, { numbers: 'string' })
  if (Object.keys(keys).length === 0) throw new DecodeError('expected the key', { path: 'dynamodb.Keys' })
  return edited
}

/** The key's attributes in each image, and as they have to be there. */
function imageKeys({ dynamodb = {} }: RawRecord): [string, unknown, unknown][] {
  const { Keys = {} } = dynamodb
  return (['NewImage', 'OldImage'] as const).flatMap((name) => {
    const image = dynamodb[name]
    if (image === undefined) return []
    return Object.entries(Keys).map(([attribute, value]): [string, unknown, unknown] => [
      `dynamodb.${name}.${attribute}`,
      encodeItemKey({ [attribute]: value }, 'dynamodb.Keys'),
      encodeItemKey({ [attribute]: image[attribute] }, `dynamodb.${name}`),
    ])
  })
}
