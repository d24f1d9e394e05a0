import { ConfigurationError } from '../../errors.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { DynamoDBLeaseTable } from '../../leases/dynamodb-lease-table.ts'
import { DynamoDBLeaseTransfers } from '../../leases/dynamodb-lease-transfers.ts'
import { DynamoDBMemberTable } from '../../leases/dynamodb-member-table.ts'
import { exportKclLeases } from '../../leases/kcl/dynamodb-export-kcl-leases.ts'
import { importKclLeases } from '../../leases/kcl/dynamodb-import-kcl-leases.ts'
import { streamReading } from '../../source/dynamodb-streams.ts'
import { latestStreamArn } from '../../source/dynamodb-table-stream.ts'
import { say } from '../command.ts'
import { connect, type Connection } from '../run/dynamodb-connection.ts'
import { leasesHelp } from './leases-help.ts'
import { type LeasesOptions, readLeasesOptions } from './leases-options.ts'
import { type LeasesReport, planText } from './plan-text.ts'

/**
 * `tidemark leases`: shows what moving leases from or to KCL would do and, with `--apply`, does it.
 *
 * @returns 0 when it is planned or done, 1 when it is refused.
 * @throws UsageError for a wrong command line, a `TidemarkError` for what is wrong with the environment.
 */
export async function leasesCommand(args: string[]): Promise<number> {
  const options = readLeasesOptions(args)
  if (options === undefined) return say(leasesHelp)
  const connection = await connect(options.aws)
  try {
    // Not on the standard output: with --json that is for the plan alone.
    console.error(
      `watching both fleets for signs of life, ${(options.observeMs ?? 15_000) / 1_000} s, in ${connection.place}`,
    )
    const made = await transfer(connection, options)
    const commandLine = ['npx tidemark leases', ...args.filter((argument) => argument !== '--json')].join(' ')
    console.log(
      options.json
        ? JSON.stringify({ direction: made.direction, ...made.report })
        : planText(made, options, commandLine),
    )
    return made.report.status === 'refused' ? 1 : 0
  } finally {
    await connection.close()
  }
}

async function transfer({ dynamodb, streams }: Connection, options: LeasesOptions): Promise<LeasesReport> {
  const { direction, tableName, consumer, coordinationTableName, kclTableName, apply, observeMs } = options
  const streamArn = (await latestStreamArn(dynamodb, tableName))?.streamArn
  if (streamArn === undefined) throw new ConfigurationError(`table '${tableName}' never had a stream: it has no leases`)
  const rows = {
    client: dynamodb,
    tableName: coordinationTableName,
    fleet: { consumer, tableName },
    clock: systemClock,
    random: systemRandom,
  }
  const common = {
    dynamodb,
    kclTableName,
    streamArn,
    listing: await streamReading(streams).describe(streamArn),
    fleet: {
      leases: new DynamoDBLeaseTable(rows),
      members: new DynamoDBMemberTable(rows),
      transfers: new DynamoDBLeaseTransfers(rows),
    },
    clock: systemClock,
    dryRun: !apply,
    ...(observeMs === undefined ? {} : { observeMs }),
  }
  if (direction === 'import') return { direction, report: await importKclLeases(common) }
  return {
    direction,
    report: await exportKclLeases({ ...common, ...(options.multiStream ? { multiStream: true } : {}) }),
  }
}
