import type { Settlement } from '../checkpoint/settlement.ts'
import { BatchIncompleteError } from '../errors.ts'
import { readFailureDocument, type FailureDocumentOptions } from '../source/failed-records.ts'
import type { TimeLimits } from './batch-time.ts'
import type { Consumer } from './consumer.ts'

/** What became of a document's records. */
export type FailureDocumentOutcome = { readonly recordCount: number } & { readonly [Kind in Settlement]: number }

/** How {@link processFailureDocument} goes about it. */
export interface ProcessFailureDocumentOptions extends FailureDocumentOptions {
  /** The time there is for each batch, as in `consumer.process`. @default no limit */
  readonly limits?: TimeLimits
}

/**
 * Hands the records of a document about failed ones to a consumer, in stream order. With a ledger, those that took effect
 * already are absorbed as duplicates and only the others run.
 *
 * It can't undo that they come late: what happened to the same items since has been handled meanwhile, so a handler has to
 * see by itself that a change is older than what it knows. Records parked by the consumer itself don't have that problem.
 *
 * Rejects with a `BatchIncompleteError` at the first batch that is not settled whole; nothing behind it is run. Give the same
 * document again then: leave the message in its queue.
 */
export async function processFailureDocument(
  consumer: Consumer,
  document: unknown,
  { limits, ...options }: ProcessFailureDocumentOptions = {},
): Promise<FailureDocumentOutcome> {
  const outcome = { recordCount: 0, handled: 0, filtered: 0, duplicate: 0, parked: 0 }
  for await (const batch of readFailureDocument(document, options)) {
    const { settlements, frontier, locations, stopped } = await consumer.process(batch, limits)
    outcome.recordCount += batch.records.length
    for (const settlement of settlements) if (settlement !== undefined) outcome[settlement] += 1
    if (frontier === batch.records.length) continue
    const at = locations[frontier]?.sequenceNumber ?? 'unknown'
    throw new BatchIncompleteError(`the document is settled only up to record ${at}: it has to be processed again`, {
      cause: stopped[0]?.error,
    })
  }
  return outcome
}
