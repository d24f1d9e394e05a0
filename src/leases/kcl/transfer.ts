import type { Clock } from '../../internal/clock.ts'
import type { StreamListing } from '../../source/stream-reading.ts'
import type { LeaseTable, MemberRow, MemberTable } from '../coordination.ts'
import type { Lease } from '../lease.ts'
import type { FinishedShard, LeaseTransfers } from '../lease-transfers.ts'
import type { KclLease } from './kcl-lease.ts'
import { defaultObserveMs, watchQuiet } from './quiet.ts'

/** Our fleet of one consumer and table, as far as a transfer needs it. */
export interface TransferFleet {
  readonly leases: LeaseTable
  readonly transfers: LeaseTransfers
  readonly members: MemberTable
}

/** What both directions of a transfer take. */
export interface TransferOptions {
  /** The stream whose leases are meant. */
  readonly streamArn: string
  readonly fleet: TransferFleet
  /** A complete DescribeStream. It tells parents that no row names, and which shards are no longer there. */
  readonly listing?: StreamListing | undefined
  readonly clock: Clock
  /** Plan, and change nothing. @default true */
  readonly dryRun?: boolean
  /** Milliseconds for which nobody of either side may show a sign of life. @default 15_000, 1.5 times KCL's failover time */
  readonly observeMs?: number
}

/** How a transfer went. Refusing is an answer: nothing was changed, unless `refusals` say that something moved meanwhile. */
export interface TransferReport<Line> {
  /** `planned`: a dry run. `applied`: all is as planned. `refused`: see `refusals`. */
  readonly status: 'planned' | 'applied' | 'refused'
  /** Why it can't be done, and what to do about it. */
  readonly refusals: readonly string[]
  /** What is worth knowing before doing it. */
  readonly remarks: readonly string[]
  readonly lines: readonly Line[]
  /** Rows written. */
  readonly writtenCount: number
}

/** A plan before anybody acts on it. */
export interface TransferPlan<Line> {
  readonly refusals: readonly string[]
  readonly remarks: readonly string[]
  readonly lines: readonly Line[]
}

/** What our fleet has of a stream. */
export interface OurShards {
  readonly leases: readonly Lease[]
  readonly finished: readonly FinishedShard[]
}

/** Both sides at one moment, as far as they show life. */
interface Scene<Listing extends { readonly leases: readonly KclLease[] }> {
  readonly kcl: Listing
  readonly members: readonly MemberRow[]
}

/** Watches both sides for signs of life; returns the last look at KCL's table. */
export async function watchBothSides<Listing extends { readonly leases: readonly KclLease[] }>(
  listKcl: () => Promise<Listing>,
  { fleet, clock, observeMs = defaultObserveMs }: TransferOptions,
): Promise<{ readonly kcl: Listing; readonly alive: readonly string[] }> {
  const read = async (): Promise<Scene<Listing>> => ({
    kcl: await listKcl(),
    members: await fleet.members.list({ consistent: true }),
  })
  const { reading, alive } = await watchQuiet(read, signsOfLife, { observeMs, clock })
  return { kcl: reading.kcl, alive }
}

/** Reads what our fleet has of the stream. */
export async function readOurs({ leases, transfers }: TransferFleet, streamLabel: string): Promise<OurShards> {
  // In this order: a shard that finishes in between is seen twice, as leased and as finished, and never not at all.
  const [leased, finished] = [await leases.list(), await transfers.finished()]
  const isOfStream = (one: { readonly streamLabel: string }) => one.streamLabel === streamLabel
  return { leases: leased.filter(isOfStream), finished: finished.filter(isOfStream) }
}

function signsOfLife<Listing extends { readonly leases: readonly KclLease[] }>(
  before: Scene<Listing>,
  now: Scene<Listing>,
): string[] {
  const rows = new Map(before.kcl.leases.map((lease) => [lease.leaseKey, lease]))
  const beats = new Map(before.members.map(({ id, beat }) => [id, beat]))
  return [
    ...now.kcl.leases.flatMap((lease) => kclSignOfLife(rows.get(lease.leaseKey), lease)),
    ...now.members
      .filter(({ id, beat }) => beats.get(id) !== beat)
      .map(({ id, host }) => `worker ${id} on ${host} is alive: stop the workers first, with worker.stop()`),
  ]
}

function kclSignOfLife(before: KclLease | undefined, now: KclLease): string[] {
  const who = `KCL worker '${now.checkpointOwner ?? now.leaseOwner ?? before?.leaseOwner ?? 'unknown'}'`
  const advice = 'stop the whole KCL fleet first'
  if (before === undefined) return [`${who} is alive: lease ${now.leaseKey} appeared while it was watched; ${advice}`]
  if (before.leaseCounter === now.leaseCounter && before.leaseOwner === now.leaseOwner) return []
  const change = `leaseCounter of ${now.leaseKey} went from ${before.leaseCounter} to ${now.leaseCounter}`
  return [`${who} is alive: ${change} while it was watched; ${advice}`]
}
