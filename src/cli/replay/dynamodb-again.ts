import { dynamodbParkingLot } from '../../parking/dynamodb/parking-lot.ts'
import type { ParkingLot } from '../../parking/parking-lot.ts'
import { locate } from '../../record/decode.ts'
import type { Fleet } from '../fleet/dynamodb-fleet.ts'
import { Marks } from '../fleet/dynamodb-marks.ts'
import { identifier, type IdentifyOptions } from '../fleet/identify.ts'
import { laneKeyOf } from '../fleet/peek.ts'
import type { ShardRecord } from '../fleet/shard-records.ts'
import { namedConsumer } from '../run/named-consumer.ts'
import type { AgainCount } from './replay-plan.ts'

/** Counts what would become of records of a shard that are handed out again. */
export type CountAgain = (shardId: string, records: readonly ShardRecord[]) => Promise<AgainCount>

/** Where to look when no module says what the consumer's ledger is. */
export interface AgainOptions extends IdentifyOptions {
  readonly ledgerTable: string | undefined
}

/** Asks the consumer itself where its module is given; else the rows that a ledger in DynamoDB has left, if one has. */
export async function countAgain(fleet: Fleet, options: AgainOptions): Promise<CountAgain> {
  const { consumer, module } = options
  return module === undefined ? countByRows(fleet, options) : countByConsumer(module, consumer, lotOf(fleet))
}

/** Where a worker parks whose ledger has no place of its own. */
function lotOf({ coordination: { client, tableName } }: Fleet): ParkingLot {
  return dynamodbParkingLot({ client, tableName })
}

async function countByConsumer(module: string, name: string, lot: ParkingLot): Promise<CountAgain> {
  const consumer = await namedConsumer(module, name)
  consumer.useParkingLot(lot)
  return async (shardId, records) => {
    const delivered = records.length
    const again = await consumer.redelivery({ shardId, records: records.map(({ raw }) => raw) })
    const { filteredCount: filtered, absorbedCount, parkedCount: parked } = again
    const untold = absorbedCount === undefined ? delivered - filtered - parked : 0
    return { delivered, filtered, absorbed: absorbedCount ?? 0, parked, untold }
  }
}

async function countByRows(
  { connection, coordination, name, stream }: Fleet,
  options: AgainOptions,
): Promise<CountAgain> {
  const identify = await identifier(options)
  const marks = new Marks(connection.dynamodb, options.ledgerTable ?? coordination.tableName, name.consumer)
  const { consumer, tableName } = name
  return async (shardId, records) => {
    const entries = records.flatMap(({ raw, sequenceNumber }) => {
      const { idempotencyKey } = identify(raw)
      if (idempotencyKey === undefined) return []
      const { streamArn } = locate(raw).stream
      return [{ idempotencyKey, laneKey: laneKeyOf(raw), eventId: raw.eventID ?? '', streamArn, sequenceNumber }]
    })
    const { streamLabel } = stream
    const shard = { consumer, tableName, streamLabel, shardId, recurs: options.identity !== 'record' }
    const absorbed = (await marks.completed(shard, entries)).size
    return { delivered: records.length, absorbed, filtered: 0, parked: 0, untold: 0 }
  }
}
