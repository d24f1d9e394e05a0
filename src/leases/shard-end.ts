import { isTidemarkError } from '../errors.ts'
import { isTransientAwsError } from '../internal/aws-error.ts'
import type { Clock, Random } from '../internal/clock.ts'
import type { ShardListing, StreamReading } from '../source/stream-reading.ts'
import type { LeaseTable } from './coordination.ts'
import type { HeldLease, Lease } from './lease.ts'
import { newLease } from './lineage.ts'

/** A shard that was consumed to its end, by the owner of its lease. */
export interface ShardEnd {
  readonly held: HeldLease
  readonly lease: Pick<Lease, 'streamLabel' | 'shardId'>
  readonly leases: LeaseTable
  readonly reading: StreamReading
  readonly streamArn: string
  readonly clock: Clock
  readonly random: Random
  /** The lease is lost, in doubt or to be handed over. */
  readonly signal: AbortSignal
  /** Told of what is waited out. */
  readonly onTrouble: (error: unknown) => void
  /** The shard was finished and has no children: the stream is over, or lists only shards that are further on. */
  readonly onNoChildren: () => void
}

const firstWaitMs = 100
const longestWaitMs = 30_000
// By then a child that is only listed late has mostly come; a complete listing costs a call for every hundred shards.
const attemptsBeforeListing = 2

/**
 * Creates the leases of the shard's children and then finishes the shard. The caller has settled every record of it and
 * saved a checkpoint behind the last one.
 *
 * The order is what it is all about. Checkpoint, then children: an owner that lost the lease unknowingly may still create
 * children here, and the next owner then begins behind the last record and hands out nothing after what the children hand
 * out. Children, then finish: whoever dies in between leaves a lease that somebody takes and ends anew, and creating what
 * exists is no harm. The other way round nobody would come back for the children.
 *
 * Without children it is finished only when a complete listing says that none can come: the stream is disabled or gone, or
 * does not list the shard any more. A child that is listed later than its sibling is the discoverer's to find.
 */
export async function finishShard(end: ShardEnd): Promise<'finished' | 'lost' | 'stopped'> {
  const { clock, random, signal } = end
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const answer = await unlessPassing(() => tryToFinish(end, attempt), end.onTrouble)
    if (answer !== undefined) return answer
    const ceilingMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1))
    // Not less than half of it: all shards of a stream roll within moments of each other.
    if (!signal.aborted) await clock.sleep(Math.ceil((ceilingMs * (1 + random.next())) / 2), signal)
  }
  return 'stopped'
}

async function tryToFinish(end: ShardEnd, attempt: number): Promise<'finished' | 'lost' | 'stopped' | undefined> {
  const { held, lease, leases, signal } = end
  const children = await findChildren(end, attempt)
  if (children === undefined) return undefined
  for (const child of children) {
    if (signal.aborted) return 'stopped'
    await leases.create(newLease(lease.streamLabel, child, 'TRIM_HORIZON'))
  }
  if (signal.aborted) return 'stopped'
  const answer = await leases.finish(held)
  if (answer === 'finished' && children.length === 0) end.onNoChildren()
  return answer
}

/** The children; none when there are none for certain; `undefined` when that can't be said yet. */
async function findChildren(
  { lease: { shardId }, reading, streamArn }: ShardEnd,
  attempt: number,
): Promise<readonly ShardListing[] | undefined> {
  const children = await reading.children(streamArn, shardId)
  if (children.length > 0) return children
  if (attempt <= attemptsBeforeListing) return undefined
  const listing = await reading.describe(streamArn)
  if (listing === undefined) return []
  const listed = listing.shards.filter(({ parentShardId }) => parentShardId === shardId)
  // DISABLING is not enough: a shard that was split just before may have children that are not listed yet.
  const isOver = listing.status === 'DISABLED' || listing.shards.every((shard) => shard.shardId !== shardId)
  return listed.length > 0 || isOver ? listed : undefined
}

async function unlessPassing<Answer>(
  call: () => Promise<Answer>,
  onTrouble: (error: unknown) => void,
): Promise<Answer | undefined> {
  try {
    return await call()
  } catch (error) {
    if (!isTransientAwsError(error) && !(isTidemarkError(error) && error.retryable)) throw error
    onTrouble(error)
    return undefined
  }
}
