import type { LeaseLostError } from '../errors.ts'
import type { HeldLease, Lease, LeaseId } from './lease.ts'

/** How the work on a lease ended. `abandoned`: it is still held by its row, and free once its worker is gone. */
export type WorkEnd = 'finished' | 'released' | 'lost' | 'abandoned'

/** What a fleet member does with leases: the port behind which shards are read. */
export interface LeaseWork {
  /** The lease was acquired: consume its shard until it is handed over, finished, lost or abandoned. */
  begin(lease: Lease, held: HeldLease): void
  /** Stops reading, lets what runs finish, checkpoints and releases. `undefined` when nothing works on it any more. */
  handOver(id: LeaseId): Promise<WorkEnd | undefined>
  /** Ownership is gone or in doubt: start nothing more, abort what runs, write nothing. */
  abandon(id: LeaseId, reason: LeaseLostError): void
  /** Ids of the leases being worked: from `begin` until everything of it has ended or was left behind. */
  readonly working: ReadonlySet<LeaseId>
}
