import { systemClock, systemRandom } from '../../internal/system.ts'
import { DynamoDBLeaseTable } from '../../leases/dynamodb/lease-table.ts'
import { DynamoDBLeaseTransfers } from '../../leases/dynamodb/lease-transfers.ts'
import { DynamoDBMemberTable } from '../../leases/dynamodb/member-table.ts'
import type { FleetName, LeaseTable, MemberTable } from '../../leases/coordination.ts'
import type { CoordinationOptions } from '../../leases/dynamodb/coordination.ts'
import type { LeaseTransfers } from '../../leases/lease-transfers.ts'
import { streamReading } from '../../source/dynamodb-streams.ts'
import type { StreamReading } from '../../source/stream-reading.ts'
import type { AwsOptions } from '../aws/aws-options.ts'
import { connect, type Connection } from '../aws/dynamodb-connection.ts'
import { existingCoordinationTable, type StreamTable, tableWithStream } from '../aws/dynamodb-tables.ts'

/** Which consumer is meant: every command about one asks for these. */
export interface FleetOptions extends AwsOptions {
  readonly consumer: string
  readonly table: string
  readonly coordinationTable: string
}

/** A consumer's fleet on a table, looked at from outside. */
export interface Fleet {
  readonly name: FleetName
  readonly connection: Connection
  readonly stream: StreamTable
  readonly reading: StreamReading
  readonly leases: LeaseTable
  readonly members: MemberTable
  readonly transfers: LeaseTransfers
  /** What other tables of the same fleet are made of. */
  readonly coordination: CoordinationOptions
}

/** Opens a fleet for as long as `use` needs it. Says what is missing before anything is asked of it. */
export async function withFleet<Answer>(
  options: FleetOptions,
  use: (fleet: Fleet) => Promise<Answer>,
): Promise<Answer> {
  const connection = await connect(options)
  try {
    const stream = await tableWithStream(connection, options.table)
    await existingCoordinationTable(connection, options.coordinationTable)
    return await use(fleetOf(options, connection, stream))
  } finally {
    await connection.close()
  }
}

function fleetOf(
  { consumer, table, coordinationTable }: FleetOptions,
  connection: Connection,
  stream: StreamTable,
): Fleet {
  const name = { consumer, tableName: table }
  const coordination = {
    ...{ client: connection.dynamodb, tableName: coordinationTable, fleet: name },
    ...{ clock: systemClock, random: systemRandom },
  }
  return {
    ...{ name, connection, stream, coordination, reading: streamReading(connection.streams) },
    leases: new DynamoDBLeaseTable(coordination),
    members: new DynamoDBMemberTable(coordination),
    transfers: new DynamoDBLeaseTransfers(coordination),
  }
}
