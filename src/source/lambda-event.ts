import { DecodeError } from '../errors.ts'
import { describe } from '../record/describe.ts'
import type { Batch, RawRecord } from './source.ts'

/** What Lambda invokes a function with for a DynamoDB stream; the fields of a tumbling window only where there is one. */
export interface LambdaStreamEvent {
  readonly Records: readonly LambdaStreamRecord[]
  /** The state that the previous invocation of the window returned. */
  readonly state?: { readonly [name: string]: unknown } | undefined
  readonly window?: { readonly start?: string | undefined; readonly end?: string | undefined } | undefined
  readonly shardId?: string | undefined
  readonly eventSourceARN?: string | undefined
  readonly isFinalInvokeForWindow?: boolean | undefined
  readonly isWindowTerminatedEarly?: boolean | undefined
}

/** A record of such an event. Everything is optional because an event is input, and all of it is checked. */
export interface LambdaStreamRecord {
  readonly eventID?: string | undefined
  readonly eventName?: string | undefined
  readonly eventSource?: string | undefined
  readonly eventSourceARN?: string | undefined
  readonly awsRegion?: string | undefined
  readonly dynamodb?: object | undefined
  readonly userIdentity?: unknown
}

/** Takes a Lambda event as one batch. Throws a `DecodeError` when it has no list of records. */
export function batchOfEvent(event: unknown): Batch {
  if (typeof event !== 'object' || event === null)
    throw new DecodeError(`a DynamoDB stream event must be an object; got ${describe(event)}`, { path: 'event' })
  const { Records } = event as Partial<LambdaStreamEvent>
  if (!Array.isArray(Records))
    throw new DecodeError(
      `a DynamoDB stream event must have a list of records; got ${describe(Records)}: is this function invoked by a stream?`,
      { path: 'event.Records' },
    )
  // What a record really looks like is found out by the decoder, one record at a time.
  return { records: Records as readonly RawRecord[] }
}

/** Whether the event belongs to a tumbling window, whose answer must carry the window's state. */
export function isWindowEvent(event: LambdaStreamEvent): boolean {
  return event.window !== undefined || event.isFinalInvokeForWindow !== undefined || event.state !== undefined
}
