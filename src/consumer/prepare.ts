import { TerminalError } from '../errors.ts'
import { decodeRecord, locate, type RecordLocation } from '../record/decode.ts'
import { encodeItemKey } from '../record/item-key.ts'
import type { Settling } from '../checkpoint/settlement.ts'
import type { Batch } from '../source/source.ts'
import { publish } from '../telemetry/channels.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { assertCarried } from './stream-needs.ts'
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
export function prepare(batch: Batch, options: ResolvedOptions, book: Settling): PreparedBatch {
  const locations = Array.from(batch.records, locate)
  const works: Work[] = []
  let position = 0
  for (const location of locations) {
    const laneKey = laneKeyOf(location)
    if (typeof laneKey !== 'string') return { locations, works, barrier: { position, fault: laneKey.fault } }
    // Before the patterns: one that asks for an image the stream lacks would filter out every record without a word.
    assertCarried(options, location.raw.dynamodb?.StreamViewType, location.stream.tableName)
    if (isSelected(location, options)) works.push(read(position, location, laneKey, batch.shardId, options))
    else settleFiltered(position, location, options, book)
    position += 1
  }
  return { locations, works, barrier: undefined }
}

function laneKeyOf({ raw }: RecordLocation): string | { readonly fault: unknown } {
  try {
    return encodeItemKey(raw.dynamodb?.Keys, 'dynamodb.Keys')
  } catch (fault) {
    return { fault }
  }
}

// A record without a proper event name matches no pattern, yet must not pass for one that nobody wants.
function isSelected(location: RecordLocation, { selection }: ResolvedOptions): boolean {
  return selection.matches(location.raw) || !isKnownEvent(location)
}

function read(
  position: number,
  location: RecordLocation,
  laneKey: string,
  shardId: string | undefined,
  options: ResolvedOptions,
): Work {
  try {
    const { numbers } = options
    const record = decodeRecord(location, shardId === undefined ? { numbers } : { numbers, shardId })
    return identified(new Work(position, location, laneKey, options, record), options)
  } catch (fault) {
    return new Work(position, location, laneKey, options, undefined, fault)
  }
}

/** A business id is asked for now, so that an identity function that throws makes its record poison and nothing else. */
function identified(work: Work, { identity }: ResolvedOptions): Work {
  if (typeof identity !== 'function') return work
  try {
    void work.idempotencyKey
    return work
  } catch (cause) {
    throw new TerminalError(`identity failed for record ${work.eventId}`, { cause })
  }
}

function isKnownEvent({ raw: { eventName } }: RecordLocation): boolean {
  return eventName === 'INSERT' || eventName === 'MODIFY' || eventName === 'REMOVE'
}

function settleFiltered(position: number, { raw }: RecordLocation, { name }: ResolvedOptions, book: Settling): void {
  book.settle(position, 'filtered')
  publish('tidemark:record:filtered', () => ({ consumer: name, eventId: raw.eventID }))
}
