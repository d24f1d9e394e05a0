import { countBits } from '../../checkpoint/bitmap.ts'
import type { Checkpoint } from '../../checkpoint/checkpoint.ts'
import type { StreamListing } from '../../source/stream-reading.ts'
import { Ancestors } from './ancestors.ts'
import { effectiveOwner, type KclLease } from './kcl-lease.ts'
import { comparePositions, positionOf } from './kcl-position.ts'
import type { OurShards, TransferPlan } from './transfer.ts'

/** What becomes of one of KCL's leases. */
export interface ExportLine {
  readonly shardId: string
  /**
   * `create`, `update`: the row is written. `keep`: KCL's row stays, for it is further than ours, or of a shard that we
   * have nothing of. `same`: it is as it should be.
   */
  readonly action: 'create' | 'update' | 'keep' | 'same'
  /** KCL's checkpoint after the export. */
  readonly checkpoint: string
  /** Records settled beyond the frontier, of which a KCL checkpoint can't tell: KCL will process them again. */
  readonly repeatCount: number
  /** The whole row, as written or kept. */
  readonly lease: KclLease
}

/** What an export plan is made from. */
export interface ExportFacts {
  /** KCL's leases of the stream. */
  readonly kcl: readonly KclLease[]
  readonly ours: OurShards
  readonly listing: StreamListing | undefined
  /** The stream's identifier where KCL's table is one of several streams; `undefined` where it is of one. */
  readonly streamName: string | undefined
}

/**
 * Plans KCL's rows from our leases. A row never goes back: where KCL is further than we, somebody let it run since, and
 * what it processed is processed. Rows of shards before ours say that they are finished, also where we forgot it.
 */
export function planExport(facts: ExportFacts): TransferPlan<ExportLine> {
  const { kcl, ours, listing } = facts
  const ancestors = new Ancestors(kcl, ours, listing)
  const rows = new Map(kcl.map((lease) => [lease.shardId, lease]))
  const checkpoints = checkpointsOf(ours, rows, ancestors)
  const known = [...checkpoints].map(([shardId, wanted]) =>
    lineOf(shardId, wanted, rows.get(shardId), ancestors, facts),
  )
  const kept = kcl.filter(({ shardId }) => !checkpoints.has(shardId)).map(keptLine)
  const lines = [...known, ...kept].toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1))
  return { lines, refusals: [], remarks: remarksOn(lines, ours, checkpoints) }
}

/** Where KCL is to be in each shard, as its `checkpoint` says it. */
function checkpointsOf(ours: OurShards, rows: ReadonlyMap<string, KclLease>, ancestors: Ancestors) {
  const checkpoints = new Map<string, Wanted>()
  for (const { shardId, checkpoint } of ours.leases)
    checkpoints.set(shardId, { checkpoint: checkpointOf(checkpoint), repeatCount: countBits(checkpoint.beyond) })
  // A shard that finished while it was read is in both lists: what is finished stays so.
  for (const { shardId } of ours.finished) checkpoints.set(shardId, finished)
  for (const shardId of [...checkpoints.keys()])
    for (const ancestor of ancestors.of(shardId))
      if (rows.has(ancestor) && !checkpoints.has(ancestor)) checkpoints.set(ancestor, finished)
  return checkpoints
}

interface Wanted {
  readonly checkpoint: string
  readonly repeatCount: number
}

const finished: Wanted = { checkpoint: 'SHARD_END', repeatCount: 0 }

// Never LATEST: KCL would read it as the moment at which it starts, and skip what was written since our lease was made.
function checkpointOf({ after }: Checkpoint): string {
  return after ?? 'TRIM_HORIZON'
}

function keptLine(lease: KclLease): ExportLine {
  return { shardId: lease.shardId, action: 'keep', checkpoint: lease.checkpoint, repeatCount: 0, lease }
}

function lineOf(
  shardId: string,
  { checkpoint, repeatCount }: Wanted,
  row: KclLease | undefined,
  ancestors: Ancestors,
  { streamName }: ExportFacts,
): ExportLine {
  const childShardIds = checkpoint === 'SHARD_END' ? ancestors.childrenOf(shardId) : (row?.childShardIds ?? [])
  if (row === undefined) {
    const parentShardIds = ancestors.parentsOf(shardId)
    const lease = { ...newLease(shardId, checkpoint, streamName), parentShardIds, childShardIds }
    return { shardId, action: 'create', checkpoint, repeatCount, lease }
  }
  const lease = continued(row, checkpoint, childShardIds)
  if (comparePositions(positionOf(row), positionOf(lease)) > 0) return keptLine(row)
  const action = isSame(row, lease) ? 'same' : 'update'
  return { shardId, action, checkpoint, repeatCount, lease: action === 'same' ? row : lease }
}

function newLease(shardId: string, checkpoint: string, streamName: string | undefined): KclLease {
  return {
    ...(streamName === undefined ? { leaseKey: shardId } : { leaseKey: `${streamName}:${shardId}`, streamName }),
    shardId,
    leaseCounter: 0,
    ownerSwitchesSinceCheckpoint: 0,
    checkpoint,
    checkpointSubSequenceNumber: 0,
    parentShardIds: [],
    childShardIds: [],
  }
}

/** The row as KCL would have checkpointed it and given it up: its counter goes on, nobody owns it, nothing is pending. */
function continued(row: KclLease, checkpoint: string, childShardIds: readonly string[]): KclLease {
  const { leaseKey, streamName, shardId, leaseCounter, parentShardIds } = row
  return {
    leaseKey,
    ...(streamName === undefined ? {} : { streamName }),
    shardId,
    leaseCounter: leaseCounter + 1,
    ownerSwitchesSinceCheckpoint: 0,
    checkpoint,
    checkpointSubSequenceNumber: 0,
    parentShardIds,
    childShardIds,
  }
}

function isSame(row: KclLease, lease: KclLease): boolean {
  return (
    row.checkpoint === lease.checkpoint &&
    effectiveOwner(row) === undefined &&
    row.pendingCheckpoint === undefined &&
    row.ownerSwitchesSinceCheckpoint === 0 &&
    row.childShardIds.toSorted().join(' ') === lease.childShardIds.toSorted().join(' ')
  )
}

function remarksOn(
  lines: readonly ExportLine[],
  { leases }: OurShards,
  wanted: ReadonlyMap<string, unknown>,
): string[] {
  const written = new Set(lines.filter(({ action }) => action !== 'keep').map(({ shardId }) => shardId))
  return [
    ...lines
      .filter(({ repeatCount }) => repeatCount > 0)
      .map(({ shardId, repeatCount, checkpoint }) => {
        return `shard ${shardId}: ${repeatCount} records behind ${checkpoint} are settled, and KCL will process them again`
      }),
    ...lines
      .filter(({ action, shardId }) => action === 'keep' && wanted.has(shardId))
      .map(
        ({ shardId, checkpoint }) => `shard ${shardId}: KCL is further than this consumer and stays at ${checkpoint}`,
      ),
    ...leases
      .filter(({ shardId, startAt, checkpoint }) => {
        return written.has(shardId) && startAt === 'LATEST' && checkpoint.after === undefined
      })
      .map(({ shardId }) => {
        return `shard ${shardId} started at LATEST and nothing of it is settled: KCL will process it from TRIM_HORIZON, so that nothing is skipped`
      }),
    ...leases
      .filter(({ gap }) => gap !== undefined)
      .map(({ shardId }) => `shard ${shardId} stands before lost data: KCL will go on behind it without saying so`),
  ]
}
