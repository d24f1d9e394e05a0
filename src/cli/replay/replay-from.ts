import { compareSequenceNumbers, parseSequenceNumber, type SequenceNumber } from '../../record/sequence-number.ts'
import { createdAtOf } from '../fleet/peek.ts'
import type { RawRecord } from '../../source/source.ts'
import { UsageError } from '../command.ts'
import type { Read } from '../options.ts'

/** From where on records are to run again. */
export type ReplayFrom =
  | { readonly kind: 'trim-horizon' }
  | { readonly kind: 'time'; readonly at: number }
  | { readonly kind: 'sequence'; readonly at: SequenceNumber }

export const readReplayFrom: Read<ReplayFrom> = (option, text) => {
  if (text === 'trim-horizon') return { kind: 'trim-horizon' }
  if (/^\d{1,40}$/.test(text)) return { kind: 'sequence', at: parseSequenceNumber(text, option) }
  const at = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return { kind: 'time', at }
  throw new UsageError(
    `${option} must be trim-horizon, a time such as 2026-05-01T12:00:00Z, or a record's sequence number; got '${text}'`,
  )
}

/** Whether a record is to run again. One without a time is, so that none is left out. */
export function isFrom(from: ReplayFrom, raw: RawRecord, sequenceNumber: SequenceNumber): boolean {
  if (from.kind === 'trim-horizon') return true
  if (from.kind === 'sequence') return compareSequenceNumbers(sequenceNumber, from.at) >= 0
  return (createdAtOf(raw) ?? Infinity) >= from.at
}
