import type { DeadLetter } from '../../src/parking/dead-letter.ts'
import { describeError } from '../../src/parking/error-description.ts'
import type { SequenceNumber } from '../../src/record/sequence-number.ts'
import type { RawRecord } from '../../src/source/source.ts'
import { lambdaEvent, streamArn } from '../support/events.ts'

/** A record of item `key`, with an attribute of that many bytes. */
export function record(key: string, sequence: number, bytes = 0): RawRecord {
  const [raw] = lambdaEvent({ key, sequence, image: { filler: { S: 'x'.repeat(bytes) } } }).Records
  return raw as RawRecord
}

/** A letter about it. */
export function letter(key: string, sequence: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    consumer: 'receipts',
    idempotencyKey: `key-${sequence}`,
    laneKey: `S2:pk${key.length}:${key}`,
    eventId: `event-${sequence}`,
    sequenceNumber: String(sequence) as SequenceNumber,
    streamArn,
    record: record(key, sequence),
    error: describeError(new Error('mail was not accepted', { cause: new Error('socket closed') })),
    attempts: 3,
    firstFailedAt: 1_767_225_600_000,
    parkedAt: 1_767_225_601_234,
    host: 'host-1/42',
    ...more,
  }
}
