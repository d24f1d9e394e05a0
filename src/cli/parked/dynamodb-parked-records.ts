import type { Connection } from '../aws/dynamodb-connection.ts'
import { dynamodbParkingLot } from '../../parking/dynamodb/parking-lot.ts'
import { ParkedRecords } from '../../parking/parked-records.ts'
import { namedConsumer } from '../run/named-consumer.ts'

/** Whose parked records, and where they are when its module does not say it. */
export interface ParkedWhere {
  readonly consumer: string
  /** The consumer's own ledger or options say where it parks: in PostgreSQL, say. */
  readonly module: string | undefined
  readonly parkingTable: string
}

/** The parked records of a consumer: in the place that its module says, else in a table of DynamoDB. */
export async function parkedRecords(
  { dynamodb: client }: Pick<Connection, 'dynamodb'>,
  { consumer, module, parkingTable }: ParkedWhere,
): Promise<ParkedRecords> {
  const lot = dynamodbParkingLot({ client, tableName: parkingTable })
  if (module === undefined) return new ParkedRecords({ consumer, lot })
  const named = await namedConsumer(module, consumer)
  named.useParkingLot(lot)
  return named.parked
}
