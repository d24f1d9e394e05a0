import { ConfigurationError } from '../errors.ts'
import { Circuit } from '../parking/circuit.ts'
import { ParkedCount } from '../parking/parked-count.ts'
import type { ParkingLot, ShardFence } from '../parking/parking-lot.ts'
import { laneOf, nameOf, Parker } from './parker.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Stragglers } from './stragglers.ts'
import { afterDeath, lateInYouth, type OwnerDeath } from './suspicion.ts'
import type { Work } from './work.ts'

/** Parking as one consumer does it in this process. */
export class ConsumerParking {
  readonly #options: ResolvedOptions
  readonly #circuit: Circuit
  readonly #count: ParkedCount
  readonly #bornAt: number
  #lot: ParkingLot | undefined

  constructor(options: ResolvedOptions) {
    const { name, clock, random } = options
    this.#options = options
    this.#circuit = new Circuit(name, clock, random)
    this.#count = new ParkedCount(name, clock)
    this.#bornAt = clock.monotonic()
    this.#lot = options.parking.lot ?? options.ledger?.parking
  }

  /** Whether there is a place to park in. */
  get hasLot(): boolean {
    return this.#lot !== undefined
  }

  /** The place; a `ConfigurationError` where there is none. */
  get lot(): ParkingLot {
    if (this.#lot !== undefined) return this.#lot
    throw new ConfigurationError(
      `consumer '${this.#options.name}' has no place to park records in: give it a ledger that has one (dynamodbLedger, postgresLedger), ` +
        `or parking: { lot: dynamodbParkingLot({ client, tableName }) }`,
    )
  }

  /** A place to park in where neither the ledger nor the options give one: a worker's coordination table. */
  useLot(lot: ParkingLot): void {
    this.#lot ??= lot
  }

  /**
   * Looks up what is parked of a batch's lanes: one request for each 100 of them. `stragglers`: what has outlived
   * earlier batches.
   */
  async forBatch(works: readonly Work[], stragglers: Stragglers): Promise<Parker> {
    const doubtful = stragglers.laneKeys
    const { lot } = this
    const all = works.map((work) => laneOf(work, this.#options.name))
    const lanes = new Map(all.map((lane) => [nameOf(lane), lane]))
    const isSuspicious = lateInYouth(this.#options.clock, this.#bornAt)
    return this.#parker(lot, await lot.read([...lanes.values()]), doubtful, undefined, isSuspicious)
  }

  /**
   * Begins with a shard: keeps earlier owners from parking, and looks up what is parked: after that, for they may have
   * parked until then, and what they have is to be known here.
   */
  async forShard(fence: ShardFence, death: OwnerDeath | undefined, stragglers: Stragglers): Promise<Parker> {
    const { lot } = this
    const doubtful = stragglers.laneKeys
    await lot.openShard(fence)
    const lanes = await lot.list(this.#options.name)
    return this.#parker(
      lot,
      lanes.filter(({ lane }) => lane.tableName === fence.tableName),
      doubtful,
      fence,
      afterDeath(death),
    )
  }

  #parker(
    lot: ParkingLot,
    lanes: Awaited<ReturnType<ParkingLot['list']>>,
    doubtful: readonly string[],
    fence: ShardFence | undefined,
    isSuspicious: (work: Work) => boolean,
  ): Parker {
    const [options, circuit, count] = [this.#options, this.#circuit, this.#count]
    return new Parker({ options, lot, lanes, doubtful, fence, circuit, count, isSuspicious })
  }
}
