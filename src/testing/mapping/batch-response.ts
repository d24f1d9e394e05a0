/** What an invocation did to its batch. */
export type BatchOutcome =
  | { readonly status: 'succeeded' }
  /** Everything before the record at this index is done; it and all after it, done or not, come again. */
  | { readonly status: 'partial'; readonly firstFailed: number }
  | { readonly status: 'failed' }

/** What a function's answer is read for. */
export interface ResponseReading {
  /** `ReportBatchItemFailures` is on; without it the answer is not looked at. */
  readonly reportsFailures: boolean
  /** A tumbling window is on: an answer without `state` is a failed invocation. */
  readonly carriesState: boolean
}

/**
 * What a function's answer means for a batch of these sequence numbers, as Lambda reads it.
 *
 * The lowest sequence number listed is the new checkpoint. An empty string, `null`, a wrong key or a number that is not
 * in the batch fails the whole batch, also beside valid ones. `null`, `{}`, an answer without `batchItemFailures` (such as
 * text) and an empty or `null` list mean that all is done.
 */
export function readResponse(
  response: unknown,
  sequenceNumbers: readonly string[],
  reading: ResponseReading,
): BatchOutcome {
  if (reading.carriesState && stateOf(response) === undefined) return { status: 'failed' }
  const failures = reading.reportsFailures ? field(response, 'batchItemFailures') : undefined
  if (failures === undefined || failures === null) return { status: 'succeeded' }
  if (!Array.isArray(failures)) return { status: 'failed' }
  // Records come in order, so the lowest sequence number is the one that stands first.
  const places = failures.map((failure: unknown) => placeOf(field(failure, 'itemIdentifier'), sequenceNumbers))
  if (places.includes(-1)) return { status: 'failed' }
  return places.length === 0 ? { status: 'succeeded' } : { status: 'partial', firstFailed: Math.min(...places) }
}

/** The `state` that a function hands to the next invocation of its window; `undefined` when it gave none. */
export function stateOf(response: unknown): unknown {
  return field(response, 'state') ?? undefined
}

function placeOf(identifier: unknown, sequenceNumbers: readonly string[]): number {
  return typeof identifier === 'string' ? sequenceNumbers.indexOf(identifier) : -1
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
}
