import type { RecordLocation } from '../record/decode.ts'
import { compareSequenceNumbers, type SequenceNumber } from '../record/sequence-number.ts'
import type { Settlement } from './settlement.ts'

/** Lambda's partial batch response. */
export interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[]
}

/**
 * The answer for a batch: empty when all is settled, else exactly one identifier, before which everything is settled.
 *
 * Lambda takes the lowest sequence number it is given for its checkpoint and delivers everything from there on again;
 * an empty, null or unknown identifier fails the whole batch, so what is returned is always one of the batch
 * (AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda").
 */
export function batchResponse(
  settlements: readonly (Settlement | undefined)[],
  locations: readonly RecordLocation[],
): BatchResponse {
  const unsettled = locations.filter((_location, position) => settlements[position] === undefined)
  const frontier = earliest(unsettled)
  return { batchItemFailures: frontier === undefined ? [] : [{ itemIdentifier: frontier }] }
}

// In a batch that is in order the first is also the lowest. Were one ever out of order, Lambda would go by the number,
// and naming the first would let it pass an unsettled record with a lower one. Numbers of two streams say nothing about
// each other, so there the order of the batch counts.
function earliest(unsettled: readonly RecordLocation[]): SequenceNumber | undefined {
  const [first] = unsettled
  if (first === undefined) return undefined
  return unsettled
    .filter(({ stream }) => stream.streamArn === first.stream.streamArn)
    .map(({ sequenceNumber }) => sequenceNumber)
    .reduce((low, next) => (compareSequenceNumbers(next, low) < 0 ? next : low))
}
