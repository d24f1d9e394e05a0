import { countBits } from '../checkpoint/bitmap.ts'
import type { Clock } from '../internal/clock.ts'
import type { FleetName } from '../leases/coordination.ts'
import type { FleetMember } from '../leases/fleet-member.ts'
import type { Lease } from '../leases/lease.ts'
import { withStreamLabel } from '../record/stream-arn.ts'
import { retentionMs } from '../source/stream-reading.ts'
import type { ShardRun } from './shard-run.ts'
import type { ShardRuns } from './shard-runs.ts'
import type { FleetStatus, ShardStatus } from './status.ts'

/** The fleet as this member of it sees it. */
export function fleetStatus(
  fleet: FleetName,
  member: FleetMember,
  runs: ShardRuns,
  streamArn: string,
  clock: Clock,
): FleetStatus {
  const own = [...runs].map((run) => ownShard(run, streamArn, clock.now()))
  const others = member.leases.filter(({ id }) => !runs.working.has(id)).map((lease) => otherShard(lease, streamArn))
  return {
    ...fleet,
    workerId: member.id,
    pause: member.pause,
    workers: member.members.map(({ id, host, leaving }) => ({ id, host, leaving })),
    parkedLaneCount: new Set([...runs].flatMap(({ pass }) => pass?.flow.parkedLanes ?? [])).size,
    shards: [...own, ...others].toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1)),
  }
}

function ownShard({ lease, held, state, pass }: ShardRun, streamArn: string, now: number): ShardStatus {
  const { shardId, streamLabel, gap } = lease
  const checkpoint = pass?.intake.progress.checkpoint() ?? lease.checkpoint
  const oldestAt = pass?.intake.oldestUnsettledAt
  // Nothing read is unsettled: it is behind by nothing when there was no more to read, and by an unknown time otherwise.
  const lagMs = oldestAt === undefined ? (pass?.isCaughtUp === true ? 0 : undefined) : Math.max(0, now - oldestAt)
  return {
    ...{ streamArn: withStreamLabel(streamArn, streamLabel), shardId, owner: held.owner, epoch: held.epoch, state },
    ...{ frontier: checkpoint.after, settledBeyondCount: countBits(checkpoint.beyond), gap, lagMs },
    unsettledCount: pass?.intake.progress.unsettledCount,
    trimInMs: lagMs === undefined ? undefined : Math.max(0, retentionMs - lagMs),
    stuckLanes: [...(pass?.flow.stuck.values() ?? [])],
  }
}

function otherShard({ shardId, streamLabel, owner, epoch, checkpoint, gap }: Lease, streamArn: string): ShardStatus {
  return {
    ...{ streamArn: withStreamLabel(streamArn, streamLabel), shardId, owner, epoch, gap },
    state: owner === undefined ? 'free' : 'elsewhere',
    ...{ frontier: checkpoint.after, settledBeyondCount: countBits(checkpoint.beyond) },
    ...{ unsettledCount: undefined, lagMs: undefined, trimInMs: undefined, stuckLanes: [] },
  }
}
