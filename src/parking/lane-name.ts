import { createHash } from 'node:crypto'
import { padSequenceNumber, type SequenceNumber } from '../record/sequence-number.ts'

/** One item's lane, as one consumer sees it. */
export interface LaneName {
  readonly consumer: string
  readonly tableName: string
  /** The item's encoded primary key. */
  readonly laneKey: string
}

/** What a lane is called where its key, of up to 3 KB, is too long: in rows and by people. 128 bits, as 32 hex digits. */
export function laneIdOf({ tableName, laneKey }: Pick<LaneName, 'tableName' | 'laneKey'>): string {
  // A table's name has no line break, so no two pairs give one text.
  return createHash('sha256').update(`${tableName}\n${laneKey}`).digest('hex').slice(0, 32)
}

/**
 * A record's place in its lane, as text that sorts like the lane: a stream's label is the time at which it was made, and a
 * lane goes on from shard to shard of a stream, and then from stream to stream.
 */
export function positionOf(streamLabel: string, sequenceNumber: SequenceNumber): string {
  return `${streamLabel}#${padSequenceNumber(sequenceNumber)}`
}
