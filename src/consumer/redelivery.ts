import { SettlementBook } from '../checkpoint/settlement.ts'
import type { LedgerEntry } from '../ledger/ledger.ts'
import { positionOf } from '../parking/lane-name.ts'
import type { ParkingLot } from '../parking/parking-lot.ts'
import type { Batch } from '../source/source.ts'
import { laneOf } from './parker.ts'
import { prepare } from './prepare.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Work } from './work.ts'

/** What would become of records of a shard that a worker is handed again. */
export interface Redelivery {
  readonly filteredCount: number
  /** The ledger, or the parking lot, knows that they are done. `undefined` when the ledger can't tell. */
  readonly absorbedCount: number | undefined
  /** They are parked, or their lanes are, and they would queue there. */
  readonly parkedCount: number
}

/** Finds out, and changes nothing. `lot` is absent where the consumer does not park. */
export async function redelivery(
  batch: Batch & { readonly shardId: string },
  options: ResolvedOptions,
  lot: ParkingLot | undefined,
): Promise<Redelivery> {
  const { works } = prepare(batch, options, new SettlementBook(batch.records.length))
  const filteredCount = batch.records.length - works.length
  const completed = await completedOf(works, batch.shardId, options)
  const open = works.filter((work) => completed?.has(work) !== true)
  const inLot = lot === undefined ? { parkedCount: 0, settledCount: 0 } : await countInLot(open, options.name, lot)
  const { parkedCount, settledCount } = inLot
  return { filteredCount, absorbedCount: completed && completed.size + settledCount, parkedCount }
}

async function completedOf(
  works: readonly Work[],
  shardId: string,
  { name: consumer, identity, ledger }: ResolvedOptions,
): Promise<ReadonlySet<LedgerEntry> | undefined> {
  // What can't be read is not known to any ledger, and fails again.
  const entries = works.filter(({ record }) => record !== undefined)
  const [first] = entries
  if (first === undefined || ledger === undefined) return new Set()
  const { tableName, streamLabel } = first.location.stream
  return ledger.completed?.({ consumer, tableName, streamLabel, shardId, recurs: identity !== 'record' }, entries)
}

/** As a parker looks for them: behind others of a parked lane, or redriven and dropped where one was cleared lately. */
async function countInLot(works: readonly Work[], consumer: string, lot: ParkingLot) {
  const states = await lot.read([...new Map(works.map((work) => [work.laneKey, laneOf(work, consumer)])).values()])
  const byLane = new Map(states.map((state) => [state.lane.laneKey, state]))
  let [parkedCount, settledCount] = [0, 0]
  for (const work of works) {
    const { parked, clearedThrough = '' } = byLane.get(work.laneKey) ?? {}
    const position = positionOf(work.location.stream.streamLabel, work.sequenceNumber)
    if (parked !== undefined) parkedCount += 1
    else if (position <= clearedThrough && (await lot.wasSettled(laneOf(work, consumer), position))) settledCount += 1
  }
  return { parkedCount, settledCount }
}
