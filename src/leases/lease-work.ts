import type { LeaseLostError } from '../errors.ts'
import type { HeldLease, Lease, LeaseId } from './lease.ts'

/** What a fleet member does with leases: the port behind which shards are read. */
export interface LeaseWork {
  /** The lease was acquired: consume its shard until it is handed over, finished, lost or abandoned. */
  begin(lease: Lease, held: HeldLease): void
  /** Stops reading, lets what runs finish, checkpoints and releases; resolves when the lease is no longer held. */
  handOver(id: LeaseId): Promise<void>
  /** Ownership is gone or in doubt: start nothing more, abort what runs, write nothing. */
  abandon(id: LeaseId, reason: LeaseLostError): void
  /** Ids of the leases being worked: from `begin` until everything of it has ended or was left behind. */
  readonly working: ReadonlySet<LeaseId>
}
