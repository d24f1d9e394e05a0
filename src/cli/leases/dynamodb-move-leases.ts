import { ConfigurationError } from '../../errors.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { DynamoDBLeaseTable } from '../../leases/dynamodb/lease-table.ts'
import { DynamoDBLeaseTransfers } from '../../leases/dynamodb/lease-transfers.ts'
import { DynamoDBMemberTable } from '../../leases/dynamodb/member-table.ts'
import { exportKclLeases } from '../../leases/kcl/dynamodb-export-kcl-leases.ts'
import { importKclLeases } from '../../leases/kcl/dynamodb-import-kcl-leases.ts'
import { streamReading } from '../../source/dynamodb-streams.ts'
import { latestStreamArn } from '../../source/dynamodb-table-stream.ts'
import { connect, type Connection } from '../aws/dynamodb-connection.ts'
import { exitCodes } from '../exit-codes.ts'
import type { LeasesOptions } from './leases-command.ts'
import { type LeasesReport, planText } from './plan-text.ts'

/**
 * `tidemark leases import` and `export`: shows what moving leases from or to KCL would do and, with `--apply`, does it.
 *
 * @returns the exit code: 0 when it is planned or done, 1 when it is refused.
 */
export async function moveLeases(options: LeasesOptions, line: string): Promise<number> {
  const connection = await connect(options)
  try {
    // Not on the standard output: with --json that is for the plan alone.
    console.error(
      `watching both fleets for signs of life, ${(options.observe ?? 15_000) / 1_000} s, in ${connection.place}`,
    )
    const made = await transfer(connection, options)
    console.log(
      options.json
        ? JSON.stringify({ direction: made.direction, ...made.report })
        : planText(made, options, line.replace(' --json', '')),
    )
    return made.report.status === 'refused' ? exitCodes.failed : exitCodes.ok
  } finally {
    await connection.close()
  }
}

async function transfer({ dynamodb, streams }: Connection, options: LeasesOptions): Promise<LeasesReport> {
  const { direction, table: tableName, consumer, coordinationTable, kclTable, apply, observe } = options
  const streamArn = (await latestStreamArn(dynamodb, tableName))?.streamArn
  if (streamArn === undefined) throw new ConfigurationError(`table '${tableName}' never had a stream: it has no leases`)
  const rows = {
    client: dynamodb,
    tableName: coordinationTable,
    fleet: { consumer, tableName },
    clock: systemClock,
    random: systemRandom,
  }
  const common = {
    dynamodb,
    kclTableName: kclTable,
    streamArn,
    listing: await streamReading(streams).describe(streamArn),
    fleet: {
      leases: new DynamoDBLeaseTable(rows),
      members: new DynamoDBMemberTable(rows),
      transfers: new DynamoDBLeaseTransfers(rows),
    },
    clock: systemClock,
    dryRun: !apply,
    ...(observe === undefined ? {} : { observeMs: observe }),
  }
  if (direction === 'import') return { direction, report: await importKclLeases(common) }
  return {
    direction,
    report: await exportKclLeases({ ...common, ...(options.multiStream ? { multiStream: true } : {}) }),
  }
}
