import { functionNamed, integer, knownNames, optional, reject, shape } from '../internal/validate.ts'
import type { DeadLetterSink } from './dead-letter.ts'
import type { ParkingLot } from './parking-lot.ts'

/** How a consumer parks. */
export interface ParkingOptions {
  /** Where, when neither in the ledger's table nor in a worker's coordination table; see `dynamodbParkingLot`. */
  readonly lot?: ParkingLot
  /** Records that wait in one lane, at most; then the lane stops, and the source keeps what follows. @default 10_000 */
  readonly maxPerLane?: number
  /** The same for all lanes of the consumer together, as counted some seconds ago. @default 100_000 */
  readonly maxPerConsumer?: number
  /**
   * Where each record that failed is told of as well, whole and with its error, before it is parked; see `tidemark/dead-letters`.
   * What only waits behind it is not. While a sink can't be reached, the lanes of such records stop. @default none
   */
  readonly sinks?: readonly DeadLetterSink[]
}

/** The options with every default filled in. */
export interface ResolvedParking {
  readonly lot: ParkingLot | undefined
  readonly maxPerLane: number
  readonly maxPerConsumer: number
  readonly sinks: readonly DeadLetterSink[]
}

export function resolveParking(options: ParkingOptions = {}): ResolvedParking {
  shape('parking', options)
  knownNames('parking', options, ['lot', 'maxPerLane', 'maxPerConsumer', 'sinks'])
  return {
    lot: optional(options.lot, (lot) => {
      shape('parking.lot', lot)
      functionNamed('parking.lot.park', lot.park)
      return lot
    }),
    maxPerLane: integer('parking.maxPerLane', options.maxPerLane ?? 10_000, 1, 1_000_000),
    maxPerConsumer: integer('parking.maxPerConsumer', options.maxPerConsumer ?? 100_000, 1, 10_000_000),
    sinks: resolveSinks(options.sinks),
  }
}

function resolveSinks(sinks: readonly DeadLetterSink[] = []): readonly DeadLetterSink[] {
  // Given by JavaScript it may be anything, which its type does not say.
  const given: unknown = sinks
  if (!Array.isArray(given)) reject('parking.sinks', 'a list of sinks, as sqsSink and s3Sink make them', given)
  for (const [index, sink] of sinks.entries()) {
    shape(`parking.sinks[${index}]`, sink)
    functionNamed(`parking.sinks[${index}].deliver`, sink.deliver)
  }
  return sinks
}
