import { decodeRecord, locate, type RecordLocation } from '../record/decode.ts'
import { encodeItemKey } from '../record/item-key.ts'
import type { FilterPattern } from '../select/pattern.ts'
import type { RawRecord } from '../source/source.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { Work } from './work.ts'

/** What a consumer makes of a record, short of handling it. */
export interface Examined {
  /** Whether it is handled at all: a pattern matches, or there are none. */
  readonly selected: boolean
  /** The consumer's patterns, of which any may match. */
  readonly patterns: readonly FilterPattern[]
  /** By what the ledger knows it. Absent when it can't be read. */
  readonly idempotencyKey: string | undefined
  /** Why it can't be read. */
  readonly fault: unknown
}

/** Looks at a record as the engine would, and does nothing with it. Throws a `DecodeError` where it can't be located. */
export function examine(raw: RawRecord, options: ResolvedOptions): Examined {
  const location = locate(raw)
  const { selection } = options
  const about = { selected: selection.matches(raw), patterns: selection.patterns }
  try {
    return { ...about, idempotencyKey: keyOf(location, options), fault: undefined }
  } catch (fault) {
    return { ...about, idempotencyKey: undefined, fault }
  }
}

function keyOf(location: RecordLocation, options: ResolvedOptions): string {
  const laneKey = encodeItemKey(location.raw.dynamodb?.Keys, 'dynamodb.Keys')
  const record = decodeRecord(location, { numbers: options.numbers })
  return new Work(0, location, laneKey, options, record).idempotencyKey
}
