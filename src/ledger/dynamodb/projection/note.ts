import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { idempotencyKeyOf } from '../../../record/identity.ts'
import { padSequenceNumber } from '../../../record/sequence-number.ts'
import { parseStreamArn } from '../../../record/stream-arn.ts'
import type { LedgerEntry } from '../../ledger.ts'

/** The attribute of a projected item that is Tidemark's: a map of the three below. */
export const noteName = 'tidemark'

/** What stands on a projected item: of which source item it is, and how far that item's changes are in it. */
export interface Note {
  /**
   * Stream label and sequence number, which compare as text: labels are times, so those of a stream that was disabled and
   * enabled again come later, and numbers have 40 digits.
   */
  readonly position: string
  /**
   * The consumer, and a hash of the source item: region, account, table and key. Only positions of one item in one table
   * can be compared, so a change of anything else is refused rather than judged by its number.
   */
  readonly source: string
}

export function noteOf(consumer: string, { streamArn, sequenceNumber, laneKey }: LedgerEntry): Note {
  const { region, accountId, tableName, streamLabel } = parseStreamArn(streamArn, 'streamArn')
  return {
    position: `${streamLabel}#${padSequenceNumber(sequenceNumber)}`,
    source: `${consumer}/${idempotencyKeyOf(consumer, `item:${region}:${accountId}:${tableName}/${laneKey}`)}`,
  }
}

/** The note as an attribute; with `deletedAt` (epoch ms) that of a tombstone. */
export function noteValue({ position, source }: Note, deletedAt?: number): AttributeValue {
  const tombstone = deletedAt === undefined ? {} : { deletedAt: { N: String(deletedAt) } }
  return { M: { position: { S: position }, source: { S: source }, ...tombstone } }
}

/** The note of an item; `undefined` where something else stands in its place. */
export function readNote(item: Readonly<Record<string, AttributeValue>>): Note | undefined {
  const { position, source } = item[noteName]?.M ?? {}
  return position?.S === undefined || source?.S === undefined ? undefined : { position: position.S, source: source.S }
}

/**
 * Whether a projected item, as the SDK gives it or decoded, is what a delete leaves: nothing but its key and the place of
 * the delete, so that an older change that comes late does not bring the item back. Whoever reads the table passes it
 * over; in a query or scan by `FilterExpression: 'attribute_not_exists(tidemark.deletedAt)'`.
 */
export function isTombstone(item: { readonly [name: string]: unknown }): boolean {
  const note = item[noteName]
  if (typeof note !== 'object' || note === null) return false
  const fields: unknown = 'M' in note ? note.M : note
  return typeof fields === 'object' && fields !== null && 'deletedAt' in fields
}
