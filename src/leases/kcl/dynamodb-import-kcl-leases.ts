import { emptyCheckpoint } from '../../checkpoint/checkpoint.ts'
import type { DynamoDBSender } from '../../ledger/dynamodb/send.ts'
import { parseStreamArn } from '../../record/stream-arn.ts'
import { KclLeaseTable } from './dynamodb-kcl-lease-table.ts'
import { type ImportLine, planImport } from './import-plan.ts'
import { kclStreamIdentifier, leasesOfStream, type KclLease } from './kcl-lease.ts'
import { readOurs, type TransferFleet, type TransferOptions, type TransferReport, watchBothSides } from './transfer.ts'

/** What an import takes. */
export interface ImportKclLeasesOptions extends TransferOptions {
  readonly dynamodb: DynamoDBSender
  /** KCL's lease table: its applicationName. It is only read. */
  readonly kclTableName: string
}

/**
 * Takes over the progress of a KCL fleet that was stopped: plans our leases from its lease table and, with
 * `dryRun: false`, creates them. Refuses while anybody of either fleet is alive, and when this consumer has other leases
 * of the stream. An import that was broken off is completed by importing again.
 */
export async function importKclLeases(options: ImportKclLeasesOptions): Promise<TransferReport<ImportLine>> {
  const { streamArn, fleet, listing, dryRun = true } = options
  const { streamLabel } = parseStreamArn(streamArn, 'streamArn')
  const table = new KclLeaseTable(options.dynamodb, options.kclTableName)
  const { kcl, alive } = await watchBothSides(async () => {
    const { leases, unreadable } = await table.list()
    return { leases: leasesOfStream(leases, streamArn), all: leases, unreadable }
  }, options)
  const ours = await readOurs(fleet, streamLabel)
  const plan = planImport(kcl.leases, ours, listing)
  const refusals = [...alive, ...kcl.unreadable, ...nothingThere(kcl, streamArn, table.tableName), ...plan.refusals]
  if (refusals.length > 0) return { ...plan, status: 'refused', refusals, writtenCount: 0 }
  if (dryRun) return { ...plan, status: 'planned', writtenCount: 0 }
  const { writtenCount, conflicts } = await apply(fleet, streamLabel, plan.lines)
  return { ...plan, status: conflicts.length === 0 ? 'applied' : 'refused', refusals: conflicts, writtenCount }
}

function nothingThere(
  { leases, all }: { readonly leases: readonly KclLease[]; readonly all: readonly KclLease[] },
  streamArn: string,
  tableName: string,
): string[] {
  if (leases.length > 0) return []
  const streams = [...new Set(all.map(({ streamName }) => streamName))]
  const others = streams.length === 0 ? 'it has none' : `it has those of ${streams.join(', ')}`
  return [`table '${tableName}' has no leases of the stream ${kclStreamIdentifier(streamArn)}: ${others}`]
}

/**
 * Finished shards come first: a lease must not exist before its ancestors are finished. The start of the stream is noted
 * last: from then on a worker takes the leases as complete. Broken off before that, and started all the same, a fleet would
 * consume from their beginning the shards that have no row yet: repeated, not lost.
 */
async function apply(fleet: TransferFleet, streamLabel: string, lines: readonly ImportLine[]) {
  const conflicts: string[] = []
  let writtenCount = 0
  const isFinish = ({ action }: ImportLine) => action === 'finish'
  for (const line of [...lines.filter(isFinish), ...lines.filter((one) => !isFinish(one))]) {
    if (line.present || line.action === 'wait') continue
    if ((await create(fleet, streamLabel, line)) === 'created') writtenCount += 1
    else
      conflicts.push(
        `shard ${line.shardId} got a row from somebody else during the import: stop the workers, import again`,
      )
  }
  if (conflicts.length === 0) await noteStart(fleet, streamLabel)
  return { writtenCount, conflicts }
}

function create(
  { transfers }: TransferFleet,
  streamLabel: string,
  { shardId, parentShardId, position, action }: ImportLine,
) {
  const shard = { streamLabel, shardId, ...(parentShardId === undefined ? {} : { parentShardId }) }
  if (action === 'finish') return transfers.createFinished(shard)
  const startAt = position.at === 'start' ? position.startAt : 'TRIM_HORIZON'
  const after = position.at === 'record' ? { after: position.after } : {}
  return transfers.createAt({ ...shard, startAt }, { ...emptyCheckpoint, ...after })
}

// Without it a worker would begin the stream by itself, at the roots of what is listed.
async function noteStart({ leases }: TransferFleet, streamLabel: string): Promise<void> {
  const noted = await leases.noteStart({ streamLabel, startAt: 'TRIM_HORIZON', complete: true })
  if (!noted.complete) await leases.completeStart(streamLabel)
}
