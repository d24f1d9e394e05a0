import type { BatchOutcome } from './batch-response.ts'

/** The part of a mapping's options that decides about failed batches. */
export interface RetryPolicy {
  /** Failures that a batch may have beyond the first, -1 for any number. */
  readonly maximumRetryAttempts: number
  readonly bisectBatchOnFunctionError: boolean
}

/** Records that are delivered together. */
export interface Batch<Record> {
  readonly records: readonly Record[]
  /** Invocations that failed with it since the checkpoint last moved. */
  readonly failures: number
}

/** What becomes of a batch after an invocation. */
export interface NextStep<Record> {
  /** How many records from the front are done with. */
  readonly settled: number
  /** What to deliver next, in this order, of the records after those. */
  readonly again: readonly Batch<Record>[]
  /** Whether the retries are used up: all records after the settled ones are then to be discarded. */
  readonly exhausted: boolean
}

/**
 * What Lambda does with a batch after an invocation.
 *
 * After partial success only the rest comes again, and its count starts anew. After a failure the whole batch does: in
 * two halves when bisecting is on and there is something to halve, which costs no retry, else as it is, which costs one.
 * A failure reported for the very first record is a failure of the whole: nothing could be split off at it.
 */
export function afterInvocation<Record>(
  batch: Batch<Record>,
  outcome: BatchOutcome,
  policy: RetryPolicy,
): NextStep<Record> {
  const { records } = batch
  if (outcome.status === 'succeeded') return { settled: records.length, again: [], exhausted: false }
  if (outcome.status === 'partial' && outcome.firstFailed > 0) {
    const rest = { records: records.slice(outcome.firstFailed), failures: 0 }
    return { settled: outcome.firstFailed, again: [rest], exhausted: false }
  }
  if (policy.bisectBatchOnFunctionError && records.length > 1) {
    return { settled: 0, again: halves(batch), exhausted: false }
  }
  const failures = batch.failures + 1
  const exhausted = policy.maximumRetryAttempts !== -1 && failures > policy.maximumRetryAttempts
  return { settled: 0, again: exhausted ? [] : [{ records, failures }], exhausted }
}

function halves<Record>({ records, failures }: Batch<Record>): readonly Batch<Record>[] {
  const middle = Math.ceil(records.length / 2)
  return [records.slice(0, middle), records.slice(middle)].map((half) => ({ records: half, failures }))
}

/** What a batch's age is judged by. */
export interface AgePolicy {
  /** -1 for no limit but the stream's. */
  readonly maximumRecordAgeInSeconds: number
}

// DynamoDB keeps a stream record for 24 hours; no option can make Lambda retry for longer.
const retentionMs = 24 * 60 * 60 * 1000

/**
 * How many records from the front of a batch are too old to be delivered (again). What the stream itself has forgotten
 * can't be retried, but what was just read from it has not been forgotten: the retention ends retries only.
 */
export function expiredCount(batch: Batch<{ readonly createdAt: number }>, now: number, policy: AgePolicy): number {
  const limits = [
    policy.maximumRecordAgeInSeconds === -1 ? Infinity : policy.maximumRecordAgeInSeconds * 1000,
    batch.failures > 0 ? retentionMs : Infinity,
  ]
  const limit = Math.min(...limits)
  const firstLive = batch.records.findIndex(({ createdAt }) => !(now - createdAt > limit))
  return firstLive === -1 ? batch.records.length : firstLive
}

/** Milliseconds before the next delivery: `baseMs` doubling with each failure up to 64 times as much, ±50 % by `random`. */
export function retryDelayMs(failures: number, baseMs: number, random: number): number {
  return baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 6) * (0.5 + random)
}
