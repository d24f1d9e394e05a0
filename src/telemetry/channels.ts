import { channel, type Channel } from 'node:diagnostics_channel'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Pause } from '../leases/coordination.ts'
import type { Gap } from '../leases/lease.ts'
import type { SequenceNumber } from '../record/sequence-number.ts'

/** What every message about a record says. */
export interface RecordMessage {
  readonly consumer: string
  readonly streamArn: string
  readonly eventId: string
  readonly sequenceNumber: SequenceNumber
  readonly idempotencyKey: string
}

/** What every message about a fleet's member says. `workerId` is its incarnation's: it changes when it comes back. */
export interface WorkerMessage {
  readonly consumer: string
  readonly tableName: string
  readonly workerId: string
}

/** What every message about a lease says; `workerId` is the owner's of this epoch. */
export interface LeaseMessage extends WorkerMessage {
  readonly streamLabel: string
  readonly shardId: string
  readonly epoch: number
}

/**
 * Everything Tidemark publishes on `node:diagnostics_channel`, by channel name. Subscribe to count, trace or alarm;
 * a channel nobody listens to costs a boolean.
 */
export interface Messages {
  /** A handler succeeded and that is durable. */
  'tidemark:record:handled': RecordMessage & { readonly attempts: number }
  /** The change had taken effect before. */
  'tidemark:record:duplicate': RecordMessage
  /** A later change of the item had taken effect: this one is stale, and was not applied. */
  'tidemark:record:superseded': RecordMessage
  /** No pattern of `select` matches. */
  'tidemark:record:filtered': { readonly consumer: string; readonly eventId: string | undefined }
  /** An attempt failed and another follows after `delayMs`. */
  'tidemark:record:retry': RecordMessage & {
    readonly attempt: number
    readonly delayMs: number
    readonly error: unknown
  }
  /** A record is in the parking lot: given up itself (`error`), or `queued` behind one of its lane. */
  'tidemark:record:parked': RecordMessage & {
    readonly laneKey: string
    readonly queued: boolean
    readonly attempts: number
    readonly error: unknown
  }
  /** A parked record was handled, or found to be handled or not wanted, and left the parking lot. */
  'tidemark:record:redriven': RecordMessage & {
    readonly laneKey: string
    readonly outcome: 'handled' | 'duplicate' | 'filtered'
  }
  /** A person dropped a parked record. */
  'tidemark:record:dropped': Omit<RecordMessage, 'streamArn'> & { readonly laneKey: string; readonly reason: string }
  /** Most items fail alike: nothing that fails so is parked, and one record at a time is tried. */
  'tidemark:circuit:opened': { readonly consumer: string; readonly errorName: string; readonly error: unknown }
  /** A handler succeeded again. */
  'tidemark:circuit:closed': { readonly consumer: string }
  /** A record failed and its lane stopped: nothing later of that item runs in this delivery. */
  'tidemark:lane:stopped': {
    readonly consumer: string
    readonly laneKey: string
    readonly sequenceNumber: SequenceNumber
    readonly reason: 'poison' | 'systemic'
    readonly attempts: number
    readonly error: unknown
  }
  /** A batch was answered. `settledCount` of its `recordCount` records are settled; the frontier is a position in it. */
  'tidemark:batch:answered': {
    readonly consumer: string
    readonly recordCount: number
    readonly settledCount: number
    readonly frontier: number
    readonly durationMs: number
  }
  /** This worker joined its fleet; at each comeback under a new id again. */
  'tidemark:worker:joined': WorkerMessage
  /** This worker left its fleet, having released its leases. */
  'tidemark:worker:left': WorkerMessage
  /** This worker had to stop at once: it could not renew its right to work in time, or was given up for dead. */
  'tidemark:worker:lapsed': WorkerMessage & { readonly reason: 'expired' | 'gone'; readonly leaseCount: number }
  /** The fleet is to stand still: this worker gives up its shards and takes none until it is resumed. */
  'tidemark:worker:paused': WorkerMessage & Pause
  /** The fleet works again. */
  'tidemark:worker:resumed': WorkerMessage
  /** This worker (`observedBy`) saw that another was silent for too long, and takes its share of that one's leases. */
  'tidemark:worker:died': WorkerMessage & { readonly observedBy: string }
  /** `from` is the owner before, when the lease was not free: one that had died. */
  'tidemark:lease:acquired': LeaseMessage & { readonly from: string | undefined }
  /** What is settled of a shard is durable: whoever takes its lease next goes on from here. */
  'tidemark:checkpoint:saved': LeaseMessage & { readonly checkpoint: Checkpoint }
  /** A lease was handed over: what ran is settled and in the checkpoint. */
  'tidemark:lease:released': LeaseMessage
  /** A lease went to another, or had to be given up: what ran was aborted. */
  'tidemark:lease:lost': LeaseMessage
  /** A ledger refused a transaction, since the shard is another's: this worker had lost it and did not know. */
  'tidemark:commit:refused': LeaseMessage
  /** A shard is not read any further: as much as may be is read ahead of the first record that is not settled. */
  'tidemark:shard:stalled': LeaseMessage & {
    readonly spanCount: number
    readonly spanBytes: number
    readonly stuckLaneCount: number
  }
  /** A shard was consumed to its end, and its children may begin. */
  'tidemark:shard:finished': LeaseMessage
  /** Data is gone that was not read: what follows `gap.after`, up to where reading goes on (`trimmed`) or whole (`missing`). */
  'tidemark:stream:gap': LeaseMessage & { readonly gap: Gap; readonly onGap: 'halt' | 'continue' }
}

const channels: { readonly [Name in keyof Messages]: Channel } = {
  'tidemark:record:handled': channel('tidemark:record:handled'),
  'tidemark:record:duplicate': channel('tidemark:record:duplicate'),
  'tidemark:record:superseded': channel('tidemark:record:superseded'),
  'tidemark:record:filtered': channel('tidemark:record:filtered'),
  'tidemark:record:retry': channel('tidemark:record:retry'),
  'tidemark:record:parked': channel('tidemark:record:parked'),
  'tidemark:record:redriven': channel('tidemark:record:redriven'),
  'tidemark:record:dropped': channel('tidemark:record:dropped'),
  'tidemark:circuit:opened': channel('tidemark:circuit:opened'),
  'tidemark:circuit:closed': channel('tidemark:circuit:closed'),
  'tidemark:lane:stopped': channel('tidemark:lane:stopped'),
  'tidemark:batch:answered': channel('tidemark:batch:answered'),
  'tidemark:worker:joined': channel('tidemark:worker:joined'),
  'tidemark:worker:left': channel('tidemark:worker:left'),
  'tidemark:worker:lapsed': channel('tidemark:worker:lapsed'),
  'tidemark:worker:paused': channel('tidemark:worker:paused'),
  'tidemark:worker:resumed': channel('tidemark:worker:resumed'),
  'tidemark:worker:died': channel('tidemark:worker:died'),
  'tidemark:lease:acquired': channel('tidemark:lease:acquired'),
  'tidemark:checkpoint:saved': channel('tidemark:checkpoint:saved'),
  'tidemark:lease:released': channel('tidemark:lease:released'),
  'tidemark:lease:lost': channel('tidemark:lease:lost'),
  'tidemark:commit:refused': channel('tidemark:commit:refused'),
  'tidemark:shard:stalled': channel('tidemark:shard:stalled'),
  'tidemark:shard:finished': channel('tidemark:shard:finished'),
  'tidemark:stream:gap': channel('tidemark:stream:gap'),
}

/** Publishes on a channel; `message` is built only when somebody listens. */
export function publish<Name extends keyof Messages>(name: Name, message: () => Messages[Name]): void {
  const target = channels[name]
  if (target.hasSubscribers) target.publish(message())
}
