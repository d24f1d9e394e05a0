import { ConfigurationError, TerminalError } from '../errors.ts'
import { decodeRecord, locate, type RecordLocation } from '../record/decode.ts'
import { encodeItemKey } from '../record/item-key.ts'
import type { SettlementBook } from '../checkpoint/settlement.ts'
import type { Batch } from '../source/source.ts'
import { publish } from '../telemetry/channels.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { Work } from './work.ts'

/** A batch brought into the shape in which it is worked. */
export interface PreparedBatch {
  /** Where each record stands, by position. */
  readonly locations: readonly RecordLocation[]
  /** The selected records, in stream order. */
  readonly works: readonly Work[]
  /** The record whose item can't be told, if there is one: nothing behind it may run, for it may be of the same item. */
  readonly barrier: { readonly position: number; readonly fault: unknown } | undefined
}

/**
 * Locates, selects and decodes. Throws a `DecodeError` when a record can't even be located: then no answer could name it,
 * and the whole batch has to come again. Everything else that is wrong with a record is found here and judged in its lane.
 */
export function prepare(batch: Batch, options: ResolvedOptions, book: SettlementBook): PreparedBatch {
  const locations = Array.from(batch.records, locate)
  const works: Work[] = []
  for (const [position, location] of locations.entries()) {
    const laneKey = laneKeyOf(location)
    if (typeof laneKey !== 'string') return { locations, works, barrier: { position, fault: laneKey.fault } }
    const work = read(position, location, laneKey, batch.shardId, options)
    if (work !== undefined) works.push(work)
    else settleFiltered(position, location, options, book)
  }
  return { locations, works, barrier: undefined }
}

function laneKeyOf({ stream, raw }: RecordLocation): string | { readonly fault: unknown } {
  try {
    return `${stream.tableName}/${encodeItemKey(raw.dynamodb?.Keys, 'dynamodb.Keys')}`
  } catch (fault) {
    return { fault }
  }
}

function read(
  position: number,
  location: RecordLocation,
  laneKey: string,
  shardId: string | undefined,
  options: ResolvedOptions,
): Work | undefined {
  // Before the patterns: one that asks for an image the stream lacks would filter out every record without a word.
  checkView(location, options)
  // A record without a proper event name matches no pattern, yet must not pass for one that nobody wants.
  if (isKnownEvent(location) && !options.selection.matches(location.raw)) return undefined
  return identified(new Work(position, location, laneKey, decode(location, shardId, options), options), options)
}

/** A business id is asked for now, so that an identity function that throws makes its record poison and nothing else. */
function identified(work: Work, options: ResolvedOptions): Work {
  if (typeof options.identity !== 'function' || 'fault' in work.decoded) return work
  try {
    void work.idempotencyKey
    return work
  } catch (error) {
    const fault = new TerminalError(`identity failed for record ${work.eventId}`, { cause: error })
    return new Work(work.position, work.location, work.laneKey, { fault }, options)
  }
}

function isKnownEvent({ raw: { eventName } }: RecordLocation): boolean {
  return eventName === 'INSERT' || eventName === 'MODIFY' || eventName === 'REMOVE'
}

function decode(location: RecordLocation, shardId: string | undefined, { numbers }: ResolvedOptions): Work['decoded'] {
  try {
    return { record: decodeRecord(location, shardId === undefined ? { numbers } : { numbers, shardId }) }
  } catch (fault) {
    return { fault }
  }
}

/** A stream that does not carry what the consumer needs is nobody's record's fault: no record may be blamed for it. */
function checkView({ stream, raw }: RecordLocation, { needs, name }: ResolvedOptions): void {
  const viewType = raw.dynamodb?.StreamViewType
  if (needs.size === 0 || viewType === 'NEW_AND_OLD_IMAGES') return
  for (const [part, wantedBy] of needs) {
    if (part === 'keys' || carries(viewType, part)) continue
    throw new ConfigurationError(
      `consumer '${name}' needs the ${part} (${wantedBy}), but the stream of table '${stream.tableName}' is ${viewType}: ` +
        `give the table a stream that carries it, or drop the need`,
    )
  }
}

function carries(viewType: string | undefined, part: 'newImage' | 'oldImage'): boolean {
  // A view type nobody knows (or none) is for the decoder to judge, record by record.
  if (viewType === 'KEYS_ONLY') return false
  return viewType !== (part === 'newImage' ? 'OLD_IMAGE' : 'NEW_IMAGE')
}

function settleFiltered(
  position: number,
  { raw }: RecordLocation,
  { name }: ResolvedOptions,
  book: SettlementBook,
): void {
  book.settle(position, 'filtered')
  publish('tidemark:record:filtered', () => ({ consumer: name, eventId: raw.eventID }))
}
