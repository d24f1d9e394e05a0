import { compareSequenceNumbers } from '../../record/sequence-number.ts'
import type { StreamListing } from '../../source/stream-reading.ts'
import type { Lease } from '../lease.ts'
import { Ancestors } from './ancestors.ts'
import type { KclLease } from './kcl-lease.ts'
import { type KclPosition, positionOf } from './kcl-position.ts'
import type { OurShards, TransferPlan } from './transfer.ts'

/** What becomes of one of KCL's leases. */
export interface ImportLine {
  readonly shardId: string
  readonly parentShardId: string | undefined
  /**
   * `create`: a lease that goes on where KCL stopped. `finish`: the shard is noted as consumed to its end. `wait`: nothing
   * now, a lease from the shard's beginning once its parent is finished, as always.
   */
  readonly action: 'create' | 'finish' | 'wait'
  readonly position: KclPosition
  /** It is there already, from an import that was broken off. */
  readonly present: boolean
}

/**
 * Plans leases from KCL's. A lease of ours says by its existence that all its ancestors are finished, so a shard that has
 * an unfinished ancestor gets none; KCL may have a row of it, at its beginning. A row that is further, below a parent that
 * is not finished, can't be kept in order and is refused.
 */
export function planImport(
  kcl: readonly KclLease[],
  ours: OurShards,
  listing: StreamListing | undefined,
): TransferPlan<ImportLine> {
  const ancestors = new Ancestors(kcl, { leases: [], finished: [] }, listing)
  const positions = new Map(kcl.map((lease) => [lease.shardId, positionOf(lease)]))
  const lines = kcl.map((lease) => lineOf(lease, ancestors, positions, ours))
  return {
    lines: lines.toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1)),
    refusals: [
      ...doubled(kcl),
      ...foreign(kcl, listing),
      ...lines.flatMap((line) => unreadable(line)),
      ...lines.flatMap((line) => disordered(line, ancestors, positions)),
      ...different(lines, ours),
    ],
    remarks: remarksOn(kcl, lines, listing),
  }
}

function lineOf(
  lease: KclLease,
  ancestors: Ancestors,
  positions: ReadonlyMap<string, KclPosition>,
  ours: OurShards,
): ImportLine {
  const { shardId } = lease
  const position = positionOf(lease)
  const isWaiting = unfinishedAncestor(shardId, ancestors, positions) !== undefined
  const action = position.at === 'end' ? 'finish' : isWaiting ? 'wait' : 'create'
  const line = { shardId, parentShardId: ancestors.parentsOf(shardId)[0], action, position } as const
  return { ...line, present: isPresent(line, ours) }
}

function unfinishedAncestor(
  shardId: string,
  ancestors: Ancestors,
  positions: ReadonlyMap<string, KclPosition>,
): string | undefined {
  return ancestors.of(shardId).find((ancestor) => (positions.get(ancestor)?.at ?? 'end') !== 'end')
}

function isPresent({ shardId, action, position }: Omit<ImportLine, 'present'>, ours: OurShards): boolean {
  if (action === 'finish') return ours.finished.some((one) => one.shardId === shardId)
  const lease = ours.leases.find((one) => one.shardId === shardId)
  return action === 'create' && lease !== undefined && isEqual(lease, position)
}

function isEqual({ checkpoint, startAt, gap }: Lease, position: KclPosition): boolean {
  if (gap !== undefined || checkpoint.beyond.length > 0) return false
  if (position.at === 'start') return checkpoint.after === undefined && startAt === position.startAt
  if (position.at !== 'record' || checkpoint.after === undefined) return false
  return compareSequenceNumbers(checkpoint.after, position.after) === 0
}

function doubled(kcl: readonly KclLease[]): string[] {
  const keys = new Map<string, string>()
  return kcl.flatMap(({ shardId, leaseKey }) => {
    const other = keys.get(shardId)
    keys.set(shardId, leaseKey)
    return other === undefined ? [] : [`shard ${shardId} has two leases, '${other}' and '${leaseKey}': delete one`]
  })
}

function foreign(kcl: readonly KclLease[], listing: StreamListing | undefined): string[] {
  if (listing === undefined || listing.shards.length === 0 || kcl.length === 0) return []
  const listed = new Set(listing.shards.map(({ shardId }) => shardId))
  if (kcl.some(({ shardId }) => listed.has(shardId))) return []
  return [
    'none of the shards that KCL has leases of is in this stream: either they are of another stream, or of an earlier ' +
      'stream of the table, or the KCL fleet was stopped more than a day ago and what it left is gone',
  ]
}

function unreadable({ shardId, position }: ImportLine): string[] {
  return position.at === 'unreadable' ? [`the lease of shard ${shardId} can't be taken over: ${position.why}`] : []
}

function disordered(
  { shardId, position }: ImportLine,
  ancestors: Ancestors,
  positions: ReadonlyMap<string, KclPosition>,
): string[] {
  if (position.at === 'start') return []
  const ancestor = unfinishedAncestor(shardId, ancestors, positions)
  if (ancestor === undefined) return []
  return [
    `shard ${shardId} was begun and ${ancestor}, which comes before it, is not finished: their order can't be kept. ` +
      `Let KCL finish ${ancestor}, then stop it and import again`,
  ]
}

/** An import must not take back what a fleet of ours has done since, nor what it began by itself. */
function different(lines: readonly ImportLine[], ours: OurShards): string[] {
  const expected = new Map(lines.map((line) => [line.shardId, line]))
  const differing = [
    ...ours.leases.filter(({ shardId }) => {
      const line = expected.get(shardId)
      return line === undefined || !line.present || line.action !== 'create'
    }),
    ...ours.finished.filter(({ shardId }) => expected.get(shardId)?.action !== 'finish'),
  ]
  if (differing.length === 0) return []
  const [first, ...more] = differing.map(({ shardId }) => shardId)
  return [
    `this consumer has leases of this stream already that differ from KCL's (${first}${more.length === 0 ? '' : ` and ${more.length} more`}): ` +
      `it has been started on it before. Import for a consumer of another name, or delete its rows of this stream first`,
  ]
}

function remarksOn(
  kcl: readonly KclLease[],
  lines: readonly ImportLine[],
  listing: StreamListing | undefined,
): string[] {
  const listed = new Set(listing?.shards.map(({ shardId }) => shardId))
  return [
    ...kcl
      .filter(({ pendingCheckpoint }) => pendingCheckpoint !== undefined)
      .map(({ shardId, checkpoint, pendingCheckpoint }) => {
        return `shard ${shardId}: KCL prepared checkpoint ${pendingCheckpoint} and never made it; what lies behind ${checkpoint} is handled again`
      }),
    ...lines
      .filter(({ action, shardId }) => action === 'create' && listing !== undefined && !listed.has(shardId))
      .map(({ shardId }) => {
        return `shard ${shardId} is no longer in the stream: what KCL left of it is lost, and the worker will say so and halt there`
      }),
    ...lines
      .filter(({ action, position }) => action === 'create' && position.at === 'start' && position.startAt === 'LATEST')
      .map(
        ({ shardId }) => `shard ${shardId} starts at LATEST: what comes before the import is not wanted, as with KCL`,
      ),
    ...lines
      .filter(({ action, position }) => action === 'wait' && position.at === 'start' && position.startAt === 'LATEST')
      .map(
        ({ shardId }) => `shard ${shardId} will be consumed from its beginning, where KCL would have skipped to LATEST`,
      ),
  ]
}
