import type { SequenceNumber } from '../record/sequence-number.ts'
import type { RawRecord } from '../source/source.ts'
import type { ErrorDescription } from './error-description.ts'

/** A record that was given up, with all that is needed to understand why and to process it again elsewhere. */
export interface DeadLetter {
  /** The consumer that gave it up. */
  readonly consumer: string
  readonly idempotencyKey: string
  /** The lane it is of: letters of one lane have to be processed in the order of their sequence numbers. */
  readonly laneKey: string
  readonly eventId: string
  readonly sequenceNumber: SequenceNumber
  readonly streamArn: string
  /** The shard it was read from; in a worker only, since Lambda does not tell. */
  readonly shardId?: string
  /** The whole record, as its source delivered it. */
  readonly record: RawRecord
  /** Why it was given up. Absent when nothing is known to be wrong with it but that an earlier record of its lane is parked. */
  readonly error?: ErrorDescription
  /** How often its handler ran, all deliveries together. */
  readonly attempts: number
  /** Epoch milliseconds of the first failure that is known; absent when it never failed itself. */
  readonly firstFailedAt?: number
  /** Epoch milliseconds. */
  readonly parkedAt: number
  /** Where the process ran that gave it up, for people: host name and process id. */
  readonly host: string
}

/** A place that given-up records are sent to. */
export interface DeadLetterSink {
  /**
   * Resolves once the letter is durable there, and rejects when it can't be known to be. A letter may be delivered more
   * than once, after a lost reply or a crash; its `idempotencyKey` tells.
   */
  deliver(letter: DeadLetter): Promise<void>
}
