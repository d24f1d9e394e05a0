import type { LeaseLostError } from '../errors.ts'
import type { HeldLease, Lease, LeaseId } from '../leases/lease.ts'
import type { LeaseWork, WorkEnd } from '../leases/lease-work.ts'
import { publish } from '../telemetry/channels.ts'
import { ShardRun } from './shard-run.ts'
import type { ShardSetting } from './shard-setting.ts'

/** The shards that this worker consumes for one fleet: one run for each lease it holds. */
export class ShardRuns implements LeaseWork {
  readonly #setting: ShardSetting
  readonly #runs = new Map<LeaseId, ShardRun>()
  readonly #onLost: (id: LeaseId) => void

  constructor(setting: ShardSetting, onLost: (id: LeaseId) => void) {
    this.#setting = setting
    this.#onLost = onLost
  }

  get working(): ReadonlySet<LeaseId> {
    return new Set(this.#runs.keys())
  }

  /** The run of a lease. */
  get(id: LeaseId): ShardRun | undefined {
    return this.#runs.get(id)
  }

  /** All runs. */
  [Symbol.iterator](): IterableIterator<ShardRun> {
    return this.#runs.values()
  }

  begin(lease: Lease, held: HeldLease): void {
    const run = new ShardRun(lease, held, this.#setting)
    this.#runs.set(lease.id, run)
    void run.run().then((end) => this.#ended(run, end))
  }

  async handOver(id: LeaseId): Promise<WorkEnd | undefined> {
    return this.#runs.get(id)?.handOver()
  }

  abandon(id: LeaseId, reason: LeaseLostError): void {
    this.#runs.get(id)?.abandon(reason)
  }

  /** Resolves when every shard that is worked now was read for the first time. */
  async opened(): Promise<void> {
    await Promise.all(Array.from(this.#runs.values(), ({ opened }) => opened))
  }

  #ended(run: ShardRun, end: WorkEnd): void {
    const { lease, held } = run
    // The lease may have been acquired again meanwhile, under another epoch.
    if (this.#runs.get(lease.id) === run) this.#runs.delete(lease.id)
    if (end === 'lost') this.#onLost(lease.id)
    if (end === 'abandoned') return
    const { fleet, onChange, onFinished } = this.#setting
    const { streamLabel, shardId } = lease
    if (end === 'finished') {
      onFinished(lease)
      publish('tidemark:shard:finished', () => ({
        ...{ ...fleet, streamLabel, shardId, epoch: held.epoch, workerId: held.owner },
      }))
    }
    onChange() // also when it was lost: children may have been created before
  }
}
