import { functionNamed, integer, knownNames, optional, shape } from '../internal/validate.ts'
import type { ParkingLot } from './parking-lot.ts'

/** How a consumer parks. */
export interface ParkingOptions {
  /** Where, when neither in the ledger's table nor in a worker's coordination table; see `dynamodbParkingLot`. */
  readonly lot?: ParkingLot
  /** Records that wait in one lane, at most; then the lane stops, and the source keeps what follows. @default 10_000 */
  readonly maxPerLane?: number
  /** The same for all lanes of the consumer together, as counted some seconds ago. @default 100_000 */
  readonly maxPerConsumer?: number
}

/** The options with every default filled in. */
export interface ResolvedParking {
  readonly lot: ParkingLot | undefined
  readonly maxPerLane: number
  readonly maxPerConsumer: number
}

export function resolveParking(options: ParkingOptions = {}): ResolvedParking {
  shape('parking', options)
  knownNames('parking', options, ['lot', 'maxPerLane', 'maxPerConsumer'])
  return {
    lot: optional(options.lot, (lot) => {
      shape('parking.lot', lot)
      functionNamed('parking.lot.park', lot.park)
      return lot
    }),
    maxPerLane: integer('parking.maxPerLane', options.maxPerLane ?? 10_000, 1, 1_000_000),
    maxPerConsumer: integer('parking.maxPerConsumer', options.maxPerConsumer ?? 100_000, 1, 10_000_000),
  }
}
