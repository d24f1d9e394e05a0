import type { Clock, Random } from '../internal/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import type { FleetName, LeaseTable, MemberTable } from './coordination.ts'
import type { LeaseWork } from './lease-work.ts'

/** The longest lease that a worker can be given. */
export const longestLeaseMs = 300_000

/** What a fleet member needs. */
export interface FleetMemberOptions {
  readonly fleet: FleetName
  readonly members: MemberTable
  readonly leases: LeaseTable
  readonly work: LeaseWork
  /**
   * How long a member may be silent before the others take its leases. It beats every third of it and works for at most
   * 0.8 of it without a heartbeat that succeeded. Its row says it: others of the fleet may have another.
   */
  readonly leaseDurationMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Where it runs, for people: host name and process id. */
  readonly host: string
}
