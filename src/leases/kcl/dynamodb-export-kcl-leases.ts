import type { DynamoDBSender } from '../../ledger/dynamodb/send.ts'
import { parseStreamArn } from '../../record/stream-arn.ts'
import { KclLeaseTable } from './dynamodb-kcl-lease-table.ts'
import { type ExportLine, planExport } from './export-plan.ts'
import { kclStreamIdentifier, type KclLease, leasesOfStream } from './kcl-lease.ts'
import { readOurs, type TransferOptions, type TransferReport, watchBothSides } from './transfer.ts'

/** What an export takes. */
export interface ExportKclLeasesOptions extends TransferOptions {
  readonly dynamodb: DynamoDBSender
  /** KCL's lease table: its applicationName. It must exist. */
  readonly kclTableName: string
  /** Whether KCL's application consumes several streams, and its keys name them. Default: as the rows there are, else one. */
  readonly multiStream?: boolean
}

/**
 * Hands our progress to a KCL fleet: plans its rows from our leases and, with `dryRun: false`, writes them. Refuses while
 * anybody of either fleet is alive. Of what is settled beyond a frontier KCL can't know: it is repeated, and counted. An
 * export that was broken off is completed by exporting again.
 */
export async function exportKclLeases(options: ExportKclLeasesOptions): Promise<TransferReport<ExportLine>> {
  const { streamArn, fleet, listing, dryRun = true } = options
  const { streamLabel } = parseStreamArn(streamArn, 'streamArn')
  const table = new KclLeaseTable(options.dynamodb, options.kclTableName)
  const { kcl, alive } = await watchBothSides(async () => {
    const { leases, unreadable } = await table.list()
    return { leases: leasesOfStream(leases, streamArn), all: leases, unreadable }
  }, options)
  const ours = await readOurs(fleet, streamLabel)
  const isMulti = options.multiStream ?? kcl.all.some(({ streamName }) => streamName !== undefined)
  const streamName = isMulti ? kclStreamIdentifier(streamArn) : undefined
  const plan = planExport({ kcl: kcl.leases, ours, listing, streamName })
  const nothing = ours.leases.length + ours.finished.length === 0 ? [`this consumer has no leases of ${streamArn}`] : []
  const refusals = [...alive, ...kcl.unreadable, ...nothing, ...otherLayout(kcl.all, isMulti), ...plan.refusals]
  if (refusals.length > 0) return { ...plan, status: 'refused', refusals, writtenCount: 0 }
  if (dryRun) return { ...plan, status: 'planned', writtenCount: 0 }
  const { writtenCount, conflicts } = await apply(table, plan.lines)
  return { ...plan, status: conflicts.length === 0 ? 'applied' : 'refused', refusals: conflicts, writtenCount }
}

// KCL of one stream reads every row of its table as its own, and KCL of several none that does not name its stream.
function otherLayout(all: readonly KclLease[], isMulti: boolean): string[] {
  const others = all.filter(({ streamName }) => (streamName !== undefined) !== isMulti)
  if (others.length === 0) return []
  const [is, asked] = isMulti ? ['one stream', 'several'] : ['several streams', 'one']
  return [
    `KCL's table has ${others.length} leases of an application of ${is}, and rows for one of ${asked} were asked for`,
  ]
}

/**
 * New rows first, then the ends of shards, then the rest: KCL writes SHARD_END only once the children have rows, and a
 * child's progress must not be in the table while its parent looks unfinished. Broken off in between and started all the
 * same, KCL repeats what it has no row of, and skips nothing.
 */
async function apply(table: KclLeaseTable, lines: readonly ExportLine[]) {
  const rank = ({ action, checkpoint }: ExportLine) =>
    (action === 'create' ? 0 : 2) + (checkpoint === 'SHARD_END' ? 0 : 1)
  const conflicts: string[] = []
  let writtenCount = 0
  for (const { action, lease } of lines.toSorted((a, b) => rank(a) - rank(b))) {
    if (action === 'keep' || action === 'same') continue
    const outcome = action === 'create' ? await table.create(lease) : await table.update(lease)
    if (outcome === 'written') writtenCount += 1
    else conflicts.push(`lease ${lease.leaseKey} was changed by somebody during the export: stop KCL, export again`)
  }
  return { writtenCount, conflicts }
}
