import { eventJson, freshEvent } from './envelope.ts'
import { type DiscardCondition, failureDocument, failureObjectKey } from './failure-document.ts'
import type { Invocation } from './invoker.ts'
import type { MappedRecord } from './mapped-record.ts'
import { type ResolvedMappingOptions, uuid } from './options.ts'
import { retryDelayMs } from './retry-policy.ts'
import type { Tally } from './statistics.ts'

/** Records that are given up, and what led to it. */
export interface GivenUp {
  readonly records: readonly MappedRecord[]
  readonly condition: DiscardCondition
  readonly invokeCount: number
  /** The last invocation with them, when there was one. */
  readonly invocation: Invocation | undefined
}

/**
 * Hands given-up records to the destination. False when it was stopped before the destination took them: they are then
 * still unsettled. Without a destination they are dropped.
 */
export async function discard(
  givenUp: GivenUp,
  shardId: string,
  options: ResolvedMappingOptions,
  tally: Tally,
  stopped: AbortSignal,
): Promise<boolean> {
  const { onFailure, clock, random } = options
  if (onFailure === undefined) {
    tally.droppedEventCount += givenUp.records.length
    return true
  }
  for (let failures = 1; ; failures++) {
    try {
      await sendTo(onFailure, givenUp, shardId, options)
      tally.onFailureDestinationDeliveredEventCount += givenUp.records.length
      return true
    } catch (error) {
      tally.destinationErrorCount++
      tally.lastError = error
    }
    if (!stopped.aborted) await clock.sleep(retryDelayMs(failures, options.retryDelayMs, random.next()), stopped)
    if (stopped.aborted) return false
  }
}

async function sendTo(
  destination: NonNullable<ResolvedMappingOptions['onFailure']>,
  { records, condition, invokeCount, invocation }: GivenUp,
  shardId: string,
  { clock, random, functionArn, streamArn, mappingId }: ResolvedMappingOptions,
): Promise<void> {
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined) return
  const at = clock.now()
  const document = failureDocument({
    condition,
    invokeCount,
    requestId: invocation?.requestId ?? uuid(random),
    functionArn,
    functionError: invocation?.status === 'error' ? 'Unhandled' : null,
    at,
    shardId,
    streamArn,
    first,
    last,
    count: records.length,
    payload: destination.kind === 's3' ? freshEvent(eventJson(records, undefined)) : undefined,
  })
  await destination.send(document, failureObjectKey(mappingId, shardId, at, uuid(random)))
}
